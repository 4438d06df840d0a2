package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestProtocols: a session lives from request to request in every version of
// HTTP and with every method, HEAD too.
func TestProtocols(t *testing.T) {
	a := newApp(t, nil)
	h := a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		fmt.Fprintf(w, "%s %d", r.Proto, s.AddVisits(1))
	})
	for _, http2 := range []bool{false, true} {
		srv := live(t, h, http2)
		client := visitor(t, srv)
		for n, method := range []string{"GET", "HEAD", "POST", "PUT", "OPTIONS", "GET"} {
			resp, body := do(t, client, method, srv.URL, "")
			want := fmt.Sprintf("%s %d", resp.Proto, n+1)
			if method == "HEAD" {
				want = ""
			}
			if body != want || resp.StatusCode != 200 || len(resp.Cookies()) > 0 != (n == 0) || (resp.ProtoMajor == 2) != http2 {
				t.Errorf("%s over %s: %q, want %q, cookies %v", method, resp.Proto, body, want, resp.Cookies())
			}
		}
	}
	srv := live(t, h, false)
	cookie := ""
	for n := 1; n <= 2; n++ {
		c := dial(t, srv)
		c.send("GET / HTTP/1.0", "Cookie: "+cookie, "") // and no Host
		resp, body := c.response()
		if body != fmt.Sprint("HTTP/1.0 ", n) || !resp.Close {
			t.Errorf("HTTP/1.0: %q, %v", body, resp.Header)
		}
		if n == 1 {
			cookie, _, _ = strings.Cut(resp.Header.Get("Set-Cookie"), ";")
		}
	}
}

// cancellable is a store whose calls fail once their context has ended, as those
// of a database client do.
type cancellable struct{ *spyStore }

func (s cancellable) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.spyStore.Bind(setup)
	parts.Records = s
	return parts, err
}

func (s cancellable) Load(ctx context.Context, key string) (rec sess.Record, err error) {
	rec, err = s.spyStore.Load(ctx, key)
	return rec, errors.Join(err, ctx.Err())
}

func (s cancellable) Update(ctx context.Context, key string, old, rec sess.Record) error {
	return errors.Join(s.call("Update", func() error {
		if ctx.Err() != nil {
			return nil // and nothing is written
		}
		return s.records.Update(ctx, key, old, rec)
	}), ctx.Err())
}

// TestClientLeaves: what a request sets is saved also when its client goes away
// before the session is loaded, or before, during or after the commit. What a
// login would need is in TestLoginWithoutClient.
func TestClientLeaves(t *testing.T) {
	for _, when := range []string{"at once", "before", "during", "after"} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/http2=%v", when, http2), func(t *testing.T) {
				spy := &spyStore{Store: newMemory(t)}
				a := newApp(t, cancellable{spy})
				token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
				r, leave := context.WithCancel(ctx())
				gone, done := make(chan struct{}), make(chan struct{})
				h := a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
					disconnect := func() {
						leave()
						<-r.Context().Done()
						close(gone)
					}
					switch when {
					case "at once":
						s.AddVisits(10)
					case "before":
						disconnect()
						s.AddVisits(10)
					case "during":
						s.AddVisits(10)
						spy.failing(func(method string, _ int) failure {
							if method == "Update" {
								disconnect()
							}
							return failure{}
						})
					case "after":
						http.NewResponseController(w).Flush()
						disconnect()
						s.AddVisits(4)
						if err := s.Save(r.Context()); err != nil {
							t.Errorf("Save = %v", err)
						}
						s.AddVisits(6)
					}
				})
				srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(done)
					if when == "at once" {
						leave()
						<-r.Context().Done()
						close(gone)
					}
					h.ServeHTTP(w, r)
				}), http2)
				req, err := http.NewRequestWithContext(r, "GET", srv.URL, nil)
				must(t, err)
				req.Header.Set("Cookie", "__Host-session="+token)
				if resp, err := srv.Client().Do(req); err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				<-done
				<-gone
				if got := a.opened(token).Visits(); got != 11 {
					t.Errorf("visits = %d: %s", got, a.logs)
				}
			})
		}
	}
}

// TestTrailersBothWays: trailers of a request and of a response pass through,
// and announcing them begins no response.
func TestTrailersBothWays(t *testing.T) {
	a := newApp(t, nil)
	for _, http2 := range []bool{false, true} {
		srv := live(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			w.Header().Set("Trailer", "X-Sum")
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			s.SetVisits(len(body))
			w.Write(body)
			w.Header().Set("X-Sum", r.Trailer.Get("X-Check"))
			w.Header().Set(http.TrailerPrefix+"X-Late", fmt.Sprint(s.Visits()))
		}), http2)
		r, err := http.NewRequest("POST", srv.URL, io.MultiReader(strings.NewReader("abc")))
		must(t, err)
		r.Trailer = http.Header{"X-Check": {"checked"}}
		resp, err := srv.Client().Do(r)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		if string(body) != "abc" || len(resp.Cookies()) != 1 || resp.Trailer.Get("X-Sum") != "checked" || resp.Trailer.Get("X-Late") != "3" {
			t.Errorf("http2=%v: %q, %v, %v", http2, body, resp.Header, resp.Trailer)
		}
	}
}

// TestEarlyHints: an informational response comes before the commit, as often
// as the handler sends one, and what is set after it is saved and told.
func TestEarlyHints(t *testing.T) {
	a := newApp(t, nil)
	for _, http2 := range []bool{false, true} {
		srv := live(t, a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			s.SetVisits(3)
			w.WriteHeader(http.StatusAccepted)
		}), http2)
		var hints []string
		r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				hints = append(hints, fmt.Sprintf("%d %v %q", code, h.Get("Link") != "", h.Get("Set-Cookie")))
				return nil
			}}), "GET", srv.URL, nil)
		must(t, err)
		resp, err := srv.Client().Do(r)
		must(t, err)
		resp.Body.Close()
		if got := strings.Join(hints, ","); got != `103 true "",102 true ""` || resp.StatusCode != http.StatusAccepted || len(resp.Cookies()) != 1 {
			t.Errorf("http2=%v: %q, then %d %v", http2, got, resp.StatusCode, resp.Header)
		}
		if s := a.opened(resp.Cookies()[0].Value); s == nil || s.Visits() != 3 {
			t.Errorf("http2=%v: stored %v", http2, s)
		}
	}
}

// TestExpectContinue: looking at the session asks for no body; a handler that
// answers without it, logged out, gets none.
func TestExpectContinue(t *testing.T) {
	a := newApp(t, nil)
	token := a.stored(func(s *shop.Session) { s.SetUserID("u1") })
	srv := live(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		if !s.HasUserID() {
			http.Error(w, "log in", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "%s %d", body, s.AddVisits(1))
	}), false)
	c := dial(t, srv)
	ask := func(token string) {
		c.send("POST / HTTP/1.1", "Host: x", "Content-Length: 3", "Expect: 100-continue", "Cookie: __Host-session="+token, "")
	}
	ask(token)
	if resp, _ := c.response(); resp.StatusCode != http.StatusContinue {
		t.Fatalf("status %d", resp.StatusCode)
	}
	io.Copy(c, bytes.NewReader([]byte("abc")))
	if resp, body := c.response(); resp.StatusCode != http.StatusOK || body != "abc 1" {
		t.Fatalf("%d %q", resp.StatusCode, body)
	}
	ask("none")
	if resp, body := c.response(); resp.StatusCode != http.StatusUnauthorized || body != "log in\n" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

// TestBehindAProxy: with forwarded headers, without them, or with an attacker's,
// the cookie is the same and nothing is configured.
func TestBehindAProxy(t *testing.T) {
	a := newApp(t, nil)
	srv := httptest.NewServer(a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		fmt.Fprint(w, s.AddVisits(1))
	}))
	defer srv.Close()
	attributes := ""
	for _, headers := range []http.Header{
		{},
		{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"shop.test"}},
		{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"evil.test"}, "X-Forwarded-Prefix": {"/evil"}},
		{"Forwarded": {"for=192.0.2.1;proto=https;host=shop.test"}},
		{"X-Forwarded-Ssl": {"on"}, "Front-End-Https": {"on"}},
	} {
		r, err := http.NewRequest("GET", srv.URL, nil)
		must(t, err)
		r.Header = headers
		resp, err := srv.Client().Do(r)
		must(t, err)
		resp.Body.Close()
		line := resp.Header.Get("Set-Cookie")
		pair, rest, _ := strings.Cut(line, ";")
		if attributes == "" {
			attributes = rest
		}
		if rest != attributes || !strings.Contains(rest, "; Secure") || !strings.HasPrefix(line, "__Host-session=") {
			t.Errorf("%v: %s", headers, line)
		}
		r.Header.Set("Cookie", pair) // the proxy passes on what the browser sends over TLS
		resp, err = srv.Client().Do(r)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		if string(body) != "2" {
			t.Errorf("%v: %s visits", headers, body)
		}
	}
	if a.logs.String() != "" {
		t.Errorf("log: %s", a.logs)
	}
}
