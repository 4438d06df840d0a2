package expresscompat_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

func reqSecure(v bool) func(*http.Request) bool { return func(*http.Request) bool { return v } }

// secureSent tells whether a cookie that is for TLS alone is sent.
func secureSent(t *testing.T, o expresscompat.Options, headers ...string) bool {
	t.Helper()
	o.Cookie.Secure = expresscompat.SecureTrue
	s := newSite(t, o)
	res := s.do(s.request("/", headers...), func(_ http.ResponseWriter, _ *http.Request, x *live.Session) { visit(x) })
	s.called("create") // it is stored all the same
	return sent(res) != ""
}

func TestProxy(t *testing.T) {
	const header = "X-Forwarded-Proto"
	for _, c := range []struct {
		name    string
		o       expresscompat.Options
		headers []string
		want    bool
	}{
		{"trusted, https", expresscompat.Options{Proxy: expresscompat.ProxyTrust}, []string{header, "https"}, true},
		{"trusted, a list", expresscompat.Options{Proxy: expresscompat.ProxyTrust}, []string{header, " HTTPS ,http"}, true},
		{"trusted, absent", expresscompat.Options{Proxy: expresscompat.ProxyTrust}, nil, false},
		{"never, the header", expresscompat.Options{Proxy: expresscompat.ProxyNever}, []string{header, "https"}, false},
		{"never, Secure", expresscompat.Options{Proxy: expresscompat.ProxyNever, Secure: reqSecure(true)}, nil, false},
		{"unset, the header", expresscompat.Options{}, []string{header, "https"}, false},
		{"unset, Secure", expresscompat.Options{Secure: reqSecure(true)}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := secureSent(t, c.o, c.headers...); got != c.want {
				t.Errorf("sent: %v", got)
			}
		})
	}
	t.Run("TLS itself", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Proxy: expresscompat.ProxyNever, Cookie: expresscompat.CookieOptions{Secure: expresscompat.SecureTrue}})
		r := s.request("/")
		r.TLS = new(tls.ConnectionState)
		s.has(s.do(r, func(_ http.ResponseWriter, _ *http.Request, x *live.Session) { visit(x) }), "; Secure;")
	})
	t.Run("what was not sent is said once", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{Secure: expresscompat.SecureTrue}})
		s.see(visit)
		s.see(visit)
		if n := strings.Count(s.logs.String(), "level=WARN"); n != 1 || !strings.Contains(s.logs.String(), "ProxyTrust") {
			t.Errorf("%d warnings: %s", n, s.logs)
		}
	})
}

func TestCookiePath(t *testing.T) {
	o := expresscompat.Options{SaveUninitialized: true, Cookie: expresscompat.CookieOptions{Path: "/foo/bar"}}
	for target, want := range map[string]bool{
		"/": false, "/foo": false, "/foo/bar": true, "/foo/bar/baz": true, "/foo/bar?q=/": true, "/foo/barn": true, "/FOO/bar": false,
		"http://localhost/foo/bar/baz?x=1": true, "http://localhost": false, "/?/foo/bar": false, "/foo%2Fbar": false,
	} {
		t.Run(target, func(t *testing.T) {
			s := newSite(t, o)
			s.sends(s.do(s.request(target), nil), want)
			if had := s.id != ""; had != want {
				t.Errorf("the handler had a session: %v", had)
			}
		})
	}
	t.Run("behind a prefix that was cut off", func(t *testing.T) {
		s := newSite(t, o)
		w := httptest.NewRecorder()
		http.StripPrefix("/foo", s.sessions.Handler(func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			if r.URL.Path != "/bar/x" {
				t.Errorf("path %q", r.URL.Path)
			}
			visit(x)
		})).ServeHTTP(w, s.request("/foo/bar/x"))
		if sent(w.Result()) == "" {
			t.Error("no session")
		}
	})
	t.Run("a handler that needs a session is not called", func(t *testing.T) {
		s := newSite(t, o)
		w := httptest.NewRecorder()
		s.sessions.Handler(func(http.ResponseWriter, *http.Request, *live.Session) { t.Error("it was called") }).ServeHTTP(w, s.request("/"))
		if w.Code != http.StatusInternalServerError || !strings.Contains(s.logs.String(), "not under the cookie's") {
			t.Errorf("%d: %s", w.Code, s.logs)
		}
	})
}

func TestAuto(t *testing.T) {
	auto := func(secure expresscompat.Secure) expresscompat.CookieOptions {
		return expresscompat.CookieOptions{Secure: secure, SameSite: expresscompat.SameSiteAuto}
	}
	const https = "X-Forwarded-Proto"
	for _, c := range []struct {
		name    string
		o       expresscompat.Options
		headers []string
		want    string // the attributes, "" for no cookie
	}{
		{"secure auto, proxy trusted", expresscompat.Options{Proxy: expresscompat.ProxyTrust, Cookie: expresscompat.CookieOptions{Secure: expresscompat.SecureAuto}}, []string{https, "https"}, "; HttpOnly; Secure"},
		{"secure auto, proxy never", expresscompat.Options{Proxy: expresscompat.ProxyNever, Cookie: expresscompat.CookieOptions{Secure: expresscompat.SecureAuto}}, []string{https, "https"}, "; HttpOnly"},
		{"secure auto, Secure true", expresscompat.Options{Secure: reqSecure(true), Cookie: expresscompat.CookieOptions{Secure: expresscompat.SecureAuto}}, nil, "; HttpOnly; Secure"},
		{"secure auto, Secure false", expresscompat.Options{Secure: reqSecure(false), Cookie: expresscompat.CookieOptions{Secure: expresscompat.SecureAuto}}, []string{https, "https"}, "; HttpOnly"},
		{"sameSite auto, over TLS", expresscompat.Options{Secure: reqSecure(true), Cookie: auto(expresscompat.SecureAbsent)}, nil, "; HttpOnly; SameSite=None"},
		{"sameSite auto, without", expresscompat.Options{Cookie: auto(expresscompat.SecureAbsent)}, nil, "; HttpOnly; SameSite=Lax"},
		{"sameSite auto, proxy trusted", expresscompat.Options{Proxy: expresscompat.ProxyTrust, Cookie: auto(expresscompat.SecureAbsent)}, []string{https, "https"}, "; HttpOnly; SameSite=None"},
		{"sameSite auto, proxy never", expresscompat.Options{Proxy: expresscompat.ProxyNever, Cookie: auto(expresscompat.SecureAbsent)}, []string{https, "https"}, "; HttpOnly; SameSite=Lax"},
		{"sameSite auto, proxy unset", expresscompat.Options{Cookie: auto(expresscompat.SecureAbsent)}, []string{https, "https"}, "; HttpOnly; SameSite=Lax"},
		{"both auto, over TLS", expresscompat.Options{Secure: reqSecure(true), Cookie: auto(expresscompat.SecureAuto)}, nil, "; HttpOnly; Secure; SameSite=None"},
		{"both auto, without", expresscompat.Options{Cookie: auto(expresscompat.SecureAuto)}, nil, "; HttpOnly; SameSite=Lax"},
		{"sameSite auto, secure false, over TLS", expresscompat.Options{Secure: reqSecure(true), Cookie: auto(expresscompat.SecureFalse)}, nil, "; HttpOnly; SameSite=None"},
		{"sameSite auto, secure false, without", expresscompat.Options{Cookie: auto(expresscompat.SecureFalse)}, nil, "; HttpOnly; SameSite=Lax"},
		{"sameSite auto, secure true, over TLS", expresscompat.Options{Secure: reqSecure(true), Cookie: auto(expresscompat.SecureTrue)}, nil, "; HttpOnly; Secure; SameSite=None"},
		{"sameSite auto, secure true, without", expresscompat.Options{Cookie: auto(expresscompat.SecureTrue)}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.o)
			res := s.do(s.request("/", c.headers...), func(_ http.ResponseWriter, _ *http.Request, x *live.Session) { visit(x) })
			_, attributes, _ := strings.Cut(sent(res), "; Path=/")
			if attributes != c.want {
				t.Errorf("Set-Cookie %q, want %q", sent(res), c.want)
			}
		})
	}
}

func TestCookieFor(t *testing.T) {
	o := expresscompat.Options{CookieFor: func(r *http.Request) expresscompat.CookieOptions {
		return expresscompat.CookieOptions{Path: r.Header.Get("X-Path"), MaxAge: time.Minute}
	}}
	s := newSite(t, o)
	res := s.do(s.request("/a/b", "X-Path", "/a"), func(_ http.ResponseWriter, _ *http.Request, x *live.Session) { visit(x) })
	s.has(res, "; Path=/a;", "Expires=")
	s.do(s.request("/b", "X-Path", "/a"), func(http.ResponseWriter, *http.Request, *live.Session) { t.Error("the gate is open") })
	if _, err := s.sessions.Create(t.Context(), func(x *live.Session) error { visit(x); return nil }); err != nil {
		t.Errorf("without a request: %v", err)
	}
}

func TestGenID(t *testing.T) {
	t.Run("default", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		if id := strings.TrimPrefix(s.id, "sess:"); len(id) != 32 || strings.ContainsAny(id, "+/=.") {
			t.Errorf("id %q", id)
		}
	})
	t.Run("of the request, with characters that are escaped", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{GenID: func(r *http.Request) string { return "%/" + r.Header.Get("X-Id") }})
		s.has(s.do(s.request("/", "X-Id", "a b+ü"), func(_ http.ResponseWriter, _ *http.Request, x *live.Session) { visit(x) }), "connect.sid=s%3A%25%2Fa%20b%2B%C3%BC.")
		if s.id != "sess:%/a b+ü" || s.visits() != 1 {
			t.Errorf("id %q", s.id)
		}
	})
}

func TestName(t *testing.T) {
	s := newSite(t, expresscompat.Options{Name: "sid"})
	res := s.see(visit)
	s.has(res, "sid=s%3A")
	s.cookie, _, _ = strings.Cut(sent(res), ";")
	if s.visits() != 1 {
		t.Error("it is not read")
	}
	s.cookie = strings.Replace(s.cookie, "sid", "connect.sid", 1)
	if s.visits() != 0 {
		t.Error("another name is read")
	}
	_, err := live.NewSessions(expresscompat.New(anyClient(t), expresscompat.Options{Secrets: []string{"s"}, Name: "a b"}), runtime.Config{})
	var config *runtime.ConfigError
	if !errors.As(err, &config) {
		t.Errorf("a bad name: %v", err)
	}
}
