package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestDestroyByRenew(t *testing.T) {
	st := &findStore{spyStore: spyStore{Store: newMemory(t)}}
	app := newApp(t, st)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetUserID("u1") })
	once := true
	st.found = func() {
		if once {
			once = false
			br.see(func(s *shop.Session) { s.Renew() })
		}
	}
	if n, err := app.sessions.DestroyByUserID(ctx(), "u1"); n != 1 || err != nil {
		t.Errorf("DestroyBy = %d, %v", n, err)
	}
	br.sees("user", func(s *shop.Session) any { return s.UserID() }, "")
}

type findStore struct {
	spyStore
	found func()
}

func TestDestroyNewer(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	s, err := app.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u"); return nil })
	must(t, err)
	rec, err := spy.records.Load(ctx(), s.ID())
	must(t, err)
	next := rec
	next.Data = bytes.Clone(rec.Data)
	next.Data[0] = 9
	next.Stamp++
	next.Index = nil
	must(t, spy.records.Update(ctx(), s.ID(), rec, next))
	if n, err := app.sessions.DestroyByUserID(ctx(), "u"); n != 1 || err != nil {
		t.Errorf("DestroyBy = %d, %v", n, err)
	}
	if err := app.sessions.Destroy(ctx(), s.ID()); !errors.Is(err, sess.ErrNotFound) {
		t.Errorf("Destroy of what was destroyed: %v", err)
	}
}

func (s *findStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.spyStore.Bind(setup)
	parts.Records = s
	return parts, err
}

func (s *findStore) Find(ctx context.Context, e sess.IndexEntry) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var keys []string
		for k := range s.records.(sess.Finder).Find(ctx, e) {
			keys = append(keys, k)
		}
		s.found()
		for _, k := range keys {
			if !yield(k, nil) {
				return
			}
		}
	}
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
