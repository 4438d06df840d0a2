package runtime_test

import (
	"errors"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestCreateEmpty(t *testing.T) {
	app := newTestApp(t)
	s, err := app.sessions.Create(ctx(), nil)
	if err == nil && app.sessions.Token(s) == "" {
		t.Error("Create without fields: no token and no error")
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
