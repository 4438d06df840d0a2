package runtime_test

import (
	"fmt"
	"net/http"
	stdruntime "runtime"
	"strings"
	"testing"
	"time"
	"weak"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestTwoRequestsAtOnce runs the schedules in which other libraries lose an
// update or undo a logout: a slow request has loaded the session, a fast one
// completes, and then the slow one ends. In half of them so much time has passed
// that the slow one moves the session's end too. A sealed cookie can't keep all
// of it; what it does is what package cookiestore documents.
func TestTwoRequestsAtOnce(t *testing.T) {
	read := func(s *shop.Session) { s.Visits(); s.Labels() }
	write := func(s *shop.Session) { s.SetTheme("dark"); s.AddVisits(1) }
	for _, c := range []struct {
		name       string
		slow, fast func(*shop.Session)
		want       string // of the browser: the user, visits and theme
		sealed     string // where it differs
	}{
		{"slow write, write", write, func(s *shop.Session) { s.AddVisits(10); s.SetTeam("blue") }, "u1 18 dark blue", "u1 8 dark "},
		{"slow read, write", read, func(s *shop.Session) { s.AddVisits(10); s.SetTeam("blue") }, "u1 17 light blue", ""},
		{"slow write, logout", write, func(s *shop.Session) { s.Destroy() }, " 0 light ", "u1 8 dark "},
		{"slow read, logout", read, func(s *shop.Session) { s.Destroy() }, " 0 light ", ""},
		{"slow write, logout by clearing", write, func(s *shop.Session) { s.ClearUserID() }, " 7 light ", "u1 8 dark "},
		{"slow read, logout by clearing", read, func(s *shop.Session) { s.ClearUserID() }, " 7 light ", ""},
	} {
		for storeName, store := range map[string]sess.Store{"memory": nil, "remote": &spyStore{Store: newMemory(t)}, "sealed": cookiestore.New(sess.GenerateKey())} {
			for _, touches := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/touches=%v", c.name, storeName, touches), func(t *testing.T) {
					a := newApp(t, store, allowMissingIndex)
					b := a.browser()
					b.see(func(s *shop.Session) {
						s.SetUserID("u1")
						s.SetVisits(7)
						s.SetLabels(map[string]string{"a": "1"})
					})
					token := b.token()
					if touches {
						a.clock.advance(sess.DefaultIdleTimeout / 5)
					}
					b.parallel(c.slow, func() { b.see(c.fast) })
					want := c.want
					if storeName == "sealed" && c.sealed != "" {
						want = c.sealed
					}
					if storeName == "sealed" && touches && strings.HasPrefix(c.name, "slow read") {
						want = "u1 7 light " // the cookie that is sent to move the end is the one that was read
					}
					b.sees("session", func(s *shop.Session) any {
						return fmt.Sprint(s.UserID(), " ", s.Visits(), " ", s.Theme(), " ", s.Team())
					}, want)
					if storeName != "sealed" && !strings.HasPrefix(want, "u1") {
						b.setToken(token)
						b.sees("the user of the first token", func(s *shop.Session) any { return s.UserID() }, "")
					}
				})
			}
		}
	}
}

// TestEveryCookieHasTheSameAttributes: they belong to the configuration, so that
// none is missing from a later response.
func TestEveryCookieHasTheSameAttributes(t *testing.T) {
	older, newer := sess.GenerateKey(), sess.GenerateKey()
	configure := func(c *sess.Config) {
		c.AllowMissingIndex = true
		c.Cookie = sess.Cookie{Path: "/", Partitioned: true, SameSite: http.SameSiteStrictMode}
	}
	for name, store := range map[string]sess.Store{"memory": newMemory(t), "sealed": cookiestore.New(older)} {
		a := newApp(t, store, configure)
		b := a.browser()
		want := "; Path=/; *; HttpOnly; Secure; SameSite=Strict; Partitioned"
		check := func(what string, f func(*shop.Session)) {
			t.Helper()
			lines := b.see(f).Header()["Set-Cookie"]
			if len(lines) != 1 {
				t.Errorf("%s, %s: %q", name, what, lines)
				return
			}
			_, rest, _ := strings.Cut(lines[0], ";")
			var parts []string
			for _, part := range strings.Split(";"+rest, "; ") {
				switch {
				case strings.HasPrefix(part, "Expires="):
					continue
				case strings.HasPrefix(part, "Max-Age="):
					part = "*"
				}
				parts = append(parts, part)
			}
			if got := strings.Join(parts, "; "); got != want {
				t.Errorf("%s, %s:\n got %s\nwant %s", name, what, got, want)
			}
		}
		check("create", func(s *shop.Session) { s.SetVisits(1) })
		check("renew", func(s *shop.Session) { s.Renew() })
		check("login", func(s *shop.Session) { s.SetUserID("u1") })
		check("max age", func(s *shop.Session) { s.SetMaxAge(time.Hour) })
		if name == "sealed" {
			b.app = newApp(t, cookiestore.New(newer, older), configure)
			check("rotation", func(s *shop.Session) { s.Visits() })
		}
		check("logout with a notice", func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") })
		check("logout", func(s *shop.Session) { s.Destroy() })
	}
}

// TestNothingKeepsASession: once its request is over nothing refers to a session,
// no registry and no table of requests.
func TestNothingKeepsASession(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	var kept []weak.Pointer[shop.Session]
	for range 3 {
		b.see(func(s *shop.Session) {
			s.AddVisits(1)
			kept = append(kept, weak.Make(s))
		})
	}
	eventually(t, "the sessions are collected", func() bool {
		stdruntime.GC()
		for _, p := range kept {
			if p.Value() != nil {
				return false
			}
		}
		return true
	})
}
