package runtime_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestTTLBaseLapsed(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetTries(5) })
	app.clock.advance(59 * time.Minute)
	loaded, resume := make(chan struct{}), make(chan struct{})
	f := br.begin(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.AddTries(1)
		close(loaded)
		<-resume
	})
	<-loaded
	br.see(func(s *shop.Session) { s.AddTries(1) })
	app.clock.advance(2 * time.Minute)
	close(resume)
	br.finish(f)
	br.sees("tries", func(s *shop.Session) any { return s.Tries() }, 7)
}

func TestTTLMergeShortens(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(5) })
	loaded, resume := make(chan struct{}), make(chan struct{})
	f := br.begin(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.AddTries(1)
		close(loaded)
		<-resume
	})
	<-loaded
	app.clock.advance(50 * time.Minute)
	br.see(func(s *shop.Session) { s.AddTries(1) })
	close(resume)
	br.finish(f)
	app.clock.advance(11 * time.Minute) // 61 after the first add, 11 after the second
	br.sees("tries", func(s *shop.Session) any { return s.HasTries() }, true)
}

func TestTTLField(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetStepUp(true); s.SetTries(3); s.SetVisits(1) })
	a.clock.advance(14 * time.Minute)
	b.sees("StepUp", func(s *shop.Session) any { return s.StepUp() }, true)
	a.clock.advance(2 * time.Minute)
	b.see(func(s *shop.Session) {
		if s.StepUp() || s.HasStepUp() || s.Tries() != 3 {
			t.Errorf("after 16 minutes: StepUp %v %v, Tries %d", s.StepUp(), s.HasStepUp(), s.Tries())
		}
		if s.AddTries(1) != 4 { // restarts its hour
			t.Error("AddTries")
		}
	})
	a.clock.advance(59 * time.Minute)
	b.see(func(s *shop.Session) {
		if s.Tries() != 4 {
			t.Errorf("Tries = %d", s.Tries())
		}
		a.clock.advance(2 * time.Minute)
		if s.Tries() != 0 || s.HasTries() {
			t.Error("Tries does not lapse within a request")
		}
		if s.AddTries(1) != 1 {
			t.Error("AddTries adds to a lapsed value")
		}
	})
	b.sees("Tries", func(s *shop.Session) any { return s.Tries() }, 1)
}

// What lapses while requests are in flight is nobody's base: each adds to nothing.
func TestTTLLapsesInFlight(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetTries(5) })
	app.clock.advance(59 * time.Minute)
	br.parallel(func(s *shop.Session) {
		if got := s.AddTries(1); got != 1 {
			t.Errorf("an add to what has lapsed gives %d", got)
		}
	}, func() {
		app.clock.advance(2 * time.Minute)
		br.see(func(s *shop.Session) { s.AddTries(10) })
	})
	br.sees("tries", func(s *shop.Session) any { return s.Tries() }, 11)
}
