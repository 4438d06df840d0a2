package runtime_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/bystander"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/owner"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/successor"
)

// programs are three programs that share sessions: the owner of the fields,
// its successor with another spec, and a bystander that knows none of them.
type programs struct {
	t         *testing.T
	clock     *clock
	owner     *owner.Sessions
	bystander *bystander.Sessions
	successor *successor.Sessions
}

func newPrograms(t *testing.T) *programs {
	store := newMemory(t)
	v := &programs{t: t, clock: newClock()}
	cfg := sess.Config{Now: v.clock.Now, Logger: slog.New(slog.DiscardHandler)}
	var e1, e2, e3 error
	v.owner, e1 = owner.NewSessions(store, cfg)
	v.bystander, e2 = bystander.NewSessions(store, cfg)
	v.successor, e3 = successor.NewSessions(store, cfg)
	if err := errors.Join(e1, e2, e3); err != nil {
		t.Fatal(err)
	}
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRestLosesDeadline(t *testing.T) {
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.SetCode("1234"); s.SetTeam("blue"); s.SetOrg("o"); return nil })
	must(t, err)
	must(t, v.bystander.Update(ctx(), s.ID(), func(s *bystander.Session) error { s.SetVisits(1); return nil }))
	v.clock.advance(11 * time.Minute)
	got, err := v.owner.Load(ctx(), s.ID())
	must(t, err)
	if got.HasCode() {
		t.Errorf("a one-time code lives past its deadline: %q", got.Code())
	}
	other, err := v.bystander.Load(ctx(), s.ID())
	must(t, err)
	if _, ok := other.Rest()["code"]; ok {
		t.Error("a rest field shows a lapsed value")
	}
	// index: a write of an index by someone else after b's write
	must(t, v.successor.Update(ctx(), s.ID(), func(s *successor.Session) error { s.SetOrg("p"); return nil }))
	n := 0
	for _, err := range v.owner.FindByTeam(ctx(), "blue") {
		must(t, err)
		n++
	}
	if n != 1 {
		t.Errorf("found %d by team", n)
	}
}

func TestMisfitIndex(t *testing.T) {
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.SetTeam("blue"); s.SetOrg("o"); return nil })
	must(t, err)
	must(t, v.successor.Update(ctx(), s.ID(), func(s *successor.Session) error { s.SetOrg("p"); return nil }))
	n := 0
	for _, err := range v.owner.FindByTeam(ctx(), "blue") {
		must(t, err)
		n++
	}
	if n != 1 {
		t.Errorf("found %d by team", n)
	}
}

func TestAddedColumnReadOverwrites(t *testing.T) {
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.SetAddr(&owner.Addr{Street: "old"}); return nil })
	must(t, err)
	reader, err := v.successor.Load(ctx(), s.ID())
	must(t, err)
	_ = reader.Addr() // a read
	must(t, v.owner.Update(ctx(), s.ID(), func(s *owner.Session) error { s.SetAddr(&owner.Addr{Street: "new"}); return nil }))
	must(t, reader.Save(ctx()))
	got, err := v.owner.Load(ctx(), s.ID())
	must(t, err)
	if got.Addr().Street != "new" {
		t.Errorf("a read undid a set: %q", got.Addr().Street)
	}
}

func TestTTLSliceBaseLapsed(t *testing.T) {
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.AppendTags("a", "b"); return nil })
	must(t, err)
	v.clock.advance(9 * time.Minute)
	slow, err := v.owner.Load(ctx(), s.ID())
	must(t, err)
	slow.AppendTags("c")
	must(t, v.owner.Update(ctx(), s.ID(), func(s *owner.Session) error { s.AppendTags("d"); return nil }))
	v.clock.advance(2 * time.Minute)
	must(t, slow.Save(ctx()))
	if got := strings.Join(slow.Tags(), ""); got != "abdc" {
		t.Errorf("tags %s", got)
	}
}

func TestUpdatePanics(t *testing.T) {
	v := newPrograms(t)
	defer func() {
		if e := recover(); e != nil {
			t.Errorf("panic: %v (%T)", e, e)
		}
	}()
	_, err := v.owner.Create(ctx(), func(s *owner.Session) error {
		s.UpdateTree(func(*owner.Node) *owner.Node { n := &owner.Node{}; n.Next = n; return n })
		return nil
	})
	if !errors.Is(err, sess.ErrCycle) {
		t.Errorf("Create = %v", err)
	}
}

func TestReloadPanics(t *testing.T) {
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.SetTree(&owner.Node{V: 1}); return nil })
	must(t, err)
	defer func() {
		if e := recover(); e != nil {
			t.Errorf("panic: %v (%T)", e, e)
		}
	}()
	s.Tree().Next = s.Tree()
	if err := s.Save(ctx()); !errors.Is(err, sess.ErrCycle) {
		t.Errorf("Save = %v", err)
	}
	must(t, s.Reload(ctx()))
}

func TestWasClear(t *testing.T) {
	v := newPrograms(t)
	s, err := v.successor.Create(ctx(), func(s *successor.Session) error { s.SetTone("red"); return nil })
	must(t, err)
	must(t, v.owner.Update(ctx(), s.ID(), func(s *owner.Session) error { s.ClearHue(); return nil }))
	got, err := v.successor.Load(ctx(), s.ID())
	must(t, err)
	if got.HasTone() {
		t.Errorf("a clear by the older program is undone: %q", got.Tone())
	}
}

func TestWasTTL(t *testing.T) {
	v := newPrograms(t)
	s, err := v.successor.Create(ctx(), func(s *successor.Session) error { s.SetStyle("red"); return nil })
	must(t, err)
	v.clock.advance(5 * time.Minute)
	must(t, v.owner.Update(ctx(), s.ID(), func(s *owner.Session) error { s.SetLook("blue"); return nil }))
	v.clock.advance(6 * time.Minute)
	got, err := v.successor.Load(ctx(), s.ID())
	must(t, err)
	if got.Style() != "blue" {
		t.Errorf("style %q, has %v", got.Style(), got.HasStyle())
	}
}

func TestClearMisfit(t *testing.T) {
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.SetTeam("blue"); return nil })
	must(t, err)
	must(t, v.successor.Update(ctx(), s.ID(), func(s *successor.Session) error { s.ClearTeam(); return nil }))
	got, err := v.owner.Load(ctx(), s.ID())
	must(t, err)
	if got.HasTeam() {
		t.Errorf("a clear is dropped in silence: %s", got.Team())
	}
}

func TestClearMisfitOnConflict(t *testing.T) {
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.SetTeam("blue"); return nil })
	must(t, err)
	slow, err := v.successor.Load(ctx(), s.ID())
	must(t, err)
	slow.ClearTeam()
	must(t, v.owner.Update(ctx(), s.ID(), func(s *owner.Session) error { s.SetHue("red"); return nil }))
	must(t, slow.Save(ctx()))
	got, err := v.owner.Load(ctx(), s.ID())
	must(t, err)
	if got.HasTeam() || got.Hue() != "red" {
		t.Errorf("a clear is dropped in silence on a conflict: team %q, hue %q", got.Team(), got.Hue())
	}
}
