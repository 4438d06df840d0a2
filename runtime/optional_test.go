package runtime_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestOptionalDestroy(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetUserID("u"); s.SetNotice("n") })
	for name, f := range map[string]func(s *shop.Session){
		"Destroy": func(s *shop.Session) { s.Destroy() },
		"Clear":   func(s *shop.Session) { s.ClearUserID() },
		"Claim": func(s *shop.Session) {
			if _, _, err := s.ClaimNotice(ctx()); err == nil {
				t.Error("Claim during an outage has no error")
			}
		},
		"Reload": func(s *shop.Session) {
			if err := s.Reload(ctx()); !errors.Is(err, sess.ErrUnavailable) {
				t.Error("Reload", err)
			}
		},
	} {
		spy.failing(func(string, int) failure { return failure{err: errOutage} })
		rec := newRecorder()
		app.sessions.Optional(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }).ServeHTTP(rec, br.request())
		if changes := name == "Destroy" || name == "Clear"; changes != (rec.Code == http.StatusServiceUnavailable) {
			t.Errorf("%s during an outage: %d", name, rec.Code)
		}
	}
}

func TestOptionalTouch(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(7) })
	app.clock.advance(5 * time.Hour)
	spy.failing(func(m string, _ int) failure {
		if m == "Touch" {
			return failure{err: errOutage}
		}
		return failure{}
	})
	rec := newRecorder()
	app.sessions.Optional(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { s.Visits() }).ServeHTTP(rec, br.request())
	if rec.Code != 200 {
		t.Errorf("a failed touch under Optional: %d", rec.Code)
	}
}

func TestOptional(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(7) })
	spy.failing(func(string, int) failure { return failure{err: errOutage} })
	for _, c := range []struct {
		set    bool
		status int
	}{{false, http.StatusOK}, {true, http.StatusServiceUnavailable}} {
		rec := newRecorder()
		a.sessions.Optional(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
			if !s.Unavailable() || s.Visits() != 0 {
				t.Error("the session is not flagged")
			}
			if c.set {
				s.SetVisits(1)
			}
		}).ServeHTTP(rec, b.request())
		if rec.Code != c.status {
			t.Errorf("set %v: status %d", c.set, rec.Code)
		}
	}
}
