package runtime

import (
	"maps"
	"slices"
)

// Put puts value under key of map field i.
func Put[M ~map[K]V, K comparable, V any](b *Bag, i uint8, m *M, key K, value V) {
	if *m == nil {
		*m = M{}
	}
	(*m)[key] = value
	MarkAdded(b, i)
}

// Delete deletes key of map field i.
func Delete[M ~map[K]V, K comparable, V any](b *Bag, i uint8, m M, key K) {
	if _, ok := m[key]; ok {
		delete(m, key)
		MarkAdded(b, i)
	}
}

// PutCount is Put for a map of numbers.
func PutCount[M ~map[K]V, K comparable, V number](b *Bag, i uint8, m *M, key K, value V) {
	Put(b, i, m, key, value)
	b.count(i, key, false)
}

// DeleteCount is Delete for a map of numbers.
func DeleteCount[M ~map[K]V, K comparable, V number](b *Bag, i uint8, m M, key K) {
	Delete(b, i, m, key)
	b.count(i, key, false)
}

// AddCount adds delta under key of map field i and returns the sum.
func AddCount[M ~map[K]V, K comparable, V number](b *Bag, i uint8, m *M, key K, delta V) V {
	Put(b, i, m, key, (*m)[key]+delta)
	if _, known := b.more().counted[countKey{i, key}]; !known {
		b.count(i, key, true)
	}
	return (*m)[key]
}

// count notes whether key of number map field i was only added to.
func (b *Bag) count(i uint8, key any, added bool) {
	x := b.more()
	if x.counted == nil {
		x.counted = map[countKey]bool{}
	}
	x.counted[countKey{i, key}] = added
}

// AddCounts merges a map of numbers: what was only added to under a key sums
// up; what was put, deleted or changed in place replaces.
func AddCounts[M ~map[K]V, K comparable, V number](mineBag *Bag, i uint8, theirs *M, base, mine M) {
	merged := maps.Clone(*theirs)
	if merged == nil && mine != nil {
		merged = M{}
	}
	for key, value := range mine {
		was, had := base[key]
		switch {
		case mineBag.extra != nil && mineBag.extra.counted[countKey{i, key}]:
			merged[key] += value - was
		case !had || value != was:
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
