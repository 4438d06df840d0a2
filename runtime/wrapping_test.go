package runtime_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// gzipWriter compresses what is written to it, as middleware for net/http does:
// it sets its headers at the first write and hides what it does not know.
type gzipWriter struct {
	http.ResponseWriter
	zip   *gzip.Writer
	began bool
}

func (w *gzipWriter) WriteHeader(status int) {
	if !w.began && status >= 200 {
		w.began = true
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Add("Vary", "Accept-Encoding")
		w.Header().Del("Content-Length")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *gzipWriter) Write(p []byte) (int, error) {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	return w.zip.Write(p)
}

func (w *gzipWriter) FlushError() error {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	if err := w.zip.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *gzipWriter) Flush() { _ = w.FlushError() }

func zipping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		zw := &gzipWriter{w, gzip.NewWriter(w), false}
		next.ServeHTTP(zw, r)
		if zw.began {
			zw.zip.Close()
		}
	})
}

// TestCompression: a writer that compresses may stand outside or inside; the
// session is committed before the first byte, and the answer to a failed commit
// can be read.
func TestCompression(t *testing.T) {
	for _, outside := range []bool{false, true} {
		for _, fails := range []bool{false, true} {
			t.Run(fmt.Sprintf("outside=%v/fails=%v", outside, fails), func(t *testing.T) {
				spy := &spyStore{Store: newMemory(t)}
				a := newApp(t, spy)
				token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
				var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s := a.sessions.Get(r)
					s.SetUserID("u1")
					w.Header().Set("Content-Type", "text/plain")
					for _, part := range []string{"one ", "two ", "three"} {
						_, err := io.WriteString(w, part)
						if err == nil {
							err = http.NewResponseController(w).Flush()
						}
						if fails != errors.Is(err, sess.ErrUnavailable) {
							t.Errorf("the handler is told %v", err)
						}
						s.AddVisits(1)
					}
				})
				if outside {
					h = zipping(a.sessions.Middleware(h))
				} else {
					h = a.sessions.Middleware(zipping(h))
				}
				srv := live(t, h, false)
				if fails {
					spy.failing(always("Create", failure{err: errOutage}))
				}
				resp, body := do(t, srv.Client(), "GET", srv.URL, token) // which decompresses
				want, status, cookies := "one two three", http.StatusOK, 1
				if fails {
					want, status, cookies = "Service Unavailable\n", http.StatusServiceUnavailable, 0
				}
				if body != want || resp.StatusCode != status || len(resp.Cookies()) != cookies {
					t.Errorf("%d %q %v", resp.StatusCode, body, resp.Header)
				}
				if vary := strings.Join(resp.Header["Vary"], ", "); !strings.Contains(vary, "Cookie") || !fails && !strings.Contains(vary, "Accept-Encoding") {
					t.Errorf("Vary: %s", vary)
				}
				if !fails {
					eventually(t, "the late changes are saved", func() bool { return a.opened(resp.Cookies()[0].Value).Visits() == 4 })
				}
			})
		}
	}
}

// TestReverseProxyInside: a handler may hand its request to a backend. The
// session is saved before the backend's answer goes out, and both cookies do.
func TestReverseProxyInside(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "backend", Value: "1"})
		w.Header().Set("X-Cookies", r.Header.Get("Cookie"))
		w.WriteHeader(http.StatusTeapot)
		for _, part := range []string{"a", "b"} {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	must(t, err)
	for _, http2 := range []bool{false, true} {
		spy := &spyStore{Store: newMemory(t)}
		a := newApp(t, spy)
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Cookie") // the backend has no business with it
			a.sessions.Get(r.In).AddVisits(1)
			a.sessions.Get(r.Out).AddVisits(1)
		}, ModifyResponse: func(resp *http.Response) error {
			a.sessions.Get(resp.Request).AddVisits(1)
			return nil
		}}
		srv := live(t, a.sessions.Middleware(proxy), http2)
		token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
		resp, body := do(t, srv.Client(), "GET", srv.URL, token)
		if resp.StatusCode != http.StatusTeapot || body != "ab" || resp.Header.Get("X-Cookies") != "" {
			t.Errorf("http2=%v: %d %q %v", http2, resp.StatusCode, body, resp.Header)
		}
		if got := a.opened(token).Visits(); got != 4 {
			t.Errorf("http2=%v: visits = %d", http2, got)
		}
		resp, _ = do(t, srv.Client(), "GET", srv.URL, "")
		if len(resp.Cookies()) != 2 || resp.Header.Get("Vary") != "Cookie" {
			t.Errorf("http2=%v: a new visitor: %v", http2, resp.Header)
		}
		spy.failing(always("Update", failure{err: errOutage}))
		resp, body = do(t, srv.Client(), "GET", srv.URL, token)
		if resp.StatusCode != http.StatusServiceUnavailable || body != "Service Unavailable\n" || len(resp.Cookies()) > 0 {
			t.Errorf("http2=%v: a failed commit: %d %q %v", http2, resp.StatusCode, body, resp.Header)
		}
	}
}

// TestMiddlewareTwice: the same manager mounted twice, by mistake or because a
// part of the application mounts it too, is one session with one commit.
func TestMiddlewareTwice(t *testing.T) {
	for name, mount := range map[string]func(*app, handler) http.Handler{
		"twice": func(a *app, h handler) http.Handler { return a.sessions.Middleware(a.handle(h)) },
		"with a wrapper between": func(a *app, h handler) http.Handler {
			return a.sessions.Middleware(zipping(a.sessions.Middleware(a.sessions.Handler(h))))
		},
		"optional inside": func(a *app, h handler) http.Handler { return a.sessions.Middleware(a.sessions.Optional(h)) },
	} {
		spy := &spyStore{Store: newMemory(t)}
		a := newApp(t, spy)
		srv := live(t, mount(a, func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			fmt.Fprint(w, s.AddVisits(1))
		}), false)
		client := visitor(t, srv)
		for n, want := range []string{"Create", "Load Update"} {
			spy.reset()
			resp, body := get(t, client, srv.URL)
			if body != fmt.Sprint(n+1) || len(resp.Header["Set-Cookie"]) != 1-n || spy.calls() != want {
				t.Errorf("%s, request %d: %q, %v, store %s", name, n+1, body, resp.Header, spy.calls())
			}
		}
	}
}

// TestTwoManagersOneWriter: two sessions of one request are each committed once
// before the response, whatever begins it, and late changes of both are saved.
func TestTwoManagersOneWriter(t *testing.T) {
	for name, begin := range begins {
		if begin == nil || name == "Hijack" {
			continue
		}
		shared := newMemory(t)
		visitors := newApp(t, shared)
		admins := newApp(t, shared, func(c *sess.Config) { c.Cookie.Name = "admin" })
		srv := live(t, visitors.sessions.Middleware(admins.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v, a := visitors.sessions.Get(r), admins.sessions.Get(r)
			v.SetVisits(1)
			a.SetVisits(2)
			if err := begin(w); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			v.AddVisits(10)
			a.AddVisits(10)
		}))), false)
		resp, _ := get(t, visitor(t, srv), srv.URL)
		if len(resp.Cookies()) != 2 || len(resp.Header["Vary"]) != 1 {
			t.Fatalf("%s: %v", name, resp.Header)
		}
		for _, c := range resp.Cookies() {
			a, want := visitors, 11
			if c.Name == "__Host-admin" {
				a, want = admins, 12
			}
			eventually(t, name+": the late change of "+c.Name, func() bool { s := a.opened(c.Value); return s != nil && s.Visits() == want })
		}
	}
}
