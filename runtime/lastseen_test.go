package runtime_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// lastSeen is what another request learns of the browser's session, which it
// does not use.
func (b *browser) lastSeen() time.Time {
	b.app.t.Helper()
	s, err := b.app.sessions.Open(ctx(), b.token())
	must(b.app.t, err)
	return s.LastSeen()
}

func (b *browser) wasSeen(what string, want time.Time) {
	b.app.t.Helper()
	if got := b.lastSeen(); !got.Equal(want) || !got.IsZero() && got.Location() != time.UTC {
		b.app.t.Errorf("%s: last seen %v, want %v", what, got, want)
	}
}

// everyStore runs f over records, sealed cookies and a format of others.
func everyStore(t *testing.T, f func(t *testing.T, app func(change ...func(*sess.Config)) *app)) {
	for name, store := range map[string]func(t *testing.T) sess.Store{
		"records": func(t *testing.T) sess.Store { return newMemory(t) },
		"sealed":  func(t *testing.T) sess.Store { return cookiestore.New(sess.GenerateKey()) },
		"foreign": func(t *testing.T) sess.Store { return jsonStore{newMemory(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			f(t, func(change ...func(*sess.Config)) *app {
				return newApp(t, store(t), append(change, allowMissingIndex)...)
			})
		})
	}
}

func TestLastSeen(t *testing.T) {
	if seen := new(shop.Session).LastSeen(); !seen.IsZero() {
		t.Errorf("a session without manager was seen at %v", seen)
	}
	everyStore(t, func(t *testing.T, app func(...func(*sess.Config)) *app) {
		a := app()
		b := a.browser()
		b.see(func(s *shop.Session) {
			s.SetVisits(1)
			if seen := s.LastSeen(); !seen.IsZero() {
				t.Errorf("a session that was never stored was seen at %v", seen)
			}
			must(t, s.Save(ctx()))
			if seen := s.LastSeen(); !seen.Equal(a.clock.Now()) {
				t.Errorf("after Save: last seen %v", seen)
			}
		})
		noted := a.clock.Now()
		b.wasSeen("stored", noted)

		a.clock.advance(sess.DefaultIdleTimeout/10 - time.Second)
		b.see(func(s *shop.Session) { s.Visits() })
		b.wasSeen("a read before a tenth of the idle timeout", noted)
		a.clock.advance(time.Second)
		b.do(func(http.ResponseWriter, *http.Request, *shop.Session) {}) // the parameter is a use
		noted = a.clock.Now()
		b.wasSeen("a read after a tenth", noted)
		a.clock.advance(time.Minute)
		b.see(func(s *shop.Session) { s.Touch() })
		noted = a.clock.Now()
		b.wasSeen("Touch", noted)
		a.clock.advance(time.Minute)
		b.see(func(s *shop.Session) {
			if seen := s.LastSeen(); !seen.Equal(noted) {
				t.Errorf("the request's own session was seen at %v, want the use before, %v", seen, noted)
			}
			s.AddVisits(1)
		})
		b.wasSeen("a write", a.clock.Now())
		a.clock.advance(time.Minute)
		b.see(func(s *shop.Session) { s.Renew() })
		b.wasSeen("Renew", a.clock.Now())
		a.clock.advance(time.Minute)
		b.see(func(s *shop.Session) { s.SetUserID("u1") })
		b.wasSeen("login", a.clock.Now())
	})
}

// TestLastSeenIsNotGuessed: where the session's end does not move with its use,
// it does not tell when that was.
func TestLastSeenIsNotGuessed(t *testing.T) {
	t.Run("no idle timeout", func(t *testing.T) {
		everyStore(t, func(t *testing.T, app func(...func(*sess.Config)) *app) {
			b := app(func(c *sess.Config) { c.IdleTimeout = sess.Never }).browser()
			b.see(func(s *shop.Session) { s.SetVisits(1) })
			b.wasSeen("without idle timeout", time.Time{})
		})
	})
	for name, store := range map[string]sess.Store{"records": newMemory(t), "sealed": cookiestore.New(sess.GenerateKey())} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, store, allowMissingIndex)
			b := a.browser()
			b.see(func(s *shop.Session) { s.SetVisits(1); s.SetMaxAge(90 * 24 * time.Hour) })
			b.wasSeen("remembered", time.Time{})
			a.clock.advance(80 * 24 * time.Hour)
			b.see(func(s *shop.Session) { s.AddVisits(1) })
			b.wasSeen("remembered and used", time.Time{})

			b = a.browser()
			b.see(func(s *shop.Session) { s.SetVisits(1) })
			for range 29 {
				a.clock.advance(sess.DefaultIdleTimeout - time.Hour)
				b.see(func(s *shop.Session) { s.AddVisits(1) })
				b.wasSeen("while the idle timeout decides", a.clock.Now())
			}
			a.clock.advance(sess.DefaultIdleTimeout)
			a.clock.advance(-time.Hour)
			b.see(func(s *shop.Session) { s.AddVisits(1) })
			a.clock.advance(sess.DefaultIdleTimeout - time.Hour)
			b.see(func(s *shop.Session) { s.AddVisits(1) })
			b.wasSeen("in the last idle timeout before the deadline", time.Time{})
		})
	}
}

// TestLastSeenIsAccurate uses a session at random and checks the promised
// bounds: never after the last use, and less than a tenth of the idle timeout
// before it.
func TestLastSeenIsAccurate(t *testing.T) {
	everyStore(t, func(t *testing.T, app func(...func(*sess.Config)) *app) {
		const idle = 10 * time.Hour
		a := app(func(c *sess.Config) { c.IdleTimeout = idle })
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		for i := range 300 {
			a.clock.advance(rand.N(idle / 6))
			used := a.clock.Now()
			b.see(func(s *shop.Session) {
				if i%7 == 0 {
					s.AddVisits(1)
				}
				if i%40 == 0 {
					s.SetUserID(sprintf("u%d", i)) // the deadline stays far
				}
			})
			a.clock.advance(rand.N(idle / 6))
			if seen := b.lastSeen(); seen.After(used) || used.Sub(seen) >= idle/10 {
				t.Fatalf("use %d: last seen %v before", i, used.Sub(seen))
			}
		}
	})
}
