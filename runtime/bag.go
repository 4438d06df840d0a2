package runtime

import (
	"iter"
	bitset "math/bits"
	"slices"
	"sync"
	"time"
)

// Bag is what every generated session embeds: its identity, its times and the
// book-keeping of its fields. Its exported methods are the session's own; the
// package's functions that take a *Bag are for generated code.
//
// A Bag must not be copied; go vet reports it.
type Bag struct {
	_ noCopy

	present bits // fields that have a value
	changed bits // fields that were set or cleared: they win over what others did
	added   bits // fields changed relative to what was loaded: adds, appends, puts, updates, takes
	lent    bits // fields whose value a caller holds and may change in place

	reader Reader
	extra  *extra // what few sessions have
	conn   *conn  // nil in a zero session
}

// MaxFields is how many fields a spec may have.
const MaxFields = 256

// bits is a set of field numbers.
type bits [MaxFields / 64]uint64

// The methods that only look take pointers: an array of words is not kept in
// registers, so that a copy would go through memory each time.

func (s *bits) has(i uint8) bool { return s[i>>6]&(1<<(i&63)) != 0 }
func (s *bits) set(i uint8)      { s[i>>6] |= 1 << (i & 63) }
func (s *bits) unset(i uint8)    { s[i>>6] &^= 1 << (i & 63) }

func (s *bits) empty() bool { return s[0]|s[1]|s[2]|s[3] == 0 }

// meets tells whether the sets share a member.
func (s *bits) meets(t *bits) bool {
	return s[0]&t[0]|s[1]&t[1]|s[2]&t[2]|s[3]&t[3] != 0
}

func (s *bits) count() int {
	n := 0
	for _, w := range s {
		n += bitset.OnesCount64(w)
	}
	return n
}

func (s bits) or(t bits) bits {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

func (s bits) and(t bits) bits {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

func (s bits) without(t bits) bits {
	for i := range s {
		s[i] &^= t[i]
	}
	return s
}

// all yields the members in ascending order.
func (s bits) all() iter.Seq[uint8] {
	return func(yield func(uint8) bool) {
		for w, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(uint8(w<<6 + bitset.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// noCopy lets go vet's copylocks report copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

var _ sync.Locker = (*noCopy)(nil)

// extra holds what most sessions never need.
type extra struct {
	deadlines map[uint8]int64 // of fields that lapse, Unix milliseconds
	updates   []update
	touched   map[mapKey]touch // keys of maps that an accessor changed
	taken     bits             // flash fields whose loaded value was taken
	restarted bits             // fields that were set anew after they had lapsed

	// What the record holds beside what was read into the fields, so that a
	// write carries it over.
	unknown bool // entries or notes of other programs
	misfit  bits // fields whose stored value does not fit their type
	partial bits // fields whose stored value this program would write otherwise
	indexed bits // fields that another program keeps an index of
	bare    bool // the writer kept no index of a field that this program has one of
}

// update is one call of an Update accessor, kept to be applied again on a conflict.
type update struct {
	field         uint8
	before, after []byte           // the field's encoding around the call; nil where it was absent
	touched       map[mapKey]touch // since the update before it
	apply         func(Fields)
}

// mapKey is one key of one map field.
type mapKey struct {
	field uint8
	key   any
}

// touch says what accessors did under a key.
type touch uint8

const (
	touchAdded touch = iota + 1 // added to, and nothing else
	touchSet                    // put or deleted
)

func (b *Bag) more() *extra {
	if b.extra == nil {
		b.extra = &extra{}
	}
	return b.extra
}

// bag reaches the generated types through the embedded Bag, which makes them
// the only ones that can implement Fields.
func (b *Bag) bag() *Bag { return b }

var _ interface{ bag() *Bag } = (*Bag)(nil)

// Has tells whether field i is set.
func Has(b *Bag, i uint8) bool { return b.present[i>>6]&(1<<(i&63)) != 0 }

// Set sets field i, whose value is v, to the value given.
func Set[T any](b *Bag, i uint8, v *T, to T) {
	*v = to
	b.present[i>>6] |= 1 << (i & 63)
	b.changed[i>>6] |= 1 << (i & 63)
}

// MarkAdded notes that field i was changed relative to what it was: added to,
// appended to, or changed under some keys.
func MarkAdded(b *Bag, i uint8) {
	b.present[i>>6] |= 1 << (i & 63)
	b.added[i>>6] |= 1 << (i & 63)
}

// MarkLent notes that a caller holds field i's slice, map or pointer, so that
// a commit looks whether it was changed in place.
func MarkLent(b *Bag, i uint8) { b.lent[i>>6] |= 1 << (i & 63) }

// Clear unsets field i, whose value is v. A field that is not set is left alone,
// unless something may be stored for it all the same.
func Clear[T any](b *Bag, i uint8, v *T) {
	var zero T
	*v = zero
	hidden := b.extra != nil && b.extra.misfit.has(i) || b.conn != nil && b.conn.unavailable
	if b.present.has(i) || hidden {
		b.present.unset(i)
		b.changed.set(i)
	}
}

// StartTTL notes that field i, just changed, lapses after d.
func StartTTL(b *Bag, i uint8, d time.Duration) {
	if b.lapsed(i) {
		b.more().restarted.set(i)
	}
	b.setDeadline(i, b.now().Add(d).UnixMilli())
}

func (b *Bag) setDeadline(i uint8, at int64) {
	x := b.more()
	if x.deadlines == nil {
		x.deadlines = map[uint8]int64{}
	}
	x.deadlines[i] = at
}

// endDeadlines forgets the deadlines of values that were replaced by ones that
// do not lapse: another program's field does, and this one's was set.
func (b *Bag) endDeadlines(spec *Spec) {
	for i := range b.extra.deadlines {
		if b.changed.has(i) && spec.Fields[i].TTL == 0 {
			delete(b.extra.deadlines, i)
		}
	}
}

// HasLive tells whether field i is set and its time has not passed.
func HasLive(b *Bag, i uint8) bool { return b.present.has(i) && !b.lapsed(i) }

// lapsed tells whether field i has a deadline that has passed.
func (b *Bag) lapsed(i uint8) bool {
	if b.extra == nil {
		return false
	}
	at, ok := b.extra.deadlines[i]
	return ok && b.now().UnixMilli() >= at
}

// Take returns flash field i's value and removes it.
func Take[T any](b *Bag, i uint8, v *T) T {
	var zero T
	if !b.present.has(i) {
		return zero
	}
	value := *v
	*v = zero
	b.present.unset(i)
	b.more().taken.set(i)
	b.added.set(i)
	return value
}

// Update applies f to field i and keeps it, to be applied again if another
// request changed the field meanwhile.
func Update[T any](s Fields, i uint8, f func(T) T) {
	b := s.bag()
	b.dropLapsed(s, i)
	apply := func(s Fields) {
		p := s.Pointer(int(i)).(*T)
		*p = f(*p)
		s.bag().present.set(i)
	}
	u := update{field: i, apply: apply}
	err := catch(func() { u.before = appendField(s, i, nil) })
	apply(s)
	MarkAdded(b, i)
	if err == nil {
		err = catch(func() { u.after = appendField(s, i, nil) })
	}
	if err != nil { // it can't be stored, which the commit will say
		b.changed.set(i)
		return
	}
	u.touched = b.more().cutTouched(i)
	b.extra.updates = append(b.extra.updates, u)
}

// cutTouched returns what accessors did under the keys of map field i, and
// forgets it.
func (x *extra) cutTouched(i uint8) map[mapKey]touch {
	var cut map[mapKey]touch
	for key, how := range x.touched {
		if key.field == i {
			if cut == nil {
				cut = map[mapKey]touch{}
			}
			cut[key] = how
			delete(x.touched, key)
		}
	}
	return cut
}

// UpdateTime is Update for a time, which is kept as an instant.
func UpdateTime(s Fields, i uint8, f func(time.Time) time.Time) {
	Update(s, i, func(t time.Time) time.Time { return Instant(f(t)) })
}

// dropLapsed empties field i if its time has passed.
func (b *Bag) dropLapsed(s Fields, i uint8) {
	if b.lapsed(i) {
		s.Read(int(i), &Reader{})
		b.present.unset(i)
		b.extra.restarted.set(i)
		delete(b.extra.deadlines, i)
	}
}

// Append appends values to slice field i. A slice that a caller may hold too is
// copied first, so that nothing is written behind its end.
func Append[S ~[]E, E any](b *Bag, i uint8, s *S, values ...E) {
	if b.lent.has(i) {
		*s = slices.Clip(*s)
	}
	*s = append(*s, values...)
	MarkAdded(b, i)
}

// appendField appends field i's encoding, or nothing if it is absent.
func appendField(s Fields, i uint8, b []byte) []byte {
	if !s.bag().present.has(i) {
		return b
	}
	return s.Append(int(i), b)
}

// Instant is t as a session keeps it: in UTC, without monotonic clock reading,
// so that a time is the same in this request and in the next.
func Instant(t time.Time) time.Time { return t.Round(0).UTC() }

// now is the manager's clock, or the system's for a session without manager.
func (b *Bag) now() time.Time {
	if b.conn == nil {
		return time.Now()
	}
	return b.conn.m.cfg.Now()
}
