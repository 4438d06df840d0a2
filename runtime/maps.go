package runtime

import (
	"maps"
	"slices"
)

// Put puts value under key of map field i.
func Put[M ~map[K]V, K comparable, V any](b *Bag, i uint8, m *M, key K, value V) {
	put(m, key, value)
	b.touch(i, key, touchSet)
}

func put[M ~map[K]V, K comparable, V any](m *M, key K, value V) {
	if *m == nil {
		*m = M{}
	}
	(*m)[key] = value
}

// Delete deletes key of map field i. A key that is not there is left alone.
func Delete[M ~map[K]V, K comparable, V any](b *Bag, i uint8, m M, key K) {
	if _, ok := m[key]; ok {
		delete(m, key)
		b.touch(i, key, touchSet)
	}
}

// AddCount adds delta under key of map field i and returns the sum.
func AddCount[M ~map[K]V, K comparable, V number](b *Bag, i uint8, m *M, key K, delta V) V {
	put(m, key, (*m)[key]+delta)
	b.touch(i, key, touchAdded)
	return (*m)[key]
}

// touch notes what was done under a key. What was put or deleted stays so.
func (b *Bag) touch(i uint8, key any, how touch) {
	MarkAdded(b, i)
	x := b.more()
	if x.touched == nil {
		x.touched = map[mapKey]touch{}
	}
	x.touched[mapKey{i, key}] = max(how, x.touched[mapKey{i, key}])
}

// AddCounts merges a map of numbers: what was only added to under a key sums
// up; what was put, deleted or changed in place replaces.
func AddCounts[M ~map[K]V, K comparable, V number](mineBag *Bag, i uint8, theirs *M, base, mine M) {
	merged := maps.Clone(*theirs)
	if merged == nil && mine != nil {
		merged = M{}
	}
	how := func(key K) touch {
		if mineBag.extra == nil {
			return 0
		}
		return mineBag.extra.touched[mapKey{i, key}]
	}
	for key, value := range mine {
		was, had := base[key]
		switch how := how(key); {
		case how == touchAdded:
			merged[key] += value - was
		case how == touchSet, !had, value != was:
			merged[key] = value
		}
	}
	for key := range base {
		if _, kept := mine[key]; !kept {
			delete(merged, key)
		}
	}
	*theirs = merged
}

// AppendTail merges a slice: theirs with what mine appended to base.
func AppendTail[S ~[]E, E any](theirs, base, mine S) S {
	return append(slices.Clip(theirs), mine[len(base):]...)
}
