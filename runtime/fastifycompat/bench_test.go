package fastifycompat_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// nowhere is a response that nobody gets.
type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header         { return w.header }
func (w nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w nowhere) WriteHeader(int)             {}

// BenchmarkRequest is a request with a session of a user and a cart, which it
// reads, or reads and changes, in Node's format and in ours.
func BenchmarkRequest(b *testing.B) {
	o := fastifycompat.Options{Keys: runtime.Keyring{runtime.GenerateKey()}, Cookie: fastifycompat.Cookie{Path: "/"}}
	for name, store := range map[string]runtime.Store{"fastifycompat": fastifycompat.New(o), "cookiestore": cookiestore.New(runtime.GenerateKey())} {
		sessions, err := peer.NewSessions(store, quiet)
		if err != nil {
			b.Fatal(err)
		}
		serve := func(r *http.Request, f func(*peer.Session)) http.Header {
			w := nowhere{http.Header{}}
			sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *peer.Session) { f(s) }).ServeHTTP(w, r)
			return w.header
		}
		r := httptest.NewRequest("GET", "/", nil)
		header := serve(r, func(s *peer.Session) {
			s.SetVisits(1)
			s.SetUserID("3f0e9a52-7f43-4f6c-9d0f-2b7a5c1d8e60")
			s.SetTags([]string{"admin", "editor", "author"})
			s.SetLoginAt(time.UnixMilli(at))
			for range 5 {
				s.AppendCart(peer.Item{Base: peer.Base{SKU: "SKU-12345"}, Qty: 2})
			}
		})
		c, err := http.ParseSetCookie(header.Get("Set-Cookie"))
		if err != nil {
			b.Fatal(err)
		}
		r.AddCookie(c)
		for what, f := range map[string]func(*peer.Session){
			"read": func(s *peer.Session) { s.Visits() },
			"full": func(s *peer.Session) { s.AddVisits(1) },
		} {
			handler := sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *peer.Session) {
				if s.IsNew() {
					b.Fatal("the session does not open")
				}
				f(s)
			})
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					handler.ServeHTTP(nowhere{http.Header{}}, r)
				}
			})
		}
	}
}
