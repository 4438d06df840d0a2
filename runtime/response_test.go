package runtime_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// begins are the ways in which a handler may begin its response. Each returns
// what the handler is told.
var begins = map[string]func(http.ResponseWriter) error{
	"WriteHeader": func(w http.ResponseWriter) error {
		w.WriteHeader(http.StatusCreated)
		_, err := io.WriteString(w, "all is well")
		return err
	},
	"Write":       func(w http.ResponseWriter) error { _, err := w.Write([]byte("all is well")); return err },
	"WriteString": func(w http.ResponseWriter) error { _, err := io.WriteString(w, "all is well"); return err },
	"Flush": func(w http.ResponseWriter) error {
		w.(http.Flusher).Flush()
		return http.NewResponseController(w).Flush()
	},
	"controller": func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
	"ReadFrom": func(w http.ResponseWriter) error {
		_, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("all is well"))
		return err
	},
	"Hijack": func(w http.ResponseWriter) error {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
		return err
	},
	"return": nil,
}

// TestFailedCommit: however a response begins, if the session can't be saved
// the error handler's answer is sent, whole, and nothing of the handler's.
func TestFailedCommit(t *testing.T) {
	for name, begin := range begins {
		for _, http2 := range []bool{false, true} {
			if http2 && (name == "ReadFrom" || name == "Hijack") {
				continue
			}
			t.Run(fmt.Sprintf("%s/http2=%v", name, http2), func(t *testing.T) {
				spy := &spyStore{Store: newMemory(t)}
				a := newApp(t, spy)
				token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
				inner := a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
					s.AddVisits(1)
					h := w.Header()
					for _, name := range []string{"Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "ETag", "Expires", "Location",
						"Refresh", "CDN-Cache-Control", "Sec-WebSocket-Accept", "Trailer", "X-Handler"} {
						h.Set(name, "handler")
					}
					h.Set("Content-Length", "11")
					h.Set("X-Both", "handler")
					http.SetCookie(w, &http.Cookie{Name: "handler", Value: "1"})
					if begin != nil {
						if err := begin(w); !errors.Is(err, sess.ErrUnavailable) {
							t.Errorf("the handler is told %v", err)
						}
						spy.failing(nil) // too late: the answer is that nothing was saved
					}
					if _, err := io.WriteString(w, "more"); begin != nil && err == nil {
						t.Error("a write after the failed commit succeeds")
					}
				})
				srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Outside", "1")
					w.Header().Set("X-Both", "outside")
					http.SetCookie(w, &http.Cookie{Name: "outside", Value: "1"})
					inner.ServeHTTP(w, r)
				}), http2)
				spy.failing(always("Update", failure{err: errOutage}))
				resp, body := do(t, visitor(t, srv), "GET", srv.URL, token)
				if resp.StatusCode != http.StatusServiceUnavailable || body != "Service Unavailable\n" {
					t.Errorf("%d %q", resp.StatusCode, body)
				}
				for name, lines := range resp.Header {
					if strings.Contains(strings.Join(lines, " "), "handler") {
						t.Errorf("the handler's %s: %q", name, lines)
					}
				}
				if resp.Header.Get("X-Outside") != "1" || resp.Header.Get("X-Both") != "outside" || len(resp.Cookies()) != 1 || len(resp.Trailer) > 0 {
					t.Errorf("headers of the error's response: %v", resp.Header)
				}
				if resp.Header.Get("Cache-Control") != "private, no-cache" || resp.Header.Get("Vary") != "Cookie" {
					t.Errorf("headers for caches: %v", resp.Header)
				}
				spy.failing(nil)
				if got := a.opened(token).Visits(); got != 1 {
					t.Errorf("visits = %d", got)
				}
			})
		}
	}
}

// TestPanicAfterFailedCommit: a handler that aborts its response because its
// writes fail does not abort the error handler's; another panic is one.
func TestPanicAfterFailedCommit(t *testing.T) {
	for _, value := range []any{http.ErrAbortHandler, "a mistake"} {
		spy := &spyStore{Store: newMemory(t)}
		a := newApp(t, spy)
		spy.failing(always("Create", failure{err: errOutage}))
		panicked := make(chan any, 1)
		h := a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			s.SetVisits(1)
			if _, err := io.WriteString(w, "x"); err != nil {
				panic(value)
			}
		})
		srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { panicked <- recover() }()
			h.ServeHTTP(w, r)
		}), false)
		resp, body := do(t, srv.Client(), "GET", srv.URL, "")
		if resp.StatusCode != http.StatusServiceUnavailable || body != "Service Unavailable\n" {
			t.Errorf("%v: %d %q", value, resp.StatusCode, body)
		}
		if got := <-panicked; (got == nil) != (value == http.ErrAbortHandler) {
			t.Errorf("%v: panics with %v", value, got)
		}
	}
}

// TestSavedCookieSurvivesTheHandlersHeaders: what an early Save has told the
// client reaches it, also where the headers are cleared or replaced after it.
func TestSavedCookieSurvivesTheHandlersHeaders(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints) // after which httputil.ReverseProxy clears the headers
		io.WriteString(w, "backend")
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	must(t, err)
	for name, after := range map[string]http.Handler{
		"reverse proxy": &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }},
		"timeout handler": http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "theirs", Value: "1"}) // replaces the Set-Cookie lines outside
		}), 20*time.Second, ""),
		"clear": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { clear(w.Header()) }),
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, nil)
			srv := live(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
				s.SetUserID("u1")
				if err := s.Save(ctx()); err != nil {
					t.Error(err)
				}
				after.ServeHTTP(w, r)
			}), false)
			client := visitor(t, srv)
			before := a.stored(func(s *shop.Session) { s.SetVisits(1) })
			resp, _ := do(t, client, "GET", srv.URL, before)
			got := ""
			for _, c := range resp.Cookies() {
				if c.Name == "__Host-session" {
					got = c.Value
				}
			}
			if s := a.opened(got); s == nil || s.UserID() != "u1" || s.Visits() != 1 {
				t.Errorf("the cookie %q opens %v", got, s)
			}
		})
	}
}

// TestTokenIsNotLeftToSharedCaches: a handler's Cache-Control stands, but not
// with a token: every visitor without a cookie would be given the same session.
func TestTokenIsNotLeftToSharedCaches(t *testing.T) {
	a := newApp(t, nil)
	for _, c := range []struct{ own, withToken string }{
		{"", "private, no-cache"},
		{"public, max-age=3600", "private, no-cache"},
		{"max-age=60", "private, no-cache"},
		{"No-Store", "No-Store"},
		{"max-age=60, PRIVATE", "max-age=60, PRIVATE"},
		{"private=\"x-y\", max-age=60", "private, no-cache"},
	} {
		for _, change := range []string{"new", "read", "destroy"} {
			b := a.browser()
			if change != "new" {
				b.see(func(s *shop.Session) { s.SetVisits(1) })
			}
			rec := b.do(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
				if c.own != "" {
					w.Header().Set("Cache-Control", c.own)
				}
				switch change {
				case "new":
					s.SetVisits(1)
				case "destroy":
					s.Destroy()
				}
				io.WriteString(w, "x")
			})
			want := c.withToken
			if change == "read" && c.own != "" {
				want = c.own
			}
			if got := rec.Header().Get("Cache-Control"); got != want || rec.Header().Get("Vary") != "Cookie" {
				t.Errorf("%s, Cache-Control %q: %v, want %q", change, c.own, rec.Header(), want)
			}
		}
	}
}

// TestTwoManagersOneFails: the commit of one manager that stands is told to the
// client, whatever becomes of the other manager's.
func TestTwoManagersOneFails(t *testing.T) {
	for _, failingOutside := range []bool{true, false} {
		t.Run(fmt.Sprintf("outside=%v", failingOutside), func(t *testing.T) {
			spies := [2]*spyStore{{Store: newMemory(t)}, {Store: newMemory(t)}}
			outside := newApp(t, spies[0])
			inside := newApp(t, spies[1], func(c *sess.Config) { c.Cookie.Name = "admin" })
			good, bad := inside, 0
			if !failingOutside {
				good, bad = outside, 1
			}
			h := outside.sessions.Middleware(inside.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				good.sessions.Get(r).SetUserID("u1")
				if good == outside {
					if err := good.sessions.Get(r).Save(ctx()); err != nil {
						t.Error(err)
					}
				}
				for _, a := range []*app{outside, inside} {
					a.sessions.Get(r).AddVisits(1)
				}
				w.WriteHeader(http.StatusNoContent)
			})))
			spies[bad].failing(always("Create", failure{err: errOutage}))
			rec := newRecorder()
			h.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
			if rec.Code != http.StatusServiceUnavailable {
				t.Errorf("status %d", rec.Code)
			}
			cookies := rec.Result().Cookies()
			if len(cookies) != 1 {
				t.Fatalf("cookies %v", cookies)
			}
			if s := good.opened(cookies[0].Value); s == nil || s.UserID() != "u1" {
				t.Errorf("%v opens %v", cookies[0], s)
			}
		})
	}
}
