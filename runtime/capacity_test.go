package runtime_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// TestFullStoreRejects: under RejectWhenFull who has a session keeps it, and a new
// visitor who would need one is told that the store is full.
func TestFullStoreRejects(t *testing.T) {
	memory := memstore.New(memstore.MaxRecords(3), memstore.RejectWhenFull(), memstore.SweepEvery(0))
	defer memory.Close()
	a := newApp(t, memory)
	var there []*browser
	for range 3 {
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		there = append(there, b)
	}
	if rec := a.browser().see(func(s *shop.Session) { s.Visits() }); rec.Code != http.StatusOK {
		t.Errorf("a visitor who needs no session: %d", rec.Code)
	}
	rec := a.browser().see(func(s *shop.Session) { s.SetVisits(1) })
	if rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) != 0 || !strings.Contains(a.logs.String(), "raise MaxRecords") {
		t.Errorf("a new visitor: %d, %s", rec.Code, a.logs)
	}
	for _, b := range there {
		if rec := b.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Code != http.StatusOK {
			t.Errorf("a visitor with a session: %d", rec.Code)
		}
		b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 2)
	}
	// A login needs a record more; that it fails must not cost the session.
	if rec := there[0].see(func(s *shop.Session) { s.SetUserID("u1") }); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("a login: %d", rec.Code)
	}
	there[0].sees("visits", func(s *shop.Session) any { return s.Visits() }, 2)
	a.clock.advance(sess.DefaultIdleTimeout + time.Second)
	if rec := a.browser().see(func(s *shop.Session) { s.SetVisits(1) }); rec.Code != http.StatusOK {
		t.Errorf("a new visitor after the others have expired: %d", rec.Code)
	}
}

// TestFullStoreEvicts: by default the session not used for longest goes. Its
// visitor is new, and a request of his that was in flight is refused.
func TestFullStoreEvicts(t *testing.T) {
	memory := memstore.New(memstore.MaxRecords(3), memstore.SweepEvery(0))
	defer memory.Close()
	a := newApp(t, memory)
	var there []*browser
	for range 3 {
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		there = append(there, b)
		a.clock.advance(time.Minute)
	}
	rec := there[0].parallel(func(s *shop.Session) { s.AddVisits(1) }, func() {
		if rec := a.browser().see(func(s *shop.Session) { s.SetVisits(1) }); rec.Code != http.StatusOK {
			t.Errorf("a new visitor: %d", rec.Code)
		}
	})
	if rec.Code != http.StatusConflict || len(rec.Result().Cookies()) != 0 {
		t.Errorf("a request in flight: %d", rec.Code)
	}
	for i, want := range []int{0, 1, 1} {
		there[i].sees("visits", func(s *shop.Session) any { return s.Visits() }, want)
	}
}

// TestCloseDuringRequests: requests that are under way when the store closes
// succeed or fail as in an outage, and every later one fails.
func TestCloseDuringRequests(t *testing.T) {
	memory := memstore.New()
	a := newApp(t, memory)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	token := b.token()
	var wg sync.WaitGroup
	closing := make(chan struct{})
	for client := range 8 {
		wg.Go(func() {
			for i := range 50 {
				if client == 0 && i == 25 {
					close(closing)
				}
				rec := serveAs(a.sessions, token, func(s *shop.Session) {
					if s.IsNew() {
						t.Error("a closed store is an empty session")
					}
					s.AddVisits(1)
				})
				if rec.Code != http.StatusOK && rec.Code != http.StatusServiceUnavailable {
					t.Errorf("status %d", rec.Code)
				}
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			<-closing
			if err := memory.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if rec := serveAs(a.sessions, token, func(*shop.Session) { t.Error("the handler ran") }); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("after Close: %d", rec.Code)
	}
}
