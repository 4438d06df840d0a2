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
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestForgedCookies: nothing but the token that was handed out, in the first
// cookie of exactly our name, opens a session; what can't be a token is not
// looked up, and a hundred cookies cost one look-up.
func TestForgedCookies(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy)
	good := a.stored(func(s *shop.Session) { s.SetVisits(7) })
	other := a.stored(func(s *shop.Session) { s.SetVisits(8) })
	flipped := "A" + good[1:]
	if good[0] == 'A' {
		flipped = "B" + good[1:]
	}
	c := "__Host-session="
	for _, test := range []struct {
		name, header string
		visits       int
		calls        string // of the store
	}{
		{"the token", c + good, 7, "Load"},
		{"quoted", c + `"` + good + `"`, 7, "Load"},
		{"among others", "a=b; " + c + good + "; c", 7, "Load"},
		{"with white space", " \t" + c + good + "\t ;", 7, "Load"},
		{"the first of two", c + good + "; " + c + other, 7, "Load"},
		{"the second of two", c + "x; " + c + good, 0, ""},
		{"behind an empty one", c + "; " + c + good, 0, ""},
		{"a hundred", strings.Repeat(c+flipped+"; ", 100) + c + good, 0, "Load"},
		{"a hundred malformed", strings.Repeat(c+"x; ", 100), 0, ""},
		{"flipped", c + flipped, 0, "Load"},
		{"truncated", c + good[:42], 0, ""},
		{"extended", c + good + "A", 0, ""},
		{"padded", c + good + "=", 0, ""},
		{"twice in one", c + good + good, 0, ""},
		{"over-long", c + strings.Repeat("A", 100_000), 0, ""},
		{"standard base64", c + "+/" + good[2:], 0, ""},
		{"percent-encoded", c + "%41" + good[3:], 0, ""},
		{"half a quote", c + `"` + good, 0, ""},
		{"with a comma", c + good + "," + c + good, 0, ""},
		{"other spelling of its last bits", c + good[:42] + respell(good[42]), 0, ""},
		{"name in lower case", "__host-session=" + good, 0, ""},
		{"bare name", "session=" + good, 0, ""},
		{"weaker prefix", "__Secure-session=" + good, 0, ""},
		{"space before the equals sign", "__Host-session =" + good, 0, ""},
		{"no name", "=" + c + good, 0, ""},
		{"legacy version", "$Version=1," + c + good, 0, ""},
		{"prefix behind Unicode space", "\u2000" + c + good, 0, ""},
		{"prefix behind NEL", "\x85" + c + good, 0, ""},
	} {
		srv := httptest.NewServer(a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			fmt.Fprint(w, s.Visits(), s.IsNew())
		}))
		spy.reset()
		r, err := http.NewRequest("GET", srv.URL, nil)
		must(t, err)
		r.Header["Cookie"] = []string{test.header}
		resp, err := srv.Client().Do(r)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		srv.Close()
		if want := fmt.Sprint(test.visits, test.visits == 0); string(body) != want || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %s, want %s; %v", test.name, body, want, resp.Cookies())
		}
		if got := spy.calls(); got != test.calls {
			t.Errorf("%s: the store was asked: %q, want %q", test.name, got, test.calls)
		}
	}
	if text := a.logs.String(); strings.Contains(text, good) || strings.Contains(text, flipped) {
		t.Error("the log has a token")
	}
}

// respell returns the base64url character that differs from c in the lowest
// bit, which the last of 43 characters does not use.
func respell(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}

// TestHugeCookieHeader: a megabyte of cookies, on a server that lets it in,
// costs one pass over it and no memory.
func TestHugeCookieHeader(t *testing.T) {
	const size = 1 << 20
	for storeName, store := range map[string]sess.Store{"memory": newMemory(t), "sealed": cookiestore.New(sess.GenerateKey())} {
		a := newApp(t, store, allowMissingIndex)
		good := "__Host-session=" + a.stored(func(s *shop.Session) { s.SetVisits(7) })
		h := a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { fmt.Fprint(w, s.Visits()) })
		srv := httptest.NewUnstartedServer(h)
		srv.Config.MaxHeaderBytes = 4 * size
		srv.Start()
		defer srv.Close()
		for name, c := range map[string]struct{ header, want string }{
			"one value":           {"__Host-session=" + strings.Repeat("A", size), "0"},
			"our name only":       {strings.Repeat("__Host-session=;", size/16), "0"},
			"semicolons":          {strings.Repeat(";", size) + good, "7"},
			"small cookies":       {strings.Repeat("a=b; ", size/5) + good, "7"},
			"spaces":              {strings.Repeat(" ", size) + good, "7"},
			"quotes":              {"__Host-session=" + strings.Repeat(`"`, size), "0"},
			"behind the good one": {good + ";" + strings.Repeat("x", size), "7"},
		} {
			r, err := http.NewRequest("GET", srv.URL, nil)
			must(t, err)
			r.Header["Cookie"] = []string{c.header}
			client := srv.Client()
			client.Timeout = time.Minute
			resp, err := client.Do(r)
			must(t, err)
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			resp.Body.Close()
			if string(body) != c.want {
				t.Errorf("%s, %s: %q, want %s", storeName, name, body, c.want)
			}
			const runs = 20
			r = httptest.NewRequest("GET", "/", nil)
			r.Header["Cookie"] = []string{c.header}
			before := allocated()
			for range runs {
				h.ServeHTTP(newRecorder(), r)
			}
			if n := (allocated() - before) / runs; n > 64<<10 {
				t.Errorf("%s, %s: a request allocates %d bytes", storeName, name, n)
			}
		}
	}
}

// TestReplayedCookie sends a cookie again after what has ended it.
func TestReplayedCookie(t *testing.T) {
	key, next := sess.GenerateKey(), sess.GenerateKey()
	for _, c := range []struct {
		name  string
		store sess.Store
		end   func(b *browser)
		opens bool
	}{
		{"renewal", newMemory(t), func(b *browser) { b.see(func(s *shop.Session) { s.Renew() }) }, false},
		{"login", newMemory(t), func(b *browser) { b.see(func(s *shop.Session) { s.SetUserID("u2") }) }, false},
		{"logout", newMemory(t), func(b *browser) { b.see(func(s *shop.Session) { s.Destroy() }) }, false},
		{"logout by another", newMemory(t), func(b *browser) { _, _ = b.app.sessions.DestroyByUserID(ctx(), "u1") }, false},
		{"idle timeout", newMemory(t), func(b *browser) { b.app.clock.advance(sess.DefaultIdleTimeout) }, false},
		{"absolute timeout", newMemory(t), stayUntilTheEnd, false},
		{"rotation, step 2", cookiestore.New(key), func(b *browser) { b.app = newApp(t, cookiestore.New(next, key), allowMissingIndex) }, true},
		{"rotation, step 3", cookiestore.New(key), func(b *browser) { b.app = newApp(t, cookiestore.New(next), allowMissingIndex) }, false},
		{"idle timeout of a sealed one", cookiestore.New(key), func(b *browser) { b.app.clock.advance(sess.DefaultIdleTimeout) }, false},
		{"absolute timeout of a sealed one", cookiestore.New(key), stayUntilTheEnd, false},
		// What package cookiestore says that it can't promise.
		{"logout of a sealed one", cookiestore.New(key), func(b *browser) { b.see(func(s *shop.Session) { s.Destroy() }) }, true},
		{"renewal of a sealed one", cookiestore.New(key), func(b *browser) { b.see(func(s *shop.Session) { s.Renew() }) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newApp(t, c.store, allowMissingIndex).browser()
			b.see(func(s *shop.Session) { s.SetUserID("u1") })
			token := b.token()
			c.end(b)
			for range 2 {
				thief := b.app.browser()
				thief.setToken(token)
				thief.see(func(s *shop.Session) {
					if s.IsNew() == c.opens || s.HasUserID() != c.opens {
						t.Errorf("the cookie opens %v", s)
					}
				})
				b.app.clock.advance(time.Minute + time.Second) // past a tombstone
			}
		})
	}
}

// stayUntilTheEnd uses the session every twelve hours until its deadline.
func stayUntilTheEnd(b *browser) {
	for range int(sess.DefaultAbsoluteTimeout / (12 * time.Hour)) {
		b.app.clock.advance(12 * time.Hour)
		b.see(func(s *shop.Session) { s.Visits() })
	}
}

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
