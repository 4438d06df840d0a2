package storetest

import (
	"math/rand/v2"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

var modelChecks = []check{{"Model", model}}

// model does random things to the store and to a map, and wants the same results.
func model(k *kit) {
	seed := k.seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	k.Logf("storetest.Seed(%d) repeats this run", seed)
	m := &modelRun{
		kit: k, rand: rand.New(rand.NewPCG(seed, 0)),
		there: make(map[string]runtime.Record), seen: make(map[string][]runtime.Record),
	}
	steps := 4000
	if k.clock.running {
		steps = 400
	}
	for i := range steps {
		m.step()
		if i%97 == 0 {
			m.compare()
		}
		if k.Failed() {
			k.Fatalf("the store and a map differ after step %d; storetest.Seed(%d) repeats this run", i, seed)
		}
	}
	m.compare()
}

var modelKeys = []string{
	"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg", "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgk",
	"sess:a", "sess:b", "sess:B",
}

type modelRun struct {
	*kit
	rand  *rand.Rand
	there map[string]runtime.Record   // what must be in the store, also what has expired
	seen  map[string][]runtime.Record // what ever was, for stale callers
}

// live returns what is under key now.
func (m *modelRun) live(key string) (runtime.Record, bool) {
	r, ok := m.there[key]
	return r, ok && (r.Expires.IsZero() || m.clock.Now().Before(r.Expires))
}

func (m *modelRun) pick(n int) int { return m.rand.IntN(n) }

// newRecord returns a record of random size, expiry and index.
func (m *modelRun) newRecord() runtime.Record {
	data := make([]byte, m.pick(100))
	if m.pick(50) == 0 {
		data = make([]byte, 1<<16-2+m.pick(5))
	}
	for i := range data {
		data[i] = byte(m.pick(256))
	}
	r := m.record(string(data), m.expiry())
	switch m.pick(4) {
	case 0:
		r.Index = []runtime.IndexEntry{}
	case 1:
		r.Index = []runtime.IndexEntry{ann, team}[m.pick(2):]
	case 2:
		r.Index = []runtime.IndexEntry{bob}
	}
	return r
}

// expiry returns a random time to come.
func (m *modelRun) expiry() time.Time {
	switch {
	case m.pick(5) == 0:
		return time.Time{}
	case m.clock.running:
		return m.later() // nothing expires, since nobody could tell when exactly
	}
	return m.in(1 + m.pick(20))
}

// old returns what a caller may hold: what is there, or something stale.
func (m *modelRun) old(key string) runtime.Record {
	if r, ok := m.there[key]; ok && m.pick(3) > 0 {
		return r
	}
	if s := m.seen[key]; len(s) > 0 {
		return s[m.pick(len(s))]
	}
	return m.newRecord()
}

func (m *modelRun) step() {
	key := modelKeys[m.pick(len(modelKeys))]
	there, live := m.live(key)
	// conditional returns what a call that expects old must return.
	conditional := func(old runtime.Record) error {
		switch {
		case !live:
			return runtime.ErrNotFound
		case old.Stamp != there.Stamp:
			return runtime.ErrConflict
		}
		return nil
	}
	var what string
	var err, wanted error
	switch m.pick(9) {
	case 0, 1:
		what = "Create"
		new := m.newRecord()
		if live {
			wanted = runtime.ErrExists
		} else {
			m.put(key, new)
		}
		err = m.records.Create(m.ctx, key, new)
	case 2, 3, 4:
		what = "Update"
		old, new := m.old(key), m.newRecord()
		if wanted = conditional(old); wanted == nil {
			stored := new
			if stored.Index == nil {
				stored.Index = there.Index
			}
			m.put(key, stored)
		}
		old.Index = there.Index
		err = m.records.Update(m.ctx, key, old, new)
	case 5:
		what = "Touch"
		old, expires := m.old(key), m.expiry()
		if wanted = conditional(old); wanted == nil {
			there.Expires = expires
			m.there[key] = there
		}
		err = m.records.Touch(m.ctx, key, old, expires)
	case 6:
		what = "Delete"
		old := m.old(key)
		old.Index = there.Index
		if m.pick(3) == 0 {
			old = runtime.Record{}
		}
		if wanted = conditional(old); old.Stamp == 0 && live {
			wanted = nil
		}
		if wanted == nil {
			delete(m.there, key)
		}
		err = m.records.Delete(m.ctx, key, old)
	case 7:
		if !m.clock.running {
			m.pass(m.pick(4))
		}
	case 8:
		if live {
			m.wantRecord(key, there)
		} else {
			m.wantGone(key)
		}
	}
	m.want(err, wanted, "%s %q", what, key)
}

func (m *modelRun) put(key string, r runtime.Record) {
	m.there[key] = r
	m.seen[key] = append(m.seen[key], r)
}

// compare looks at everything.
func (m *modelRun) compare() {
	var listed []string
	found := make(map[runtime.IndexEntry][]string)
	for _, key := range modelKeys {
		r, live := m.live(key)
		if !live {
			m.wantGone(key)
			continue
		}
		m.wantRecord(key, r)
		listed = append(listed, key)
		for _, e := range r.Index {
			found[e] = append(found[e], key)
		}
	}
	if _, ok := m.records.(runtime.Lister); ok {
		m.wantListed(listed...)
	}
	if _, ok := m.records.(runtime.Finder); ok {
		for _, e := range []runtime.IndexEntry{ann, bob, team} {
			m.wantFound(e, found[e]...)
		}
	}
}
