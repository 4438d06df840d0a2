package memstore

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/sessiongen/sessiongen/runtime"
)

// reserve counts what a write adds, or returns false if it does not fit. The
// counts never pass the bounds: what fits is counted before it is written.
func (s *Store) reserve(records, bytes int64) bool {
	if records > 0 && s.records.Add(records) > int64(s.config.maxRecords) {
		s.records.Add(-records)
		return false
	}
	// Most updates have the size of what they replace.
	if bytes != 0 && s.bytes.Add(bytes) > s.config.maxBytes && bytes > 0 {
		s.release(records, bytes)
		return false
	}
	return true
}

// release counts what was removed.
func (s *Store) release(records, bytes int64) {
	if records != 0 {
		s.records.Add(-records)
	}
	if bytes != 0 {
		s.bytes.Add(-bytes)
	}
}

// fits tells whether a write of that size would be counted now.
func (s *Store) fits(records, bytes int64) bool {
	return s.records.Load()+records <= int64(s.config.maxRecords) && s.bytes.Load()+bytes <= s.config.maxBytes
}

// maxTries is how often a write makes room that others take away.
const maxTries = 1000

// makeRoom removes records until a write of that size fits, as the package's
// documentation states it, but not the record under except. It fails if the
// store may not remove live records, or has none. No shard is locked.
func (s *Store) makeRoom(records, bytes int64, except *ident, try int) error {
	if bytes > s.config.maxBytes || try == maxTries {
		return s.full(records, bytes)
	}
	now := s.now()
	for i := range s.shards {
		for s.sweepShard(i, now) > 0 {
			if s.fits(records, bytes) {
				return nil
			}
		}
	}
	for !s.fits(records, bytes) {
		if s.config.reject || !s.evict(except) {
			return s.full(records, bytes)
		}
	}
	return nil
}

// full says why a write is refused.
func (s *Store) full(records, bytes int64) error {
	s.refused.Add(1)
	way := "raise MaxRecords or MaxBytes, or leave out RejectWhenFull"
	if !s.config.reject {
		way = "raise MaxBytes"
	}
	return fmt.Errorf("memstore: %w: %d of %d records, %d of %d bytes, no room for %d more bytes; %s",
		runtime.ErrFull, s.records.Load(), s.config.maxRecords, s.bytes.Load(), s.config.maxBytes, bytes, way)
}

const (
	samples      = 16 // how many records an eviction looks at
	moreSamples  = 64 // if all that it has seen have index entries
	shardSamples = 4  // of a shard that has many
)

const indexedRank = 1 << 63

// victim is the best record to evict that was seen so far.
type victim struct {
	rank  uint64 // the lowest goes first
	id    ident
	stamp uint64
	state uint64
}

// evict removes one record, the best of a sample. It returns false if there is
// none. A record that changes meanwhile is in use and stays.
func (s *Store) evict(except *ident) bool {
	best := victim{rank: math.MaxUint64}
	at, stride := rand.Int(), rand.Int()|1 // odd: it comes to every shard
	for i, seen := 0, 0; i < len(s.shards) && seen < moreSamples; i++ {
		if seen >= samples && best.rank < indexedRank {
			break
		}
		at += stride
		sh := &s.shards[at&(len(s.shards)-1)]
		sh.mu.Lock()
		if sh.n <= samples {
			for slot := range sh.n {
				best.consider(sh.at(slot), except)
			}
			seen += sh.n
		} else {
			for range shardSamples {
				best.consider(sh.at(rand.IntN(sh.n)), except)
			}
			seen += shardSamples
		}
		sh.mu.Unlock()
	}
	if best.rank == math.MaxUint64 {
		return false
	}
	best.id.hash = s.hash(best.id.words)
	sh, _ := s.shard(best.id.hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if e, slot := sh.find(&best.id); e != nil && e.stamp == best.stamp && e.state == best.state {
		s.remove(sh, slot)
		s.evicted.Add(1)
	}
	return true
}

// consider takes the entry if it goes before the one that it has.
func (v *victim) consider(e *entry, except *ident) {
	rank := min(uint64(e.expires()), 1<<62)
	if len(e.index()) > 0 {
		rank |= indexedRank
	}
	if rank >= v.rank || except != nil && e.is(except) {
		return
	}
	*v = victim{rank: rank, stamp: e.stamp, state: e.state}
	v.id.words, v.id.plain = e.words, e.state&plain != 0
	if v.id.plain {
		v.id.text = e.box().text
	}
}
