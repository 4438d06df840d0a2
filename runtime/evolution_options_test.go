package runtime_test

import (
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/evolve/after"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/before"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/bystander"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/owner"
)

// found counts the sessions that a finder yields.
func found[T any](t *testing.T, sessions iter.Seq2[T, error]) (n int) {
	t.Helper()
	for _, err := range sessions {
		must(t, err)
		n++
	}
	return n
}

// A signed number and an unsigned one have other bytes, which is what an index goes by.
func reencodedIndex(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetTeam(300) })
	v.is("found by before", found(t, v.before.FindByTeam(ctx(), 300)), 1)
	v.is("found by after", found(t, v.after.FindByTeam(ctx(), 300)), 0)
	v.inAfter(id, func(s *after.Session) { s.SetTeam(300) })
	v.is("found by after once it was set", found(t, v.after.FindByTeam(ctx(), 300)), 1)
	v.is("found by before then", found(t, v.before.FindByTeam(ctx(), 300)), 0)
}

func widenedIndex(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetOrg(300) })
	v.churn(id)
	v.createAfter(func(s *after.Session) { s.SetOrg(300) })
	v.is("found by before", found(t, v.before.FindByOrg(ctx(), 300)), 2)
	v.is("found by after", found(t, v.after.FindByOrg(ctx(), 300)), 2)
}

func addedIndex(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetIndexed("x"); s.SetUser("u") })
	v.is("found before a write", found(t, v.after.FindByIndexed(ctx(), "x")), 0)
	v.inAfter(id, func(s *after.Session) { s.SetOther(1) })
	v.is("found after a write", found(t, v.after.FindByIndexed(ctx(), "x")), 1)
	v.is("found by a new principal", found(t, v.after.FindByUser(ctx(), "u")), 1)
	v.churn(id)
	v.inBefore(id, func(s *before.Session) { s.SetIndexed("y") })
	v.is("found by what before set", found(t, v.after.FindByIndexed(ctx(), "y")), 1)
}

// Only the version that says so has a principal: setting it needs a new token.
func addedPrincipal(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetUser("x") })
	v.readAfter(id, func(s *after.Session) { v.is("User of before", s.User(), "x") })
	v.churn(id)
	v.inBefore(id, func(s *before.Session) { v.is("User of before", s.User(), "x"); s.SetUser("y") })
	err := v.after.Update(ctx(), id, func(s *after.Session) error { s.SetUser("z"); return nil })
	v.is("after refuses to set it without a request", err != nil, true)
	v.readAfter(id, func(s *after.Session) { v.is("User of before", s.User(), "y") })
	id = v.createAfter(func(s *after.Session) { s.SetUser("x") })
	v.churn(id)
	v.readBefore(id, func(s *before.Session) { v.is("User of after", s.User(), "x") })
}

// The new version keeps the entries of the field that it has no index of, and
// makes none.
func bareIndex(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetBare("x") })
	v.inAfter(id, func(s *after.Session) { s.SetBare("y") })
	v.is("found by what after set", found(t, v.before.FindByBare(ctx(), "y")), 1)
	v.is("found by what before set", found(t, v.before.FindByBare(ctx(), "x")), 0)
	made := v.createAfter(func(s *after.Session) { s.SetBare("z") })
	v.is("found by what after set first", found(t, v.before.FindByBare(ctx(), "z")), 0)
	v.inBefore(made, func(s *before.Session) { s.AddOther(1) })
	v.is("found once before wrote", found(t, v.before.FindByBare(ctx(), "z")), 1)
}

// A value lapses, or not, by the version that set it.
func addedTTL(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetLapses("x") })
	v.churn(id)
	v.clock.advance(time.Hour)
	v.readAfter(id, func(s *after.Session) { v.is("Lapses of before", s.Lapses(), "x") })
	v.inAfter(id, func(s *after.Session) { s.SetLapses("y"); s.SetOther(1) })
	v.churn(id)
	v.clock.advance(9 * time.Minute)
	v.readBefore(id, func(s *before.Session) { v.is("Lapses of after", s.Lapses(), "y") })
	v.clock.advance(2 * time.Minute)
	v.readBefore(id, func(s *before.Session) { v.is("HasLapses of after", s.HasLapses(), false) })
	v.readAfter(id, func(s *after.Session) { v.is("HasLapses of after", s.HasLapses(), false) })

	// What the version without ttl sets while a deadline runs does not lapse.
	v.inAfter(id, func(s *after.Session) { s.SetLapses("y") })
	v.inBefore(id, func(s *before.Session) { s.SetLapses("z") })
	v.clock.advance(time.Hour)
	v.readAfter(id, func(s *after.Session) { v.is("Lapses set by before", s.Lapses(), "z") })
	v.readBefore(id, func(s *before.Session) { v.is("Lapses set by before", s.Lapses(), "z") })
}

func removedTTL(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetLasts("x") })
	v.churn(id)
	v.clock.advance(11 * time.Minute)
	v.readAfter(id, func(s *after.Session) { v.is("HasLasts of before", s.HasLasts(), false) })
	v.inBefore(id, func(s *before.Session) { s.SetLasts("x"); s.SetOther(1) })
	v.churn(id)
	v.inAfter(id, func(s *after.Session) { s.SetLasts("y") })
	v.clock.advance(11 * time.Minute)
	v.readAfter(id, func(s *after.Session) { v.is("Lasts of after", s.Lasts(), "y") })
	v.readBefore(id, func(s *before.Session) { v.is("Lasts of after", s.Lasts(), "y") })

	// The same where the set is merged with what the other version committed.
	id = v.createBefore(func(s *before.Session) { s.SetLasts("x") })
	late, err := v.after.Load(ctx(), id)
	must(t, err)
	late.SetLasts("y")
	v.inBefore(id, func(s *before.Session) { s.SetLasts("z") })
	must(t, late.Save(ctx()))
	v.clock.advance(11 * time.Minute)
	v.readAfter(id, func(s *after.Session) { v.is("Lasts after a merge", s.Lasts(), "y") })
	// And for what the same session sets twice.
	v.inBefore(id, func(s *before.Session) { s.SetLasts("x") })
	twice, err := v.after.Load(ctx(), id)
	must(t, err)
	twice.SetLasts("y")
	must(t, twice.Save(ctx()))
	twice.SetOther(1)
	must(t, twice.Save(ctx()))
	v.clock.advance(11 * time.Minute)
	v.readAfter(id, func(s *after.Session) { v.is("Lasts after two saves", s.Lasts(), "y") })
}

func shortenedTTL(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(s *before.Session) { s.SetSooner("x") })
	v.churn(id)
	v.clock.advance(9 * time.Minute)
	v.readAfter(id, func(s *after.Session) { v.is("Sooner of before", s.Sooner(), "x") })
	v.inAfter(id, func(s *after.Session) { s.SetSooner("y") })
	v.clock.advance(6 * time.Minute)
	v.readBefore(id, func(s *before.Session) { v.is("HasSooner of after", s.HasSooner(), false) })
}

func changedDefault(t *testing.T) {
	v := bothReleases(t)
	id := v.createBefore(func(*before.Session) {})
	v.readAfter(id, func(s *after.Session) {
		v.is("Theme and Language of after", []string{s.Theme(), s.Language()}, []string{"light", ""})
	})
	v.churn(id)
	v.readBefore(id, func(s *before.Session) {
		v.is("Theme and Language of before", []string{s.Theme(), s.Language()}, []string{"", "en"})
	})
}

// A rest field that one version has shows what the other one stores, and
// either keeps what it can't show.
func TestRestFieldOfOneVersion(t *testing.T) {
	for _, pair := range [][3]string{{"owner", "bystander", "rest-added"}, {"bystander", "owner", "rest-removed"}} {
		rules := classify(t, pair[0], pair[1])["Rest"]
		if len(rules) != 1 || rules[0].ID != pair[2] || rules[0].Class != "safe" {
			t.Errorf("from %s to %s breaking reports %v of Rest", pair[0], pair[1], rules)
		}
	}
	v := newPrograms(t)
	s, err := v.owner.Create(ctx(), func(s *owner.Session) error { s.SetHue("x"); s.SetTree(&owner.Node{V: 1}); return nil })
	must(t, err)
	must(t, v.bystander.Update(ctx(), s.ID(), func(s *bystander.Session) error {
		if s.Rest()["hue"] != "x" {
			t.Errorf("Rest = %v", s.Rest())
		}
		s.PutRest("other", "y")
		return nil
	}))
	must(t, v.owner.Update(ctx(), s.ID(), func(s *owner.Session) error { s.SetOrg("o"); return nil }))
	o, e1 := v.owner.Load(ctx(), s.ID())
	b, e2 := v.bystander.Load(ctx(), s.ID())
	must(t, errors.Join(e1, e2))
	if o.Hue() != "x" || o.Tree() == nil || b.Rest()["other"] != "y" {
		t.Errorf("in the end %v and %v", o, b)
	}
}
