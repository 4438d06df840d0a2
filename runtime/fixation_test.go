package runtime_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestFixation: who knows a visitor's token from before the login, because it
// was planted in the browser or seen, has nothing of what comes after it,
// whatever he does with it and when.
func TestFixation(t *testing.T) {
	for name, rise := range map[string]func(*shop.Session){
		"login":              func(s *shop.Session) { s.SetUserID("victim"); s.SetSecret("address") },
		"login, remembered":  func(s *shop.Session) { s.SetUserID("victim"); s.SetMaxAge(90 * 24 * time.Hour) },
		"re-authentication":  func(s *shop.Session) { s.Reauthenticate(); s.SetStepUp(true) },
		"privileges":         func(s *shop.Session) { s.Renew(); s.SetTeam("admins") },
		"login over a login": func(s *shop.Session) { s.SetUserID("mallory"); must(t, s.Save(ctx())); s.SetUserID("victim") },
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, nil)
			attacker, victim := a.browser(), a.browser()
			attacker.see(func(s *shop.Session) { s.SetVisits(1) })
			planted := attacker.token()
			victim.setToken(planted)
			victim.see(rise)
			if victim.token() == planted || victim.token() == "" {
				t.Fatal("the token is still the planted one")
			}
			risen := func(s *shop.Session) bool {
				return s.HasUserID() || s.HasSecret() || s.StepUp() || s.HasTeam() || s.Visits() != 0
			}
			for _, wait := range []time.Duration{0, time.Second, 2 * time.Minute, 12 * time.Hour} {
				a.clock.advance(wait)
				for what, f := range map[string]func(*shop.Session){
					"reads": func(s *shop.Session) {}, "sets": func(s *shop.Session) { s.SetTheme("dark") },
					"renews": func(s *shop.Session) { s.Renew() }, "logs in": func(s *shop.Session) { s.SetUserID("mallory") },
					"logs out": func(s *shop.Session) { s.Destroy() },
				} {
					again := a.browser()
					again.setToken(planted)
					again.see(func(s *shop.Session) {
						if risen(s) {
							t.Errorf("after %v the planted token opens %v", wait, s)
						}
						f(s)
					})
					again.see(func(s *shop.Session) {
						if s.UserID() == "victim" || s.HasSecret() || s.StepUp() || s.HasTeam() {
							t.Errorf("after %v the attacker %s and has %v", wait, what, s)
						}
					})
				}
				victim.see(func(s *shop.Session) {
					if !risen(s) || s.UserID() == "mallory" || s.HasTheme() {
						t.Errorf("after %v the victim has %v", wait, s)
					}
				})
			}
		})
	}
}

// TestTossedCookies: what a sibling domain, another path or another scheme can
// plant beside the session's cookie is not read: browsers refuse those sites
// the prefix, and other names count for nothing.
func TestTossedCookies(t *testing.T) {
	a := newApp(t, nil)
	mine, theirs := a.browser(), a.browser()
	mine.see(func(s *shop.Session) { s.SetVisits(7) })
	theirs.see(func(s *shop.Session) { s.SetUserID("mallory") })
	for _, name := range []string{"session", "__Secure-session", "__host-session", "__Host-Session", "__Http-session", "__Host-Http-session", "%5F_Host-session"} {
		for _, cookies := range []string{name + "=" + theirs.token(), "__Host-session=" + mine.token() + "; " + name + "=" + theirs.token(), name + "=" + theirs.token() + "; __Host-session=" + mine.token()} {
			r := theirs.request()
			r.Header.Set("Cookie", cookies)
			a.sessions.Handler(sessionOf(func(s *shop.Session) {
				if s.HasUserID() || strings.Contains(cookies, mine.token()) != (s.Visits() == 7) {
					t.Errorf("with %s: %v", name, s)
				}
			})).ServeHTTP(newRecorder(), r)
		}
	}
}

// TestNeighbours: applications on one host share its cookies, whatever their
// ports (RFC 6265, section 8.5), and perhaps a store. With a name of its own
// for each cookie neither reads nor replaces the other's.
func TestNeighbours(t *testing.T) {
	store := newMemory(t)
	first, second := newApp(t, store), newApp(t, store, func(c *sess.Config) { c.Cookie.Name = "second" })
	b := first.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := b.token()
	at := &browser{second, b.jar}
	at.see(func(s *shop.Session) {
		if s.HasUserID() || !s.IsNew() {
			t.Errorf("the neighbour's session: %v", s)
		}
		s.SetVisits(1)
	})
	b.sees("user", func(s *shop.Session) any { return s.UserID() }, "u1")
	// Also where the cookie is handed over under the other's name.
	r := b.request()
	r.Header.Set("Cookie", "__Host-second="+token)
	second.sessions.Handler(sessionOf(func(s *shop.Session) {
		if s.HasUserID() || !s.IsNew() {
			t.Errorf("by its renamed cookie the neighbour's session: %v", s)
		}
	})).ServeHTTP(newRecorder(), r)
}

// sessionOf is a handler that only looks at the session.
func sessionOf(f func(*shop.Session)) handler {
	return func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }
}
