package runtime_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

func TestSessionLivesFromRequestToRequest(t *testing.T) {
	b := newApp(t, nil).browser()
	for want := 1; want <= 3; want++ {
		b.see(func(s *shop.Session) {
			if s.IsNew() != (want == 1) {
				t.Errorf("request %d: IsNew = %v", want, s.IsNew())
			}
			if got := s.AddVisits(1); got != want {
				t.Errorf("visits = %d, want %d", got, want)
			}
		})
	}
}

func TestEveryKindOfFieldRoundTrips(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("CET", 3600))
	b.see(func(s *shop.Session) {
		s.SetVisits(-7)
		s.SetTeam("blue")
		s.SetCart([]shop.Item{{SKU: "a", Qty: 1, Cents: 100}, {SKU: "b", Qty: 2, Cents: -5}})
		s.SetRoles([]string{})
		s.PutQty("x", 3)
		s.PutLabels("k", "v")
		s.SetLimit(5)
		s.SetLoginAt(at)
		s.SetAddress(&shop.Address{Street: "High Street", City: "Oxford"})
		s.SetStyle("bold")
		s.PutExtra("other", "thing")
		if !s.LoginAt().Equal(at) || s.LoginAt().Location() != time.UTC {
			t.Errorf("LoginAt in the same request = %v", s.LoginAt())
		}
	})
	b.see(func(s *shop.Session) {
		for _, c := range []struct {
			what      string
			got, want any
		}{
			{"Visits", s.Visits(), -7},
			{"Team", s.Team(), "blue"},
			{"Cart", s.Cart(), []shop.Item{{SKU: "a", Qty: 1, Cents: 100}, {SKU: "b", Qty: 2, Cents: -5}}},
			{"Roles", s.Roles(), []string{}},
			{"Qty", s.Qty(), map[string]int{"x": 3}},
			{"Labels", s.Labels(), map[string]string{"k": "v"}},
			{"Limit", s.Limit(), int64(5)},
			{"LoginAt", s.LoginAt(), at.UTC()},
			{"Address", *s.Address(), shop.Address{Street: "High Street", City: "Oxford"}},
			{"Style", s.Style(), "bold"},
			{"Extra", s.Extra(), map[string]string{"other": "thing"}},
			{"Theme", s.Theme(), "light"},
			{"HasTheme", s.HasTheme(), false},
			{"HasRoles", s.HasRoles(), true},
			{"HasSecret", s.HasSecret(), false},
		} {
			if !equal(c.got, c.want) {
				t.Errorf("%s = %#v, want %#v", c.what, c.got, c.want)
			}
		}
	})
}

func TestZeroSessionWorksWithEveryAccessor(t *testing.T) {
	s := &shop.Session{}
	if s.Theme() != "light" || s.Limit() != 10 || s.AddLimit(1) != 11 {
		t.Errorf("defaults: theme %q, limit %d", s.Theme(), s.Limit())
	}
	s.SetNotice("n")
	if s.TakeNotice() != "n" || s.HasNotice() {
		t.Error("a taken flash is still there")
	}
	s.SetStepUp(true)
	if !s.StepUp() || !s.HasStepUp() {
		t.Error("StepUp is not set")
	}
	s.UpdateVisits(func(n int) int { return n + 2 })
	if s.Visits() != 2 || s.AddQty("a", 2) != 2 {
		t.Error("update and add")
	}
	s.Renew()
	s.Touch()
	s.SetMaxAge(time.Hour)
	s.Reauthenticate()
	if err := s.Save(ctx()); !errors.Is(err, sess.ErrNoManager) {
		t.Errorf("Save = %v", err)
	}
	if err := s.Reload(ctx()); !errors.Is(err, sess.ErrNoManager) {
		t.Errorf("Reload = %v", err)
	}
	if s.ID() != "" || !s.CreatedAt().IsZero() || !s.ExpiresAt().IsZero() || !s.IsNew() {
		t.Error("a zero session has an identity")
	}
	s.Destroy()
	if s.HasVisits() || s.HasQty() {
		t.Error("Destroy leaves fields set")
	}
}

func TestNewVisitorWhoSetsNothingGetsNothing(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	rec := b.see(func(s *shop.Session) {
		s.Visits()
		s.Cart()
		s.ClearTheme()
		s.SetVisits(1)
		s.ClearVisits()
		if s.TakeNotice() != "" {
			t.Error("a flash out of nowhere")
		}
	})
	if len(rec.Result().Cookies()) != 0 {
		t.Errorf("a cookie for an empty session: %v", rec.Result().Cookies())
	}
	if got := rec.Header().Get("Vary"); got != "Cookie" {
		t.Errorf("Vary = %q", got)
	}
}

func TestInPlaceChangesAreSaved(t *testing.T) {
	b := newApp(t, nil).browser()
	b.see(func(s *shop.Session) {
		s.SetCart([]shop.Item{{SKU: "a", Qty: 1}})
		s.SetLabels(map[string]string{"k": "v"})
		s.SetAddress(&shop.Address{City: "Oxford"})
	})
	b.see(func(s *shop.Session) {
		s.Cart()[0].Qty = 5
		s.Labels()["k"] = "w"
		s.Address().City = "Cambridge"
	})
	b.see(func(s *shop.Session) {
		if s.Cart()[0].Qty != 5 || s.Labels()["k"] != "w" || s.Address().City != "Cambridge" {
			t.Errorf("got %v %v %v", s.Cart(), s.Labels(), s.Address())
		}
	})
}

func TestAReadWritesNothing(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy)
	b := a.browser()
	b.see(func(s *shop.Session) { s.AppendCart(shop.Item{SKU: "a"}); s.SetNotice("n") })
	spy.reset()
	rec := b.see(func(s *shop.Session) { s.Cart(); s.Visits(); s.HasNotice() })
	if got := spy.calls(); got != "Load" {
		t.Errorf("a read called %s", got)
	}
	if len(rec.Result().Cookies()) != 0 {
		t.Error("a read set a cookie")
	}
	a.clock.advance(sess.DefaultIdleTimeout/10 + time.Second)
	spy.reset()
	if b.see(func(s *shop.Session) { s.Visits() }); spy.calls() != "Load Touch" {
		t.Errorf("a read after a tenth of the idle timeout called %s", spy.calls())
	}
	spy.reset()
	if b.see(func(s *shop.Session) { s.Visits() }); spy.calls() != "Load" {
		t.Errorf("the next read called %s", spy.calls())
	}
}

func TestValuesThatCannotBeStored(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetCode("abc"); s.SetTree(&shop.Node{Name: "a", Next: &shop.Node{Name: "b"}}) })
	b.see(func(s *shop.Session) {
		if s.Code() != "abc" || s.Tree().Next.Name != "b" {
			t.Errorf("got %v %v", s.Code(), s.Tree())
		}
		cycle := s.Tree()
		cycle.Next.Next = cycle
		if err := s.Save(ctx()); !errors.Is(err, sess.ErrCycle) {
			t.Errorf("Save of a cycle = %v", err)
		}
		s.ClearTree()
	})
	rec := b.see(func(s *shop.Session) { s.SetCode("top secret") })
	if rec.Code != http.StatusInternalServerError || strings.Contains(a.logs.String(), "top secret") || !strings.Contains(a.logs.String(), "shop.Code: its MarshalText failed") {
		t.Errorf("a value that does not marshal: %d, %s", rec.Code, a.logs)
	}
	b.sees("code", func(s *shop.Session) any { return s.Code() }, shop.Code("abc"))
}

func TestSaveInAGoroutineThatOutlivesTheRequest(t *testing.T) {
	b := newApp(t, nil).browser()
	ended, result := make(chan struct{}), make(chan error)
	b.see(func(s *shop.Session) {
		s.SetVisits(1)
		go func() {
			<-ended
			result <- s.Save(ctx())
		}()
	})
	close(ended)
	if err := <-result; !errors.Is(err, sess.ErrEnded) {
		t.Errorf("Save = %v", err)
	}
}

func TestSaveAndReload(t *testing.T) {
	b := newApp(t, nil).browser()
	b.see(func(s *shop.Session) {
		if err := s.Reload(ctx()); !errors.Is(err, sess.ErrNotFound) {
			t.Errorf("Reload of a new session = %v", err)
		}
		s.SetVisits(1)
		if err := s.Save(ctx()); err != nil {
			t.Fatal(err)
		}
		s.SetVisits(2)
		if err := s.Reload(ctx()); err != nil || s.Visits() != 1 {
			t.Errorf("Reload = %v, visits %d", err, s.Visits())
		}
		s.AddVisits(10)
	})
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 11)
}

func TestSessionEndsWithItsRequest(t *testing.T) {
	b := newApp(t, nil).browser()
	var kept *shop.Session
	b.see(func(s *shop.Session) { s.SetVisits(1); kept = s })
	kept.SetVisits(2)
	if err := kept.Save(ctx()); !errors.Is(err, sess.ErrEnded) {
		t.Errorf("Save after the request = %v", err)
	}
	if err := kept.Reload(ctx()); !errors.Is(err, sess.ErrEnded) {
		t.Errorf("Reload after the request = %v", err)
	}
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 1)
}

func TestAppendDoesNotWriteIntoTheCallersSlice(t *testing.T) {
	shared := make([]string, 1, 8)
	var s1, s2 shop.Session
	s1.SetRoles(shared)
	s2.SetRoles(shared)
	s1.AppendRoles("guest")
	s2.AppendRoles("admin")
	if s1.Roles()[1] != "guest" {
		t.Errorf("s1 has %v", s1.Roles())
	}
}

func TestLateChangeOfAnUpdatedPointer(t *testing.T) {
	br := newApp(t, nil).browser()
	br.do(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		s.UpdateAddress(func(a *shop.Address) *shop.Address { return &shop.Address{City: "x"} })
		w.Write([]byte("x"))
		s.Address().City = "y"
	})
	br.sees("city", func(s *shop.Session) any { return s.Address().City }, "y")
}
