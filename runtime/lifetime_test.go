package runtime_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestSetMaxAgeBeforeSet(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) {
		s.SetMaxAge(100 * 24 * time.Hour)
		_ = s.Save(ctx())
		s.SetUserID("u")
	})
	br.see(func(s *shop.Session) {
		if d := s.ExpiresAt().Sub(app.clock.Now()); d < 99*24*time.Hour {
			t.Errorf("expires in %v", d)
		}
	})
}

func TestAgeDoesNotOverflow(t *testing.T) {
	app := newApp(t, nil)
	s, err := app.sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(1); return nil })
	must(t, err)
	s.SetMaxAge(sess.Never)
	must(t, s.Save(ctx()))
	br := app.browser()
	br.setToken(app.sessions.Token(s))
	app.clock.advance(-5 * time.Millisecond)
	rec := br.see(func(s *shop.Session) { s.Renew() })
	if cookies := rec.Result().Cookies(); len(cookies) != 1 || cookies[0].MaxAge != 400*24*3600 {
		t.Errorf("cookies %v", cookies)
	}
}

func TestTimeouts(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		a := newApp(t, nil)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		a.clock.advance(sess.DefaultIdleTimeout - time.Second)
		b.sees("visits before the idle timeout", func(s *shop.Session) any { return s.Visits() }, 1)
		a.clock.advance(sess.DefaultIdleTimeout - time.Second)
		b.sees("visits after a use", func(s *shop.Session) any { return s.Visits() }, 1)
		a.clock.advance(sess.DefaultIdleTimeout + time.Second)
		b.sees("visits after the idle timeout", func(s *shop.Session) any { return s.Visits() }, 0)
	})
	t.Run("absolute", func(t *testing.T) {
		a := newApp(t, nil)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		for range 29 {
			a.clock.advance(23 * time.Hour)
			b.see(func(s *shop.Session) { s.AddVisits(1); s.Renew() })
		}
		b.sees("visits before the deadline", func(s *shop.Session) any { return s.Visits() }, 30)
		a.clock.advance(23 * time.Hour)
		b.see(func(s *shop.Session) { s.AddVisits(1) })
		a.clock.advance(23 * time.Hour)
		b.see(func(s *shop.Session) { s.AddVisits(1) })
		a.clock.advance(8 * time.Hour)
		b.sees("visits after the deadline", func(s *shop.Session) any { return s.Visits() }, 0)
	})
	t.Run("never", func(t *testing.T) {
		a := newApp(t, nil, func(c *sess.Config) { c.IdleTimeout, c.AbsoluteTimeout = sess.Never, sess.Never })
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		b.see(func(s *shop.Session) {
			if !s.ExpiresAt().IsZero() {
				t.Errorf("ExpiresAt = %v", s.ExpiresAt())
			}
		})
		token := b.token()
		a.clock.advance(10 * 365 * 24 * time.Hour)
		b.setToken(token)
		b.sees("visits after ten years", func(s *shop.Session) any { return s.Visits() }, 1)
	})
	t.Run("set max age", func(t *testing.T) {
		a := newApp(t, nil)
		b := a.browser()
		rec := b.see(func(s *shop.Session) { s.SetUserID("u1"); s.SetMaxAge(90 * 24 * time.Hour) })
		if got := rec.Result().Cookies()[0].MaxAge; got != 90*24*3600 {
			t.Errorf("Max-Age = %d", got)
		}
		a.clock.advance(60 * 24 * time.Hour)
		b.sees("user after 60 days", func(s *shop.Session) any { return s.UserID() }, "u1")
		b.see(func(s *shop.Session) { s.Renew() })
		a.clock.advance(29 * 24 * time.Hour)
		b.sees("user after renewal", func(s *shop.Session) any { return s.UserID() }, "u1")
		a.clock.advance(2 * 24 * time.Hour)
		b.sees("user after 91 days", func(s *shop.Session) any { return s.UserID() }, "")
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		rec = b.see(func(s *shop.Session) { s.SetMaxAge(-time.Second) })
		if rec.Code != http.StatusInternalServerError || !strings.Contains(a.logs.String(), "max age is not positive") {
			t.Errorf("a negative max age: %d, %s", rec.Code, a.logs)
		}
	})
}
