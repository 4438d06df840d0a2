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
	found  func()
	broken error // what Find ends with
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

// TestFindGoesOnAfterAnUnreadableRecord: a page of somebody's sessions shows
// those that can be read, and "log out everywhere" ends them all.
func TestFindGoesOnAfterAnUnreadableRecord(t *testing.T) {
	memory := newMemory(t)
	a := newApp(t, memory)
	created := map[string]*shop.Session{}
	for _, team := range []string{"whole", "newer", "corrupt", "header"} {
		s, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u1"); s.SetTeam(team); return nil })
		must(t, err)
		created[team] = s
	}
	damage := func(team string, f func(data []byte) []byte) {
		id := created[team].ID()
		old, err := memory.Load(ctx(), id)
		must(t, err)
		next := sess.Record{Data: f(bytes.Clone(old.Data)), Stamp: old.Stamp + 1, Expires: old.Expires}
		must(t, memory.Update(ctx(), id, old, next))
	}
	damage("newer", func(data []byte) []byte { data[0] = 9; return data })
	damage("corrupt", func(data []byte) []byte { return data[:len(data)-1] })
	damage("header", func(data []byte) []byte { return data[:5] })

	for name, sessions := range map[string]iter.Seq2[*shop.Session, error]{
		"FindBy": a.sessions.FindByUserID(ctx(), "u1"), "List": a.sessions.List(ctx()),
	} {
		read, newer, corrupt := 0, 0, 0
		for s, err := range sessions {
			switch {
			case err == nil && s.Team() == "whole":
				read++
			case s == nil && errors.Is(err, sess.ErrNewerFormat):
				newer++
			case s == nil && errors.Is(err, sess.ErrCorrupt):
				corrupt++
			default:
				t.Errorf("%s yields %v, %v", name, s, err)
			}
		}
		if read != 1 || newer != 1 || corrupt != 2 {
			t.Errorf("%s yields %d sessions, %d newer and %d corrupt ones", name, read, newer, corrupt)
		}
	}
	if n, err := a.sessions.DestroyByUserID(ctx(), "u1"); n != 4 || err != nil {
		t.Errorf("DestroyBy = %d, %v", n, err)
	}
	for s, err := range a.sessions.FindByUserID(ctx(), "u1") {
		t.Errorf("still there: %v, %v", s, err)
	}
}

// TestFindEndsWithItsIndex: an index that can't answer ends the iteration, with
// an error after what it has told.
func TestFindEndsWithItsIndex(t *testing.T) {
	st := &findStore{spyStore: spyStore{Store: newMemory(t)}, found: func() {}, broken: errors.New("connection lost")}
	a := newApp(t, st)
	_, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u1"); return nil })
	must(t, err)
	var got []string
	for s, err := range a.sessions.FindByUserID(ctx(), "u1") {
		switch {
		case err == nil:
			got = append(got, s.UserID())
		case s == nil && errors.Is(err, sess.ErrUnavailable) && errors.Is(err, st.broken):
			got = append(got, "error")
		default:
			t.Errorf("yields %v, %v", s, err)
		}
	}
	if len(got) != 2 || got[0] != "u1" || got[1] != "error" {
		t.Errorf("yields %q", got)
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
		if s.broken != nil && yield("", s.broken) {
			yield("", errors.New("asked again after an error"))
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
