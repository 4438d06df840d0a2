package runtime_test

import (
	"net/http"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestTouchIsThrottled is promise 6 to the millisecond: a read moves the end once
// in a tenth of the idle timeout, and never past the absolute deadline.
func TestTouchIsThrottled(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		spy := &spyStore{Store: newMemory(t)}
		var store sess.Store = spy
		if sealed {
			store = cookiestore.New(testKey)
		}
		a := newApp(t, store, allowMissingIndex, func(c *sess.Config) {
			c.IdleTimeout, c.AbsoluteTimeout = 10*time.Minute, 15*time.Minute
		})
		b := a.browser()
		start := a.clock.Now()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		read := func(after time.Duration, touches bool, end time.Duration) {
			t.Helper()
			a.clock.advance(after)
			spy.reset()
			rec := b.see(func(s *shop.Session) { s.Visits() })
			touched := spy.calls() == "Load Touch"
			if sealed {
				touched = len(rec.Result().Cookies()) == 1
			}
			if touched != touches || !sealed && !touched && spy.calls() != "Load" || !sealed && len(rec.Result().Cookies()) != 0 {
				t.Errorf("sealed %v, at %v: touched %v, calls %q, cookies %v", sealed, a.clock.Now().Sub(start), touched, spy.calls(), rec.Result().Cookies())
			}
			b.see(func(s *shop.Session) {
				if got := s.ExpiresAt().Sub(start); got != end {
					t.Errorf("sealed %v, at %v: the end is at %v, want %v", sealed, a.clock.Now().Sub(start), got, end)
				}
			})
		}
		read(0, false, 10*time.Minute)
		read(time.Minute-time.Millisecond, false, 10*time.Minute)
		read(time.Millisecond, true, 11*time.Minute)
		read(30*time.Second, false, 11*time.Minute)
		read(5*time.Minute, true, 15*time.Minute) // the deadline
		read(5*time.Minute, false, 15*time.Minute)
		a.clock.advance(4 * time.Minute)
		b.sees("visits after the deadline", func(s *shop.Session) any { return s.Visits() }, 0)
	}
}

// TestLongRequestsTouch: a request that streams, or saves on its own, moves the
// session's end by when it did so, not by when it began.
func TestLongRequestsTouch(t *testing.T) {
	const idle = 10 * time.Minute
	for name, h := range map[string]func(*app, http.ResponseWriter, *http.Request, *shop.Session){
		"flush": func(a *app, w http.ResponseWriter, _ *http.Request, _ *shop.Session) {
			w.(http.Flusher).Flush()
			a.clock.advance(5 * time.Minute)
		},
		"save": func(a *app, _ http.ResponseWriter, r *http.Request, s *shop.Session) {
			a.clock.advance(5 * time.Minute)
			must(a.t, s.Save(r.Context()))
		},
		"touch": func(a *app, w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			w.WriteHeader(http.StatusOK)
			a.clock.advance(5 * time.Minute)
			s.Touch()
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, nil, func(c *sess.Config) { c.IdleTimeout = idle })
			b := a.browser()
			b.see(func(s *shop.Session) { s.SetVisits(1) })
			b.do(func(w http.ResponseWriter, r *http.Request, s *shop.Session) { h(a, w, r, s) })
			b.sees("end", func(s *shop.Session) any { return s.ExpiresAt().Equal(a.clock.Now().Add(idle)) }, true)
		})
	}
}
