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

func TestPrincipalRenewsAndRestartsClocks(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	var id string
	b.see(func(s *shop.Session) { s.SetVisits(1); id = s.ID() })
	anonymous := b.token()
	a.clock.advance(20 * time.Hour)
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	if b.token() == anonymous || b.token() == "" {
		t.Fatal("login kept the token")
	}
	b.see(func(s *shop.Session) {
		if s.Visits() != 1 || s.UserID() != "u1" || s.ID() == id {
			t.Errorf("after login: %v, id %s", s, s.ID())
		}
		if want := a.clock.Now().Add(sess.DefaultIdleTimeout); !s.ExpiresAt().Equal(want) {
			t.Errorf("ExpiresAt = %v, want %v", s.ExpiresAt(), want)
		}
	})
	thief := a.browser()
	thief.setToken(anonymous)
	thief.sees("user of the old token", func(s *shop.Session) any { return s.UserID() + s.Theme() }, "light")
	loggedIn := b.token()
	b.see(func(s *shop.Session) { s.ClearUserID() })
	if b.token() == loggedIn {
		t.Error("logout by clearing the principal kept the token")
	}
}

func TestDestroyThenSetLeavesAFlash(t *testing.T) {
	b := newApp(t, nil).browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1"); s.SetVisits(9); s.AppendCart(shop.Item{SKU: "a"}) })
	old := b.token()
	b.see(func(s *shop.Session) {
		s.Destroy()
		if s.UserID() != "" || s.Visits() != 0 || len(s.Cart()) != 0 || s.HasUserID() {
			t.Errorf("fields after Destroy: %v", s)
		}
		s.SetNotice("Bye")
	})
	if b.token() == old || b.token() == "" {
		t.Fatal("no fresh session after Destroy and Set")
	}
	b.see(func(s *shop.Session) {
		if s.HasUserID() || s.TakeNotice() != "Bye" {
			t.Errorf("after logout: %v", s)
		}
	})
	b.sees("flash", func(s *shop.Session) any { return s.HasNotice() }, false)
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	rec := b.see(func(s *shop.Session) { s.Destroy() })
	c := rec.Result().Cookies()
	if len(c) != 1 || c[0].MaxAge != -1 || c[0].Name != "__Host-session" || !c[0].Secure || c[0].Path != "/" {
		t.Errorf("deletion cookie: %v", rec.Header())
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

func TestDestroyForgetsAStaleToken(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.setToken(strings.Repeat("A", 43))
	b.see(func(s *shop.Session) { s.Visits() })
	if b.token() == "" {
		t.Error("a read deletes a stale cookie")
	}
	b.see(func(s *shop.Session) { s.Destroy() })
	if b.token() != "" {
		t.Error("a logout leaves a stale cookie")
	}
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

func TestIDsAreCheckedBeforeTheStoreIsAsked(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy)
	for _, id := range []string{"", "x", strings.Repeat("A", 42), strings.Repeat("A", 42) + "!", strings.Repeat("A", 42) + "B", strings.Repeat("A", 44)} {
		if _, err := a.sessions.Load(ctx(), id); !errors.Is(err, sess.ErrNotFound) || spy.calls() != "" {
			t.Errorf("Load(%q) = %v, the store was asked: %s", id, err, spy.calls())
		}
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

func TestWithoutARequest(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	var id string
	b.see(func(s *shop.Session) { id = s.ID(); s.SetVisits(1) })
	b.see(func(s *shop.Session) {
		if s.ID() != id {
			t.Errorf("ID changed from %s to %s", id, s.ID())
		}
		if a.sessions.Token(s) != b.token() || s.ID() == b.token() {
			t.Error("Token is not the cookie's, or the id is")
		}
	})
	if err := a.sessions.Update(ctx(), id, func(s *shop.Session) error { s.AddVisits(1); return nil }); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no")
	if err := a.sessions.Update(ctx(), id, func(s *shop.Session) error { s.AddVisits(1); return failure }); err != failure {
		t.Errorf("Update = %v", err)
	}
	s, err := a.sessions.Load(ctx(), id)
	if err != nil || s.Visits() != 2 {
		t.Fatalf("Load = %v, %v", s, err)
	}
	s.AddVisits(1)
	if err := s.Save(ctx()); err != nil {
		t.Fatal(err)
	}
	if s, err = a.sessions.Open(ctx(), b.token()); err != nil || s.Visits() != 3 {
		t.Fatalf("Open = %v, %v", s, err)
	}
	made, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u9"); return nil })
	if err != nil {
		t.Fatal(err)
	}
	other := a.browser()
	other.setToken(a.sessions.Token(made))
	other.sees("user", func(s *shop.Session) any { return s.UserID() }, "u9")
	n := 0
	for s, err := range a.sessions.List(ctx()) {
		if err != nil || s.ID() == "" {
			t.Error(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("List yields %d sessions", n)
	}
	if err := a.sessions.Destroy(ctx(), id); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{a.sessions.Destroy(ctx(), id), a.sessions.Update(ctx(), id, nil)} {
		if !errors.Is(err, sess.ErrNotFound) {
			t.Errorf("after Destroy: %v", err)
		}
	}
	if _, err := a.sessions.Open(ctx(), "nonsense"); !errors.Is(err, sess.ErrNotFound) {
		t.Errorf("Open(nonsense) = %v", err)
	}
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 0)
}

func TestIndex(t *testing.T) {
	a := newApp(t, nil)
	login := func(user string) *browser {
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetUserID(user); s.SetTeam("blue") })
		return b
	}
	one, two, other := login("u1"), login("u1"), login("u2")
	count := func(user string) (n int) {
		for s, err := range a.sessions.FindByUserID(ctx(), user) {
			if err != nil || s.UserID() != user {
				t.Errorf("found %v, %v", s, err)
			}
			n++
		}
		return n
	}
	if count("u1") != 2 || count("u2") != 1 || count("u3") != 0 {
		t.Errorf("found %d %d %d", count("u1"), count("u2"), count("u3"))
	}
	one.see(func(s *shop.Session) { s.SetTeam("red") })
	n := 0
	for range a.sessions.FindByTeam(ctx(), "blue") {
		n++
	}
	if n != 2 {
		t.Errorf("team blue has %d sessions", n)
	}
	one.see(func(s *shop.Session) {
		n, err := a.sessions.DestroyByUserID(ctx(), "u1", sess.Except(s))
		if n != 1 || err != nil {
			t.Errorf("DestroyBy = %d, %v", n, err)
		}
	})
	one.sees("kept session", func(s *shop.Session) any { return s.UserID() }, "u1")
	two.sees("destroyed session", func(s *shop.Session) any { return s.UserID() }, "")
	other.sees("another user", func(s *shop.Session) any { return s.UserID() }, "u2")
	one.see(func(s *shop.Session) { s.ClearUserID() })
	if count("u1") != 0 {
		t.Error("found after the principal was cleared")
	}
}

func TestPrintingRedacts(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) {
		s.SetSecret("hunter2")
		s.SetVisits(3)
		s.SetTeam("blue")
		text, err := s.MarshalJSON()
		if err != nil || string(text) != `{"visits":3,"team":"blue"}` {
			t.Errorf("MarshalJSON = %s, %v", text, err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
			got := sprintf(verb, s)
			if got != "shop.Session{visits:3 team:blue}" {
				t.Errorf("%s prints %s", verb, got)
			}
		}
		if got := s.LogValue().String(); strings.Contains(got, "hunter2") || !strings.Contains(got, "visits=3") || !strings.Contains(got, s.ID()) {
			t.Errorf("LogValue = %s", got)
		}
		names := ""
		for name := range s.All() {
			names += name + " "
		}
		if names != "visits team " {
			t.Errorf("All yields %s", names)
		}
	})
}
