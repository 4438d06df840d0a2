package runtime_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// how says what a call means for what others commit meanwhile.
type how int

const (
	relative how = iota // applied to whatever is there
	assign              // replaces whatever is there
	take                // removes what was there when the request began
)

// step is one call of an accessor, and what it does to a value; nil is absent.
type step struct {
	name  string
	do    func(*shop.Session)
	how   how
	apply func(v any) any
	skip  func(v any) bool // in such a state the call does nothing; nil: never
}

// fieldKind is a field with its calls.
type fieldKind struct {
	name   string
	before func(*shop.Session) // nil: the field is absent at first
	first  any
	get    func(*shop.Session) any
	steps  []step
}

// same compares a value with the model's. A rest field has no value of its own
// that could be empty: it is its entries.
func (k fieldKind) same(got, want any) bool {
	if k.name == "rest" {
		return equal(or[map[string]string](got, map[string]string{}), or[map[string]string](want, map[string]string{}))
	}
	return equal(got, want)
}

// modelRequest is one request in the model: what it began with, what it holds
// and what it did.
type modelRequest struct {
	base, local any
	did         []step
	updated     int // how many of did come before the end of the last update
	update      any // what it left
}

// has tells whether the request did something of a kind, but for one step.
func (q *modelRequest) has(h how, but step) bool {
	return slices.ContainsFunc(q.did, func(s step) bool { return s.how == h && s.name != but.name })
}

func (q *modelRequest) run(s step) {
	if s.skip != nil && s.skip(q.local) {
		return
	}
	q.local = s.apply(q.local)
	q.did = append(q.did, s)
	since := q.base
	if q.updated > 0 {
		since = q.update
	}
	switch v := reflect.ValueOf(q.local); {
	case s.name == "update":
		q.updated, q.update = len(q.did), q.local
	case s.name == "in place" && !q.has(assign, s) && v.Kind() == reflect.Slice && (since == nil || reflect.ValueOf(since).Len() == 0):
		// What it has changed is what this request has appended itself.
		tail := q.local
		q.did = append(q.did[:q.updated:q.updated], step{name: "append", how: relative, apply: func(theirs any) any {
			all := reflect.New(v.Type()).Elem()
			if theirs != nil {
				all = reflect.AppendSlice(all, reflect.ValueOf(theirs))
			}
			return reflect.AppendSlice(all, reflect.ValueOf(tail)).Interface()
		}})
	}
}

// commit returns what theirs, the stored value, becomes: promise 2 in a few lines.
func (q *modelRequest) commit(theirs any) any {
	switch {
	case q.has(assign, step{}):
		return q.local
	case q.has(take, step{}):
		if base, list := q.base.([]string); list || q.base == nil {
			there, _ := theirs.([]string)
			if len(base) <= len(there) && slices.Equal(there[:len(base)], base) {
				there = there[len(base):]
			}
			after, _ := q.local.([]string) // appended after the take
			if all := slices.Concat(there, after); len(all) > 0 {
				return all
			}
			return nil
		}
		if equal(theirs, q.base) {
			return nil
		}
		return theirs
	}
	cleared := q.base != nil && theirs == nil
	for _, s := range q.did {
		theirs = s.apply(theirs)
	}
	// A map that another request has cleared stays so, unless something is put there.
	if v := reflect.ValueOf(theirs); cleared && v.Kind() == reflect.Map && v.Len() == 0 {
		return nil
	}
	return theirs
}

// schedules are the orders in which n requests load and commit, each its load
// first: 6 for two, 90 for three. Request i's first event is its load.
func schedules(n int) (all [][]int) {
	var grow func(prefix []int, left []int)
	grow = func(prefix, left []int) {
		done := true
		for i, k := range left {
			if k > 0 {
				done = false
				rest := slices.Clone(left)
				rest[i]--
				grow(append(slices.Clone(prefix), i), rest)
			}
		}
		if done {
			all = append(all, prefix)
		}
	}
	left := make([]int, n)
	for i := range left {
		left[i] = 2
	}
	grow(nil, left)
	return all
}

// TestModelOfEveryInterleaving runs every pair of requests of one or two calls
// each, and every three of one call, in every order of their loads and commits,
// and compares what is stored after each commit with what the model says.
func TestModelOfEveryInterleaving(t *testing.T) {
	memory := memstore.New(memstore.MaxRecords(10_000)) // the oldest go
	defer memory.Close()
	sessions, err := shop.NewSessions(memory, sess.Config{})
	must(t, err)
	two, three := schedules(2), schedules(3)
	if len(two) != 6 || len(three) != 90 {
		t.Fatalf("%d and %d schedules", len(two), len(three))
	}
	for _, kind := range fieldKinds() {
		t.Run(kind.name, func(t *testing.T) {
			n := 0
			check := func(schedule []int, requests ...[]step) {
				n++
				if got, want := replay(t, sessions, kind, schedule, requests); !kind.same(got, want) {
					t.Errorf("%s in the order %v: stored %v, the model says %v", named(requests), schedule, got, want)
				}
			}
			var requests [][]step
			for _, a := range kind.steps {
				requests = append(requests, []step{a})
				for _, b := range kind.steps {
					requests = append(requests, []step{a, b})
				}
			}
			many := len(kind.steps) > 4
			for _, a := range requests {
				for _, b := range requests {
					for i, schedule := range two[:3] { // the others exchange a and b
						if i > 0 && (len(a) == 1 || len(b) == 1 || !many) || i == 0 && len(a)+len(b) == 2 { // in the first, b begins after a has ended
							check(schedule, a, b)
						}
					}
				}
			}
			for _, a := range kind.steps {
				for _, b := range kind.steps {
					for _, c := range kind.steps {
						for i := 0; i < len(three); i += 1 + 3*btoi(len(kind.steps) > 3) + 9*btoi(many) {
							check(three[i], []step{a}, []step{b}, []step{c})
						}
					}
				}
			}
			t.Logf("%d interleavings", n)
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func named(requests [][]step) string {
	var parts []string
	for _, r := range requests {
		var names []string
		for _, s := range r {
			names = append(names, s.name)
		}
		parts = append(parts, strings.Join(names, "+"))
	}
	return strings.Join(parts, " | ")
}

// replay runs the requests in the order of schedule, and in the model.
func replay(t *testing.T, sessions *shop.Sessions, kind fieldKind, schedule []int, requests [][]step) (got, want any) {
	t.Helper()
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
	loaded := make([]*shop.Session, len(requests))
	models := make([]*modelRequest, len(requests))
	for _, i := range schedule {
		if loaded[i] == nil {
			loaded[i] = load()
			models[i] = &modelRequest{base: stored, local: stored}
			for _, s := range requests[i] {
				s.do(loaded[i])
				models[i].run(s)
			}
			if got := kind.get(loaded[i]); !kind.same(got, models[i].local) {
				t.Errorf("%s: before its commit the session holds %v, the model %v", named(requests), got, models[i].local)
			}
			continue
		}
		must(t, loaded[i].Save(ctx()))
		stored = models[i].commit(stored)
		if got := kind.get(loaded[i]); len(models[i].did) > 0 && !kind.same(got, stored) {
			t.Errorf("%s in the order %v: after Save the session holds %v, the model %v", named(requests), schedule, got, stored)
		}
	}
	return kind.get(load()), stored
}
