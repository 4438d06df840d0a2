package runtime_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// FuzzMerge makes a history of up to three requests from its input, each of
// which loads, calls accessors of one field, saves and goes on, and compares
// what is stored after each save with the model of promise 2. The first byte
// chooses the field; each other one a request, and what it does.
func FuzzMerge(f *testing.F) {
	kinds := fieldKinds()
	for kind := range kinds {
		f.Add([]byte{byte(kind), 0x10, 0x21, 0x00, 0x01})
		f.Add([]byte{byte(kind), 0x20, 0x11, 0x32, 0x01, 0x00, 0x30, 0x02, 0x00})
		f.Add([]byte{byte(kind), 0x40, 0x31, 0x00, 0x50, 0x01, 0xf0, 0x21, 0x00, 0x01})
	}
	memory := memstore.New(memstore.MaxRecords(10_000))
	f.Cleanup(func() { memory.Close() })
	sessions, err := shop.NewSessions(memory, sess.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, history []byte) {
		if len(history) == 0 || len(history) > 64 {
			return
		}
		kind := kinds[int(history[0])%len(kinds)]
		made, err := sessions.Create(ctx(), func(s *shop.Session) error {
			s.SetSecret("there is a session")
			if kind.before != nil {
				kind.before(s)
			}
			return nil
		})
		must(t, err)
		load := func() *shop.Session {
			s, err := sessions.Load(ctx(), made.ID())
			must(t, err)
			return s
		}
		stored := kind.first
		var held [3]*shop.Session
		var models [3]*modelRequest
		var told []string
		for _, b := range history[1:] {
			i := int(b&15) % 3
			if held[i] == nil || b>>4 == 15 {
				held[i], models[i] = load(), &modelRequest{base: stored, local: stored}
				told = append(told, sprintf("%d loads", i))
			}
			s, m := held[i], models[i]
			if action := int(b >> 4); action > 0 && action <= len(kind.steps) {
				step := kind.steps[action-1]
				step.do(s)
				m.run(step)
				told = append(told, sprintf("%d: %s", i, step.name))
			} else if action == 0 {
				must(t, s.Save(ctx()))
				told = append(told, sprintf("%d saves", i))
				if len(m.did) > 0 {
					stored = m.commit(stored)
					*m = modelRequest{base: stored, local: stored}
				}
			}
			if got := kind.get(s); !kind.same(got, m.local) {
				t.Fatalf("%s: %s: the session holds %v, the model %v", kind.name, strings.Join(told, ", "), got, m.local)
			}
		}
		if got := kind.get(load()); !kind.same(got, stored) {
			t.Fatalf("%s: %s: stored %v, the model says %v", kind.name, strings.Join(told, ", "), got, stored)
		}
	})
}

// FuzzIndex: whatever a record holds, and says of its index, a session that is
// saved is found by the values of its indexed fields and by no other.
func FuzzIndex(f *testing.F) {
	for _, v := range readRecordVectors(f) {
		f.Add(v, "blue", "u1")
	}
	f.Add([]byte("\x01"+strings.Repeat("\x00", 31)+"\x81\xa4team\xa3red\x81\xa1i\x92\xa4team\xa5other"), "", "\x00")
	f.Fuzz(func(t *testing.T, data []byte, team, user string) {
		a := newTestApp(t)
		id := strings.Repeat("A", 43)
		must(t, a.memory.Create(ctx(), id, sess.Record{Data: data, Stamp: 1}))
		found := func(value string) (n int) {
			for s, err := range a.sessions.FindByTeam(ctx(), value) {
				must(t, err)
				if s.Team() != value || s.ID() != id {
					t.Errorf("found %v by team %q", s, value)
				}
				n++
			}
			return n
		}
		change := func(f func(*shop.Session)) bool {
			err := a.sessions.Update(ctx(), id, func(s *shop.Session) error { f(s); return nil })
			return err == nil // else it can't be read, or is too large
		}
		if !change(func(s *shop.Session) { s.SetTeam(team) }) {
			return
		}
		if found(team) != 1 || found(team+"x") != 0 {
			t.Errorf("after SetTeam(%q): found %d and %d", team, found(team), found(team+"x"))
		}
		if change(func(s *shop.Session) { s.AddVisits(1) }) && found(team) != 1 {
			t.Error("another field's change takes the session out of the index")
		}
		if change(func(s *shop.Session) { s.SetTeam(team + "x") }) && (found(team) != 0 || found(team+"x") != 1) {
			t.Errorf("after a change: found %d and %d", found(team), found(team+"x"))
		}
		if change(func(s *shop.Session) { s.ClearTeam() }) && found(team+"x") != 0 {
			t.Error("found by a value that was cleared")
		}
	})
}

// FuzzRevocationEntry: an entry of a list that is not ours to trust ends the
// session, excepts it or is an outage; it never panics, nor opens what it ended.
func FuzzRevocationEntry(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(make([]byte, 32), true)
	f.Add(append([]byte{1}, make([]byte, 31)...), false)
	f.Add(append([]byte{1}, make([]byte, 37)...), true)
	f.Add(append([]byte{2}, make([]byte, 31)...), true)
	f.Fuzz(func(t *testing.T, data []byte, ofPrincipal bool) {
		list := &badStore{spyStore: spyStore{Store: memstore.New(memstore.RejectWhenFull(), memstore.SweepEvery(0))}}
		sessions, err := shop.NewSessions(cookiestore.New(testKey).RevokeIn(list),
			sess.Config{AllowMissingIndex: true, Now: newClock().Now, Logger: slog.New(slog.DiscardHandler)})
		must(t, err)
		s, err := sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u1"); return nil })
		must(t, err)
		looks := 0
		list.load = func(context.Context, string) (sess.Record, error) {
			if looks++; ofPrincipal == (looks == 1) {
				return sess.Record{}, sess.ErrNotFound
			}
			return sess.Record{Data: data, Stamp: 1}, nil
		}
		_, err = sessions.Open(ctx(), sessions.Token(s))
		readable := len(data) >= 32 && data[0] == 1
		switch {
		case !readable && !errors.Is(err, sess.ErrUnavailable):
			t.Errorf("an entry that can't be read: %v", err)
		case readable && !ofPrincipal && !errors.Is(err, sess.ErrNotFound):
			t.Errorf("an entry of the session: %v", err)
		case readable && err != nil && !errors.Is(err, sess.ErrNotFound):
			t.Errorf("an entry of the principal: %v", err)
		}
	})
}
