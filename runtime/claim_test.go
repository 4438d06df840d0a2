package runtime_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestClaimWonTwice(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.SetNotice("state") })
	wins := 0
	claim := func(s *shop.Session) {
		s.SetUserID("u1")
		v, ok, err := s.ClaimNotice(ctx())
		if ok {
			wins++
		}
		if err != nil || ok != (v == "state") {
			t.Errorf("claim = %q, %v, %v", v, ok, err)
		}
	}
	token := br.token()
	br.parallel(claim, func() {
		other := br.app.browser()
		other.setToken(token)
		other.see(claim)
	})
	if wins != 1 {
		t.Errorf("%d requests got the value", wins)
	}
}

func TestClaimFailedConsumes(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetNotice("code") })
	br.see(func(s *shop.Session) {
		spy.failing(func(m string, _ int) failure {
			if m == "Update" {
				return failure{err: errOutage}
			}
			return failure{}
		})
		_, ok, err := s.ClaimNotice(ctx())
		if ok || err == nil {
			t.Errorf("claim during an outage = %v, %v", ok, err)
		}
		spy.failing(nil)
	})
	br.sees("notice", func(s *shop.Session) any { return s.HasNotice() }, true)
}

func TestClaimIsWonOnce(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetNotice("state") })
	var mu sync.Mutex
	won := 0
	var wg sync.WaitGroup
	managers := []*shop.Sessions{a.sessions, sessionsOn(t, a, a.store)}
	for i := range 32 {
		wg.Go(func() {
			managers[i%2].Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
				value, ok, err := s.ClaimNotice(ctx())
				if err != nil || ok != (value == "state") {
					t.Errorf("claim = %q, %v, %v", value, ok, err)
				}
				if ok {
					mu.Lock()
					won++
					mu.Unlock()
				}
			}).ServeHTTP(newRecorder(), b.request())
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d requests got the value", won)
	}
}

// What a request appended before it claims is nobody's yet: if another request
// was first, it stays for the next.
func TestClaimThatLosesKeepsWhatItAppended(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.AppendNotices("a") })
	br.parallel(func(s *shop.Session) {
		s.AppendNotices("mine")
		list, won, err := s.ClaimNotices(ctx())
		if err != nil || !won || !equal(list, []string{"mine"}) {
			t.Errorf("the second claim = %v, %v, %v", list, won, err)
		}
	}, func() {
		br.see(func(s *shop.Session) {
			if list, won, err := s.ClaimNotices(ctx()); err != nil || !won || !equal(list, []string{"a"}) {
				t.Errorf("the first claim = %v, %v, %v", list, won, err)
			}
		})
	})
	br.sees("notices", func(s *shop.Session) any { return s.HasNotices() }, false)
}
