package runtime_test

import (
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestReauthenticateRestartsBothClocks: only what proves again who somebody is
// gives a session time beyond its absolute deadline (NIST SP 800-63B-4,
// section 5.2). When that was is a field of the application's.
func TestReauthenticateRestartsBothClocks(t *testing.T) {
	for name, c := range map[string]struct {
		ask      func(s *shop.Session, now time.Time)
		restarts bool
	}{
		"Reauthenticate": {func(s *shop.Session, now time.Time) { s.SetLoginAt(now); s.Reauthenticate() }, true},
		"login":          {func(s *shop.Session, now time.Time) { s.SetLoginAt(now); s.SetUserID("u2") }, true},
		"Renew":          {func(s *shop.Session, _ time.Time) { s.Renew() }, false},
		"Touch":          {func(s *shop.Session, _ time.Time) { s.Touch() }, false},
		"a write":        {func(s *shop.Session, _ time.Time) { s.AddVisits(1) }, false},
	} {
		a := newApp(t, nil, func(c *sess.Config) { c.IdleTimeout, c.AbsoluteTimeout = time.Hour, 3*time.Hour })
		b := a.browser()
		login := a.clock.Now()
		b.see(func(s *shop.Session) { s.SetUserID("u1"); s.SetLoginAt(login) })
		for range 3 {
			a.clock.advance(50 * time.Minute)
			b.see(func(s *shop.Session) { s.AddVisits(1) })
		}
		a.clock.advance(20 * time.Minute) // 170 minutes after the login
		before, asked := b.token(), a.clock.Now()
		b.see(func(s *shop.Session) { c.ask(s, asked) })
		if renewed := b.token() != before; renewed != (c.restarts || name == "Renew") {
			t.Errorf("%s: a new token: %v", name, renewed)
		}
		a.clock.advance(20 * time.Minute)
		b.see(func(s *shop.Session) {
			if s.HasUserID() != c.restarts {
				t.Errorf("%s: 190 minutes after the login the session is %v", name, s)
			}
			if c.restarts && (!s.LoginAt().Equal(asked) || !s.CreatedAt().Equal(login)) {
				t.Errorf("%s: logged in at %v, created at %v", name, s.LoginAt(), s.CreatedAt())
			}
		})
		if !c.restarts {
			continue
		}
		for range 3 {
			a.clock.advance(45 * time.Minute)
			b.see(func(s *shop.Session) {
				if !s.HasUserID() {
					t.Errorf("%s: ended after %v", name, a.clock.Now().Sub(asked))
				}
				s.AddVisits(1)
			})
		}
		a.clock.advance(26 * time.Minute)
		b.sees(name+": user 181 minutes later", func(s *shop.Session) any { return s.UserID() }, "")
	}
}
