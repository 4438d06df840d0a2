package runtime_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestMissingIndexIsAllowed(t *testing.T) {
	sessions, err := shop.NewSessions(noIndex{newMemory(t)}, sess.Config{AllowMissingIndex: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sessions.DestroyByUserID(ctx(), "u1"); !errors.Is(err, sess.ErrNoIndex) {
		t.Errorf("DestroyBy = %v", err)
	}
}

// noIndex hides the index of a store.
type noIndex struct{ sess.Store }

func (s noIndex) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.Store.Bind(setup)
	parts.Records = struct{ sess.Records }{parts.Records}
	return parts, err
}

// nothing offers nothing.
type nothing struct{}

func (nothing) Bind(sess.Setup) (sess.Parts, error) { return sess.Parts{}, nil }

func TestCookieAttributes(t *testing.T) {
	for _, c := range []struct {
		cookie sess.Cookie
		want   string
	}{
		{sess.Cookie{}, "__Host-session=*; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		{sess.Cookie{Name: "sid", Path: "/app", SameSite: http.SameSiteStrictMode}, "__Secure-sid=*; Path=/app; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict"},
		{sess.Cookie{Domain: "example.com", NonPersistent: true}, "__Secure-session=*; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Lax"},
		{sess.Cookie{SameSite: http.SameSiteNoneMode, Partitioned: true}, "__Host-session=*; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=None; Partitioned"},
		{sess.Cookie{Insecure: true}, "session=*; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
	} {
		a := newApp(t, nil, func(cfg *sess.Config) { cfg.Cookie = c.cookie })
		b := a.browser()
		rec := b.see(func(s *shop.Session) { s.SetVisits(1) })
		line := rec.Header().Get("Set-Cookie")
		name, rest, _ := strings.Cut(line, "=")
		token, rest, _ := strings.Cut(rest, ";")
		if got := name + "=*;" + rest; got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.cookie, got, c.want)
		}
		if len(line) > 130 && c.cookie == (sess.Cookie{}) {
			t.Errorf("Set-Cookie has %d bytes", len(line))
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", "a=b; "+name+"="+token)
		rec = newRecorder()
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.Destroy() }).ServeHTTP(rec, r)
		del := rec.Header().Get("Set-Cookie")
		want := strings.Replace(strings.Replace(c.want, "*", "", 1), "; Max-Age=2592000", "", 1)
		if got := strings.Replace(del, "; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0", "", 1); got != want || got == del {
			t.Errorf("%+v: deletion\n got %s\nwant %s", c.cookie, del, want)
		}
	}
}

func TestBearer(t *testing.T) {
	a := newApp(t, nil, func(c *sess.Config) { c.Transport = sess.Bearer("") })
	token := ""
	do := func(f func(*shop.Session)) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/", nil)
		if token != "" {
			r.Header.Set("Authorization", "bearer "+token)
		}
		rec := newRecorder()
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }).ServeHTTP(rec, r)
		if got := rec.Header().Get("Session-Token"); got != "" {
			token = got
		}
		if rec.Header().Get("Vary") != "Authorization" || rec.Header().Get("Set-Cookie") != "" {
			t.Errorf("headers %v", rec.Header())
		}
		return rec
	}
	do(func(s *shop.Session) { s.SetVisits(1) })
	do(func(s *shop.Session) {
		if s.AddVisits(1) != 2 {
			t.Error("the bearer's session is not found")
		}
	})
	rec := do(func(s *shop.Session) { s.Destroy() })
	if lines := rec.Header()["Session-Token"]; len(lines) != 1 || lines[0] != "" {
		t.Errorf("after Destroy: %q", lines)
	}
}

func TestSeveralManagersInOneRequest(t *testing.T) {
	store := newMemory(t)
	visitors := newApp(t, store)
	admins := newApp(t, store, func(c *sess.Config) { c.Cookie.Name = "admin" })
	rec := newRecorder()
	h := visitors.sessions.Middleware(admins.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visitors.sessions.Get(r).SetVisits(1)
		admins.sessions.Get(r).SetVisits(2)
		w.WriteHeader(http.StatusNoContent)
	})))
	h.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	cookies := rec.Result().Cookies()
	if len(cookies) != 2 {
		t.Fatalf("cookies %v", cookies)
	}
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	visitors.sessions.Middleware(admins.sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if v, a := visitors.sessions.Get(r).Visits(), admins.sessions.Get(r).Visits(); v != 1 || a != 2 {
			t.Errorf("visits %d and %d", v, a)
		}
	}))).ServeHTTP(newRecorder(), r)

	// The token of one manager is none of the other, though they share a store.
	if _, err := admins.sessions.Open(ctx(), cookies[0].Value); errors.Is(err, sess.ErrNotFound) == (cookies[0].Name == "__Host-admin") {
		t.Errorf("%s opens: %v", cookies[0].Name, err)
	}
	same := newApp(t, nil)
	rec = newRecorder()
	visitors.sessions.Middleware(same.sessions.Middleware(http.NotFoundHandler())).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != http.StatusInternalServerError || !strings.Contains(same.logs.String(), "the same cookie") {
		t.Errorf("two managers with one cookie: %d, %s", rec.Code, same.logs)
	}
	rec = newRecorder()
	visitors.sessions.Middleware(visitors.sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		visitors.sessions.Get(r).AddVisits(1)
	}))).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if n := len(rec.Result().Cookies()); rec.Code != http.StatusOK || n != 1 {
		t.Errorf("a middleware twice: %d, %d cookies", rec.Code, n)
	}
}

func TestSkipAndMissingMiddleware(t *testing.T) {
	a := newApp(t, nil, func(c *sess.Config) {
		c.Skip = func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/static/") }
	})
	a.sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, ok := a.sessions.From(r.Context()); ok == strings.HasPrefix(r.URL.Path, "/static/") {
			t.Errorf("%s: session %v", r.URL.Path, ok)
		}
	})).ServeHTTP(newRecorder(), httptest.NewRequest("GET", "/static/x", nil))
	defer func() {
		if e := recover(); e == nil || !strings.Contains(e.(string), "Middleware") {
			t.Errorf("Get without middleware: %v", e)
		}
	}()
	a.sessions.Get(httptest.NewRequest("GET", "/", nil))
}

func TestTooLarge(t *testing.T) {
	a := newApp(t, nil, func(c *sess.Config) { c.MaxRecordBytes = 1000 })
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	rec := b.do(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetTheme(strings.Repeat("x", 2000))
		w.WriteHeader(http.StatusOK)
	})
	if rec.Code != http.StatusInternalServerError || !strings.Contains(a.logs.String(), "the limit is 1000") {
		t.Errorf("status %d, log %s", rec.Code, a.logs)
	}
	b.see(func(s *shop.Session) {
		s.SetTheme(strings.Repeat("x", 2000))
		if err := s.Save(ctx()); !errors.Is(err, sess.ErrTooLarge) {
			t.Errorf("Save = %v", err)
		}
		s.ClearTheme()
	})
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 1)
}

func TestInsecureWarnsOnce(t *testing.T) {
	a := newApp(t, nil, func(c *sess.Config) { c.Cookie.Insecure = true })
	a.browser().see(func(s *shop.Session) { s.SetVisits(1) })
	if n := strings.Count(a.logs.String(), "level=WARN"); n != 1 || !strings.Contains(a.logs.String(), "plain HTTP") {
		t.Errorf("%d warnings: %s", n, a.logs)
	}
}

func TestTwoManagersOnOneHeader(t *testing.T) {
	one := newApp(t, nil, func(c *sess.Config) { c.Transport = sess.Bearer("") })
	two := newApp(t, nil, func(c *sess.Config) { c.Transport = sess.Bearer("") })
	rec := newRecorder()
	one.sessions.Handler(func(w http.ResponseWriter, r *http.Request, o *shop.Session) {
		o.SetVisits(1)
		two.sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.SetVisits(2)
		}).ServeHTTP(w, r)
	}).ServeHTTP(rec, one.browser().request())
	if rec.Code == 200 {
		t.Error(rec.Code, rec.Header())
	}
}
