package runtime_test

import (
	"log/slog"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/after"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/before"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/first"
)

func addedField(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(*before.Session) {})
	v.readAfter(id, func(s *after.Session) { v.is("HasAdded", s.HasAdded(), false) })
	v.inAfter(id, func(s *after.Session) { s.SetAdded("x") })
	v.inBefore(id, func(s *before.Session) { s.SetOther(1) })
	v.churn(id)
	v.readAfter(id, func(s *after.Session) { v.is("Added", s.Added(), "x") })
}

func removedField(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetRemoved("x") })
	v.churn(id)
	v.readBefore(id, func(s *before.Session) { v.is("Removed", s.Removed(), "x") })
}

// The entries of an index that the new version does not know are kept.
func removedIndex(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetFound("x"); s.SetBare("y") })
	v.churn(id)
	v.inAfter(id, func(s *after.Session) { s.SetIndexed("z") }) // writes the index
	v.is("found", found(t, v.before.FindByFound(ctx(), "x")), 1)
	v.is("found by a field that is no index now", found(t, v.before.FindByBare(ctx(), "y")), 1)
}

// A dropped name goes with the next write of the new version, and with no read.
func droppedField(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetDropped("x") })
	v.readAfter(id, func(*after.Session) {})
	v.inBefore(id, func(s *before.Session) { v.is("Dropped", s.Dropped(), "x"); s.SetOther(1) })
	v.churn(id)
	v.readBefore(id, func(s *before.Session) { v.is("HasDropped", s.HasDropped(), false) })
	v.inBefore(id, func(s *before.Session) { s.SetDropped("y") })
	v.readBefore(id, func(s *before.Session) { v.is("Dropped", s.Dropped(), "y") })
}

// Each version has a value of its own.
func changedWireName(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetHue("x") })
	v.readAfter(id, func(s *after.Session) { v.is("HasHue", s.HasHue(), false) })
	v.churn(id)
	v.inAfter(id, func(s *after.Session) { s.SetHue("y"); s.SetOther(1) })
	v.churn(id)
	v.readBefore(id, func(s *before.Session) { v.is("Hue of before", s.Hue(), "x") })
	v.readAfter(id, func(s *after.Session) { v.is("Hue of after", s.Hue(), "y") })
}

func changedWireNameAndDropped(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetSkin("x") })
	v.readAfter(id, func(s *after.Session) { v.is("HasSkin", s.HasSkin(), false) })
	v.inAfter(id, func(s *after.Session) { s.SetSkin("y"); s.SetOther(1) })
	v.churn(id)
	v.readBefore(id, func(s *before.Session) { v.is("HasSkin of before", s.HasSkin(), false) })
	v.readAfter(id, func(s *after.Session) { v.is("Skin of after", s.Skin(), "y") })
}

// createFirst makes a session of the version before both.
func (v *releases) createFirst(f func(*first.Session)) (sessions *first.Sessions, id string) {
	v.t.Helper()
	sessions, err := first.NewSessions(v.store, sess.Config{Now: v.clock.Now, Logger: slog.New(slog.DiscardHandler)})
	must(v.t, err)
	s, err := sessions.Create(ctx(), func(s *first.Session) error { s.SetOther(1); f(s); return nil })
	must(v.t, err)
	return sessions, s.ID()
}

// What was not written since the rename is lost to the version without was=.
func removedWas(t *testing.T) {
	v := bothReleases(t)
	sessions, id := v.createFirst(func(s *first.Session) { s.SetTone("x") })
	v.readBefore(id, func(s *before.Session) { v.is("Shade of before", s.Shade(), "x") })
	v.readAfter(id, func(s *after.Session) { v.is("HasShade of after", s.HasShade(), false); s.SetOther(1) })
	v.inAfter(id, func(s *after.Session) { s.SetOther(1) })
	s, err := sessions.Load(ctx(), id)
	must(t, err)
	v.is("Tone", s.Tone(), "x")

	// What one version set or cleared is so for the other one, although the
	// older name is still stored.
	id = v.createBefore(func(s *before.Session) { s.SetShade("x") })
	v.inAfter(id, func(s *after.Session) { s.SetShade("y") })
	v.inBefore(id, func(s *before.Session) { v.is("Shade of before", s.Shade(), "y"); s.SetOther(1) })
	v.readAfter(id, func(s *after.Session) { v.is("Shade of after", s.Shade(), "y") })
	v.inAfter(id, func(s *after.Session) { s.ClearShade() })
	v.readBefore(id, func(s *before.Session) { v.is("HasShade of before", s.HasShade(), false) })
	v.inBefore(id, func(s *before.Session) { s.SetOther(1) })
	v.churn(id)
	v.readBefore(id, func(s *before.Session) { v.is("HasShade of before in the end", s.HasShade(), false) })
	v.inBefore(id, func(s *before.Session) { s.SetShade("z") })
	v.readAfter(id, func(s *after.Session) { v.is("Shade of after", s.Shade(), "z") })

	// The version that knows the older name alone still reaches the middle one
	// after the newest wrote something else.
	sessions, id = v.createFirst(func(*first.Session) {})
	v.inBefore(id, func(s *before.Session) { s.SetShade("x") })
	v.inAfter(id, func(s *after.Session) { s.AddOther(1) })
	must(t, sessions.Update(ctx(), id, func(s *first.Session) error { s.SetTone("y"); return nil }))
	v.inAfter(id, func(s *after.Session) { s.AddOther(1) })
	v.readBefore(id, func(s *before.Session) { v.is("Shade of before", s.Shade(), "y") })
}

func droppedWas(t *testing.T) {
	v := bothReleases(t)
	sessions, id := v.createFirst(func(s *first.Session) { s.SetEarth("x") })
	v.readAfter(id, func(s *after.Session) { v.is("HasGround of after", s.HasGround(), false) })
	v.readBefore(id, func(s *before.Session) { v.is("Ground of before", s.Ground(), "x") })
	v.inAfter(id, func(s *after.Session) { s.SetOther(1) })
	s, err := sessions.Load(ctx(), id)
	must(t, err)
	v.is("HasEarth", s.HasEarth(), false)

	id = v.createBefore(func(s *before.Session) { s.SetGround("x") })
	v.inAfter(id, func(s *after.Session) { s.SetOther(1) }) // removes the older name
	v.readBefore(id, func(s *before.Session) { v.is("Ground of before", s.Ground(), "x") })
	v.inAfter(id, func(s *after.Session) { s.ClearGround() })
	v.readBefore(id, func(s *before.Session) { v.is("HasGround of before", s.HasGround(), false) })
}

// The new version has one value for what was two.
func mergedFields(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetLeft("l"); s.SetRight("r") })
	v.inAfter(id, func(s *after.Session) { s.SetOther(1) })
	v.readBefore(id, func(s *before.Session) { v.is("Left and Right are one", s.Left() == s.Right(), true) })
}

// The old version removes what the new one stores under a name that it drops.
func reusedName(t *testing.T) {
	v := bothReleases(t)
	id := v.createAfter(func(s *after.Session) { s.SetReused("x") })
	v.readBefore(id, func(*before.Session) {})
	v.readAfter(id, func(s *after.Session) { v.is("Reused", s.Reused(), "x") })
	v.inBefore(id, func(s *before.Session) { s.AddOther(1) })
	v.readAfter(id, func(s *after.Session) { v.is("HasReused", s.HasReused(), false) })
}

func droppedName(t *testing.T) {
	v := bothReleases(t)
	sessions, id := v.createFirst(func(s *first.Session) { s.SetForeign("x") })
	foreign := func() bool {
		s, err := sessions.Load(ctx(), id)
		must(t, err)
		return s.HasForeign()
	}
	v.inBefore(id, func(s *before.Session) { s.AddOther(1) })
	v.is("HasForeign after before wrote", foreign(), true)
	v.inAfter(id, func(s *after.Session) { s.AddOther(1) })
	v.is("HasForeign after after wrote", foreign(), false)
}

func undroppedName(t *testing.T) {
	v := bothReleases(t)
	sessions, id := v.createFirst(func(s *first.Session) { s.SetOldest("x") })
	oldest := func() bool {
		s, err := sessions.Load(ctx(), id)
		must(t, err)
		return s.HasOldest()
	}
	v.inAfter(id, func(s *after.Session) { s.AddOther(1) })
	v.is("HasOldest after after wrote", oldest(), true)
	v.inBefore(id, func(s *before.Session) { s.AddOther(1) })
	v.is("HasOldest after before wrote", oldest(), false)
}
