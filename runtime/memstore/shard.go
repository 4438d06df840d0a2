package memstore

import (
	"slices"
	"sync"
)

// shard is a part of the records under a lock of its own. Its entries stand
// without gaps in chunks, so that a sweep reads memory in order, and a removal
// moves the last entry into the gap and gives the last chunk back.
type shard struct {
	mu     sync.Mutex
	table  table
	chunks []*chunk
	n      int // entries

	_ [48]byte // to 128 bytes: two shards share no cache line
}

// chunk is as large as one of the allocator's size classes with the eight bytes
// that it puts before it: 73*56+8 = 4,096.
type chunk [chunkLen]entry

const chunkLen = 73

// shard returns where the records with such a hash are, and its number.
func (s *Store) shard(hash uint64) (*shard, int) {
	i := int(hash>>32) & (len(s.shards) - 1)
	return &s.shards[i], i
}

func (sh *shard) at(slot int) *entry {
	return &sh.chunks[uint(slot)/chunkLen][uint(slot)%chunkLen]
}

// find returns the entry under id and its slot, or nil.
func (sh *shard) find(id *ident) (*entry, int) {
	t := &sh.table
	if len(t.refs) == 0 {
		return nil, 0
	}
	tag := uint32(id.hash>>52) << slotBits
	for i := t.home(id.hash); ; i = t.next(i) {
		r := t.refs[i]
		if r == empty {
			return nil, 0
		}
		if r&^slotMask == tag && r > removed {
			slot := int(r&slotMask) - firstSlot
			if e := sh.at(slot); e.is(id) {
				return e, slot
			}
		}
	}
}

// insert adds an entry; its key must not be there yet. It returns nil if the
// shard has as many as it can count.
func (sh *shard) insert(s *Store, hash uint64) *entry {
	if sh.n == maxSlots {
		return nil
	}
	if sh.table.crowded() {
		sh.rebuild(s)
	}
	if sh.n == len(sh.chunks)*chunkLen {
		sh.chunks = append(sh.chunks, new(chunk))
	}
	sh.table.insert(hash, sh.n)
	sh.n++
	return sh.at(sh.n - 1)
}

// remove takes the entry in slot out; the last one moves there.
func (sh *shard) remove(s *Store, slot int) {
	e := sh.at(slot)
	sh.table.remove(s.hash(e.words), slot)
	sh.n--
	last := sh.at(sh.n)
	if e != last {
		sh.table.move(s.hash(last.words), sh.n, slot)
		*e = *last
	}
	*last = entry{}
	// One chunk more than needed stays, lest records that come and go at its
	// edge allocate one each time.
	for len(sh.chunks)*chunkLen-sh.n >= 2*chunkLen || sh.n == 0 && len(sh.chunks) > 0 {
		sh.dropChunk()
	}
	if sh.table.spacious() {
		sh.rebuild(s)
	}
}

// dropChunk gives the last chunk back, and the room for pointers to chunks when
// most of it is unused.
func (sh *shard) dropChunk() {
	n := len(sh.chunks) - 1
	sh.chunks[n] = nil
	sh.chunks = sh.chunks[:n]
	if cap(sh.chunks) > 8 && n*4 < cap(sh.chunks) {
		sh.chunks = slices.Clip(slices.Clone(sh.chunks))
	}
}

// rebuild makes the table anew, in the size that the entries need.
func (sh *shard) rebuild(s *Store) {
	sh.table.reset(sh.n + 1)
	for slot := range sh.n {
		sh.table.insert(s.hash(sh.at(slot).words), slot)
	}
}
