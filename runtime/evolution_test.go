package runtime_test

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/internal/parse"
	"github.com/sessiongen/sessiongen/internal/schema"
	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/after"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/before"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// releases are two versions of an application at once on one store: packages
// before and after, between which every kind of change was made.
type releases struct {
	t      *testing.T
	clock  *clock
	store  *memstore.Store
	before *before.Sessions
	after  *after.Sessions
}

func bothReleases(t *testing.T) *releases {
	v := &releases{t: t, clock: newClock(), store: newMemory(t)}
	cfg := sess.Config{Now: v.clock.Now, Logger: slog.New(slog.DiscardHandler)}
	var e1, e2 error
	v.before, e1 = before.NewSessions(v.store, cfg)
	v.after, e2 = after.NewSessions(v.store, cfg)
	must(t, errors.Join(e1, e2))
	return v
}

func (v *releases) createBefore(f func(*before.Session)) (id string) {
	v.t.Helper()
	s, err := v.before.Create(ctx(), func(s *before.Session) error { s.SetOther(1); f(s); return nil })
	must(v.t, err)
	return s.ID()
}

func (v *releases) createAfter(f func(*after.Session)) (id string) {
	v.t.Helper()
	s, err := v.after.Create(ctx(), func(s *after.Session) error { s.SetOther(1); f(s); return nil })
	must(v.t, err)
	return s.ID()
}

func (v *releases) inBefore(id string, f func(*before.Session)) {
	v.t.Helper()
	must(v.t, v.before.Update(ctx(), id, func(s *before.Session) error { f(s); return nil }))
}

func (v *releases) inAfter(id string, f func(*after.Session)) {
	v.t.Helper()
	must(v.t, v.after.Update(ctx(), id, func(s *after.Session) error { f(s); return nil }))
}

// Reads are by Load, so that nothing is written.

func (v *releases) readBefore(id string, f func(*before.Session)) {
	v.t.Helper()
	s, err := v.before.Load(ctx(), id)
	must(v.t, err)
	f(s)
}

func (v *releases) readAfter(id string, f func(*after.Session)) {
	v.t.Helper()
	s, err := v.after.Load(ctx(), id)
	must(v.t, err)
	f(s)
}

// churn has both versions write something else: in turn, and at the same time,
// where the later one merges with what the other committed.
func (v *releases) churn(id string) {
	v.t.Helper()
	v.inAfter(id, func(s *after.Session) { s.AddOther(1) })
	v.inBefore(id, func(s *before.Session) { s.AddOther(1) })
	for _, beforeFirst := range []bool{true, false} {
		b, e1 := v.before.Load(ctx(), id)
		a, e2 := v.after.Load(ctx(), id)
		must(v.t, errors.Join(e1, e2))
		b.AddOther(1)
		a.AddOther(1)
		saves := []func() error{func() error { return a.Save(ctx()) }, func() error { return b.Save(ctx()) }}
		if beforeFirst {
			slices.Reverse(saves)
		}
		for _, save := range saves {
			must(v.t, save())
		}
	}
	v.inAfter(id, func(s *after.Session) { v.is("Other", s.AddOther(1), 8) })
}

func (v *releases) is(what string, got, want any) {
	v.t.Helper()
	if !reflect.DeepEqual(got, want) {
		v.t.Errorf("%s = %#v, want %#v", what, got, want)
	}
}

// evolution is one changed field.
type evolution struct {
	field string
	rules string // that breaking reports of it, but for changes of the source
	lost  bool   // something that package before stored is not read by package after
	run   func(t *testing.T)
}

// changed is an evolution of a field that both versions have: package before
// stores value, and package after reads it as reads; package after stores back,
// and package before reads it as backReads. Neither loses what it stored itself,
// whatever the other one writes.
func changed[B, A any](field, rules string, value B, reads A, back A, backReads B,
	setBefore func(*before.Session, B), getBefore func(*before.Session) B,
	setAfter func(*after.Session, A), getAfter func(*after.Session) A,
) evolution {
	e := evolution{field: field, rules: rules}
	var zero A
	e.lost = reflect.DeepEqual(reads, zero)
	e.run = func(t *testing.T) {
		v := bothReleases(t)
		id := v.createBefore(func(s *before.Session) { setBefore(s, value) })
		v.readAfter(id, func(s *after.Session) { v.is("after reads", getAfter(s), reads) })
		v.churn(id)
		v.readAfter(id, func(s *after.Session) { v.is("after reads in the end", getAfter(s), reads) })
		v.readBefore(id, func(s *before.Session) { v.is("before has in the end", getBefore(s), value) })
		v.inAfter(id, func(s *after.Session) { setAfter(s, back) })
		v.readBefore(id, func(s *before.Session) { v.is("before reads what after set", getBefore(s), backReads) })

		id = v.createAfter(func(s *after.Session) { setAfter(s, back) })
		v.readBefore(id, func(s *before.Session) { v.is("before reads", getBefore(s), backReads) })
		v.churn(id)
		v.readBefore(id, func(s *before.Session) { v.is("before reads in the end", getBefore(s), backReads) })
		v.readAfter(id, func(s *after.Session) { v.is("after has in the end", getAfter(s), back) })
		v.inBefore(id, func(s *before.Session) { setBefore(s, value) })
		v.readAfter(id, func(s *after.Session) { v.is("after reads what before set", getAfter(s), reads) })
	}
	return e
}

// also adds what becomes of the field beyond its values.
func (e evolution) also(run func(t *testing.T)) evolution {
	values := e.run
	e.run = func(t *testing.T) {
		values(t)
		run(t)
	}
	return e
}

// loses notes that something else than the whole value is lost, which run
// shows, if it is not nil, or else the values themselves.
func (e evolution) loses(run func(t *testing.T)) evolution {
	e.lost = true
	if run != nil {
		return e.also(run)
	}
	return e
}

// special is an evolution with a test of its own.
func special(field, rules string, lost bool, run func(t *testing.T)) evolution {
	return evolution{field, rules, lost, run}
}

// TestEveryChange takes both versions through every change, and compares what
// is lost with what breaking says of it.
func TestEveryChange(t *testing.T) {
	verdicts := classify(t, "before", "after")
	for _, e := range evolutions {
		t.Run(cmp.Or(e.field, e.rules), func(t *testing.T) {
			t.Parallel()
			e.run(t)
		})
		said := verdicts[e.field]
		delete(verdicts, e.field)
		var rules []string
		lossy := false
		for _, r := range said {
			rules = append(rules, r.ID)
			lossy = lossy || r.Class == schema.Lossy
		}
		if got := strings.Join(rules, " "); got != e.rules {
			t.Errorf("%s: breaking reports %q, want %q", e.field, got, e.rules)
		}
		if lossy != e.lost {
			t.Errorf("%s: breaking says lossy: %v, and what happens is %v", e.field, lossy, e.lost)
		}
	}
	for field, said := range verdicts {
		t.Errorf("no test shows what becomes of %s: %v", field, said)
	}
}

// TestEveryRuleIsShown checks that no rule about stored values is without a
// test that shows what happens. A new or removed spec shares no session with another.
func TestEveryRuleIsShown(t *testing.T) {
	shown := map[string]bool{"spec-added": true, "spec-removed": true}
	for _, e := range evolutions {
		for rule := range strings.FieldsSeq(e.rules) {
			shown[rule] = true
		}
	}
	for _, rule := range strings.Fields("rest-added rest-removed") { // TestRestFieldOfOneVersion
		shown[rule] = true
	}
	for _, r := range schema.Rules {
		if r.Class != schema.Source && !shown[r.ID] {
			t.Errorf("%s: no test shows what happens", r.ID)
		}
	}
}

// classify returns the rules that breaking reports of each field between two
// packages of internal/evolve, but for changes of the source.
func classify(t *testing.T, old, new string) map[string][]*schema.Rule {
	t.Helper()
	load := func(name string) *schema.Schema {
		result, err := parse.Load(t.Context(), parse.Options{Dir: "."}, "./internal/evolve/"+name)
		must(t, err)
		s := schema.Of(result.Packages)
		s.Sessions[0].Package = "app"
		return s
	}
	verdicts := map[string][]*schema.Rule{}
	for _, c := range schema.Compare(load(old), load(new)) {
		if c.Class != schema.Source {
			field := c.Field
			if field == "" { // of a wire name that is no field's
				fmt.Sscanf(c.Message, "%q", &field)
			}
			verdicts[field] = append(verdicts[field], c.Rule)
		}
	}
	return verdicts
}
