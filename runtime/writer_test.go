package runtime_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// serve runs h under the manager's middleware on a real server and returns a
// client with cookies and the server's address.
func (a *app) serve(h handler, http2 bool) (*http.Client, string) {
	srv := httptest.NewUnstartedServer(a.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h(w, r, a.sessions.Get(r))
	})))
	srv.EnableHTTP2 = http2
	srv.StartTLS()
	a.t.Cleanup(srv.Close)
	client := srv.Client()
	client.Timeout = 20 * time.Second
	client.Jar, _ = cookiejar.New(nil)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, srv.URL
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// TestCommitBeforeTheResponse is promise 9 for each way in which a response
// may begin: the second request comes before the first one's handler returns.
func TestCommitBeforeTheResponse(t *testing.T) {
	for name, begin := range map[string]func(http.ResponseWriter){
		"WriteHeader": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusAccepted)
			http.NewResponseController(w).Flush()
		},
		"Write":       func(w http.ResponseWriter) { w.Write([]byte("x")); w.(http.Flusher).Flush() },
		"WriteString": func(w http.ResponseWriter) { io.WriteString(w, "x"); w.(http.Flusher).Flush() },
		"Flush":       func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"controller":  func(w http.ResponseWriter) { http.NewResponseController(w).Flush() },
		"early hints": func(w http.ResponseWriter) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
		},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/http2=%v", name, http2), func(t *testing.T) {
				a := newApp(t, nil)
				release := make(chan struct{})
				client, url := a.serve(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
					if r.URL.Path == "/second" {
						fmt.Fprint(w, s.Visits())
						return
					}
					s.SetVisits(5)
					begin(w)
					<-release
				}, http2)
				resp, err := client.Get(url)
				if err != nil {
					t.Fatal(err)
				}
				_, body := get(t, client, url+"/second")
				close(release)
				resp.Body.Close()
				if body != "5" {
					t.Errorf("the second request saw %s visits", body)
				}
			})
		}
	}
}

func TestLateChanges(t *testing.T) {
	a := newApp(t, nil)
	steps := map[string]handler{
		"/set":  func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetVisits(1) },
		"/late": func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { io.WriteString(w, "x"); s.AddVisits(10) },
		"/new":  func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { io.WriteString(w, "x"); s.SetVisits(1) },
		"/login": func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			io.WriteString(w, "x")
			s.SetUserID("u")
		},
		"/destroy": func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { io.WriteString(w, "x"); s.Destroy() },
		"/read":    func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { fmt.Fprint(w, s.Visits(), s.UserID()) },
	}
	client, url := a.serve(func(w http.ResponseWriter, r *http.Request, s *shop.Session) { steps[r.URL.Path](w, r, s) }, false)
	expect := func(path, body, log string) {
		t.Helper()
		before := len(a.logs.String())
		if _, got := get(t, client, url+path); got != body {
			t.Errorf("%s answers %q, want %q", path, got, body)
		}
		deadline := time.Now().Add(5 * time.Second)
		for log != "" && !strings.Contains(a.logs.String()[before:], log) && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond) // the handler returns after the response has been read
		}
		if got := a.logs.String()[before:]; !strings.Contains(got, log) || log == "" && got != "" {
			t.Errorf("%s logs %q, want %q", path, got, log)
		}
	}
	expect("/new", "x", "the response has begun")
	expect("/read", "0", "")
	expect("/set", "", "")
	expect("/late", "x", "")
	get(t, client, url+"/read") // the late commit ends before its connection is used again
	expect("/read", "11", "")
	expect("/login", "x", "the response has begun")
	expect("/read", "11", "")
	expect("/destroy", "x", "")
	get(t, client, url+"/read")
	expect("/read", "0", "")
}

// plain is a ResponseWriter with the methods that it must have, and no other.
type plain struct{ http.ResponseWriter }

type hijacker struct{ http.ResponseWriter }

func (hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrNotSupported }

func (hijacker) Flush() {}

type pusher struct{ http.ResponseWriter }

func (pusher) Push(string, *http.PushOptions) error { return nil }

func (pusher) Flush() {}

// onlyPusher is what http.TimeoutHandler hands to its handler.
type onlyPusher struct{ http.ResponseWriter }

func (onlyPusher) Push(string, *http.PushOptions) error { return nil }

type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestWriterOffersWhatTheServersDoes(t *testing.T) {
	a := newApp(t, nil)
	for name, c := range map[string]struct {
		w                   func(http.ResponseWriter) http.ResponseWriter
		flush, hijack, push bool
	}{
		"bare":           {func(w http.ResponseWriter) http.ResponseWriter { return plain{w} }, false, false, false},
		"flush":          {func(w http.ResponseWriter) http.ResponseWriter { return w }, true, false, false},
		"http1":          {func(w http.ResponseWriter) http.ResponseWriter { return hijacker{w} }, true, true, false},
		"http2":          {func(w http.ResponseWriter) http.ResponseWriter { return pusher{w} }, true, false, true},
		"push alone":     {func(w http.ResponseWriter) http.ResponseWriter { return onlyPusher{w} }, false, false, true},
		"http1, wrapped": {func(w http.ResponseWriter) http.ResponseWriter { return wrapper{hijacker{w}} }, true, true, false},
		"http2, wrapped": {func(w http.ResponseWriter) http.ResponseWriter { return wrapper{pusher{w}} }, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			rec := newRecorder()
			a.sessions.Handler(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
				_, flush := w.(http.Flusher)
				_, hijack := w.(http.Hijacker)
				_, readFrom := w.(io.ReaderFrom)
				_, push := w.(http.Pusher)
				_, text := w.(io.StringWriter)
				_, unwrap := w.(interface{ Unwrap() http.ResponseWriter })
				if flush != c.flush || hijack != c.hijack || readFrom != c.hijack || push != c.push || !text || !unwrap {
					t.Errorf("flush %v hijack %v readFrom %v push %v string %v unwrap %v", flush, hijack, readFrom, push, text, unwrap)
				}
				s.SetVisits(1)
				http.NewResponseController(w).Flush() // must not get past the commit
				if rec.Header().Get("Set-Cookie") == "" {
					t.Error("the controller's Flush came before the commit")
				}
				if c.push {
					if err := w.(http.Pusher).Push("/x", nil); err != nil {
						t.Error(err)
					}
				}
			}).ServeHTTP(c.w(rec), httptest.NewRequest("GET", "/", nil))
		})
	}
}

// TestUnsupportedFlushBeginsNothing: a Flush or Hijack that the server can't do
// leaves the response unbegun, so that a cookie can still be sent.
func TestUnsupportedFlushBeginsNothing(t *testing.T) {
	a := newApp(t, nil)
	for name, w := range map[string]func(http.ResponseWriter) http.ResponseWriter{
		"flush":  func(w http.ResponseWriter) http.ResponseWriter { return plain{w} },
		"hijack": func(w http.ResponseWriter) http.ResponseWriter { return hijacker{w} },
	} {
		rec := newRecorder()
		a.sessions.Handler(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			var err error
			if h, ok := w.(http.Hijacker); ok {
				_, _, err = h.Hijack()
			} else {
				err = http.NewResponseController(w).Flush()
			}
			if !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("%s: %v", name, err)
			}
			s.SetVisits(1)
			http.Error(w, "no streams", http.StatusNotImplemented)
		}).ServeHTTP(w(rec), httptest.NewRequest("GET", "/", nil))
		if rec.Code != http.StatusNotImplemented || len(rec.Result().Cookies()) != 1 {
			t.Errorf("%s: %d, %v, %s", name, rec.Code, rec.Header(), a.logs)
		}
	}
}

func TestReadFrom(t *testing.T) {
	a := newApp(t, nil)
	client, url := a.serve(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.AddVisits(1)
		if _, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("content")); err != nil {
			t.Error(err)
		}
	}, false)
	resp, body := get(t, client, url)
	if body != "content" || len(resp.Cookies()) != 1 {
		t.Errorf("got %q, %v", body, resp.Cookies())
	}
}

func TestHeadersForCaches(t *testing.T) {
	a := newApp(t, nil)
	h := a.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/used":
			a.sessions.Get(r)
		case "/own":
			a.sessions.Get(r)
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Vary", "Accept-Encoding, cookie")
		}
	}))
	for path, want := range map[string][2]string{
		"/unused": {"", ""},
		"/used":   {"Cookie", "private, no-cache"},
		"/own":    {"Accept-Encoding, cookie", "no-store"},
	} {
		rec := newRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		if got := [2]string{strings.Join(rec.Header()["Vary"], ";"), rec.Header().Get("Cache-Control")}; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestPanicCommitsNothing(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	func() {
		defer func() { recover() }()
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
			s.SetVisits(2)
			panic("handler")
		}).ServeHTTP(newRecorder(), b.request())
	}()
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 1)
}
