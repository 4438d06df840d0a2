package runtime_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// FuzzCookieHeader sends any Cookie header: no panic, and nothing in it
// becomes a session's token but a token that was handed out.
func FuzzCookieHeader(f *testing.F) {
	for _, header := range []string{"", ";", "=", "__Host-session", "__Host-session=", "a=b; __Host-session=x; __Host-session=y", `__Host-session="x"`, "__Host-session=\x00", " __Host-session = x"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		a := newTestApp(t)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", header)
		w := newRecorder()
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
			if !s.IsNew() {
				t.Errorf("%q has a session", header)
			}
			s.SetVisits(1)
		}).ServeHTTP(w, r)
		if cookies := w.Result().Cookies(); w.Code != http.StatusOK || len(cookies) != 1 || len(cookies[0].Value) != 43 {
			t.Errorf("%q: %d, %v", header, w.Code, cookies)
		}
		// A good cookie is found among what else is there.
		r = httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{"a=b; " + w.Result().Cookies()[0].Name + "=" + w.Result().Cookies()[0].Value, header}
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
			if s.Visits() != 1 {
				t.Errorf("%q hides the cookie", header)
			}
		}).ServeHTTP(newRecorder(), r)
	})
}

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
