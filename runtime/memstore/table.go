package memstore

import "math/bits"

// table finds slots by hash: open addressing over references of four bytes, so
// that a session takes less than six bytes in it. It is filled to between 64 and 80
// percent, and grows by a quarter: a shard is so small that a rebuild costs
// little, and doubling would leave half of it empty.
type table struct {
	refs []uint32 // tag of 12 bits, slot+firstSlot of 20 bits
	live int
	dead int // references that were removed and still lengthen searches
}

const (
	empty     = 0
	removed   = 1
	firstSlot = 2
	slotBits  = 20
	slotMask  = 1<<slotBits - 1
	maxSlots  = slotMask - firstSlot
)

// A hash's bits: 0 to 31 the position, 32 to 51 the shard, 52 to 63 the tag.

func ref(hash uint64, slot int) uint32 {
	return uint32(hash>>52)<<slotBits | uint32(slot+firstSlot)
}

// home returns where a search for hash begins.
func (t *table) home(hash uint64) int {
	hi, _ := bits.Mul64(hash<<32, uint64(len(t.refs)))
	return int(hi)
}

// next returns the position after i.
func (t *table) next(i int) int {
	if i++; i < len(t.refs) {
		return i
	}
	return 0
}

// position returns where the reference is, which must be there.
func (t *table) position(hash uint64, slot int) int {
	r := ref(hash, slot)
	i := t.home(hash)
	for t.refs[i] != r {
		i = t.next(i)
	}
	return i
}

// crowded tells that there is no room for another reference.
func (t *table) crowded() bool { return (t.live+t.dead+1)*5 > len(t.refs)*4 }

// spacious tells that less than a quarter is in use.
func (t *table) spacious() bool { return len(t.refs) > 16 && t.live*4 < len(t.refs) }

// insert adds a reference that is not there; there must be room.
func (t *table) insert(hash uint64, slot int) {
	i := t.home(hash)
	for t.refs[i] > removed {
		i = t.next(i)
	}
	if t.refs[i] == removed {
		t.dead--
	}
	t.refs[i] = ref(hash, slot)
	t.live++
}

// remove takes a reference out.
func (t *table) remove(hash uint64, slot int) {
	i := t.position(hash, slot)
	t.live--
	if t.refs[t.next(i)] == empty {
		t.refs[i] = empty // no search goes past here
		return
	}
	t.refs[i] = removed
	t.dead++
}

// move makes a reference point to another slot.
func (t *table) move(hash uint64, from, to int) {
	t.refs[t.position(hash, from)] = ref(hash, to)
}

// reset empties the table and makes room for n references and a quarter more.
func (t *table) reset(n int) {
	*t = table{refs: make([]uint32, n*25/16+4)}
}
