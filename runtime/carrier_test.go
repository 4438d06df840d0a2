package runtime_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestTokenComesFromItsCarrierAlone: a token in the URL, a form or a header
// that was not chosen opens nothing, with the cookie as carrier and with a
// header.
func TestTokenComesFromItsCarrierAlone(t *testing.T) {
	for name, c := range map[string]struct {
		transport sess.Transport
		own       func(r *http.Request, token string)
	}{
		"cookie": {nil, func(r *http.Request, token string) { r.Header.Set("Cookie", "__Host-session="+token) }},
		"bearer": {sess.Bearer(""), func(r *http.Request, token string) { r.Header.Set("Authorization", "Bearer "+token) }},
	} {
		a := newApp(t, nil, func(cfg *sess.Config) { cfg.Transport = c.transport })
		made, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(7); return nil })
		must(t, err)
		token := a.sessions.Token(made)
		visits := func(r *http.Request) (n int) {
			a.sessions.Handler(func(_ http.ResponseWriter, r *http.Request, s *shop.Session) {
				must(t, r.ParseForm())
				n = s.Visits()
			}).ServeHTTP(newRecorder(), r)
			return n
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		c.own(r, token)
		if n := visits(r); n != 7 {
			t.Errorf("%s: by its own carrier the session has %d visits", name, n)
		}
		names := []string{"session", "__Host-session", "token", "Session-Token", "access_token", "sid", "jsessionid"}
		form := url.Values{}
		for _, field := range names {
			form.Set(field, token)
		}
		for _, target := range []string{"/?" + form.Encode(), "/" + token, "/;session=" + token, "/;jsessionid=" + token + "?" + form.Encode()} {
			if n := visits(httptest.NewRequest(http.MethodGet, target, nil)); n != 0 {
				t.Errorf("%s: the URL %s opens the session", name, target)
			}
		}
		r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if visits(r) != 0 {
			t.Errorf("%s: a form opens the session", name)
		}
		r = httptest.NewRequest(http.MethodGet, "/", nil)
		for _, header := range append(names, "Authorization", "X-Session-Token", "X-Auth-Token", "Proxy-Authorization", "Cookie2", "Referer") {
			r.Header.Set(header, token)
		}
		if visits(r) != 0 {
			t.Errorf("%s: another header opens the session", name)
		}
		other := httptest.NewRequest(http.MethodGet, "/", nil)
		if name == "cookie" {
			other.Header.Set("Authorization", "Bearer "+token)
		} else {
			other.Header.Set("Cookie", "__Host-session="+token+"; session="+token)
		}
		if visits(other) != 0 {
			t.Errorf("%s: another carrier opens the session", name)
		}
	}
}

// TestRefusedTokensAreNoted: a token that opens nothing is noted at the debug
// level, without the token, and a handler can tell that there was one.
func TestRefusedTokensAreNoted(t *testing.T) {
	logs := &logs{}
	a := newApp(t, nil, func(c *sess.Config) {
		c.Logger = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	told := 0
	for i, token := range []string{strings.Repeat("A", 43), "nonsense", ""} {
		b := a.browser()
		if token != "" {
			b.setToken(token)
		}
		b.do(func(_ http.ResponseWriter, r *http.Request, s *shop.Session) {
			if _, err := r.Cookie("__Host-session"); err == nil && s.IsNew() {
				told++
			}
		})
		want := min(i+1, 2)
		if n := strings.Count(logs.String(), "a token that opens no session was refused"); n != want || told != want {
			t.Errorf("after %q: %d are noted, handlers saw %d", token, n, told)
		}
		if token != "" && strings.Contains(logs.String(), token) {
			t.Errorf("the log has %s", token)
		}
	}
}
