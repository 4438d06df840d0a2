// Package memstore keeps sessions in this process: the default store, and the
// fastest. A restart forgets them, and a second process does not see them.
//
//	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
//
// # Bounds
//
// A store holds at most [MaxRecords] records (1,048,576) of at most [MaxBytes]
// bytes (512 MiB) in all, its own book-keeping included. Both bounds are hard:
// they hold at every moment, whatever runs in parallel. When a new record does
// not fit, records go in this order:
//  1. every expired one that has not been swept yet;
//  2. of a sample of 16, the one without index entries that expires soonest;
//  3. if all of a sample of 64 have index entries, the one that expires soonest.
//
// A request moves the expiry of its session, so that the one that expires
// soonest is the one not used for longest: this is an approximate LRU. Sessions
// with index entries go last because a principal is one: a flood of anonymous
// visitors pushes out anonymous visitors, and hardly anyone who has logged in.
// A store whose bound is ever reached is too small; [Stats] tells.
//
// Under [RejectWhenFull] only expired records go, and what does not fit gets
// [runtime.ErrFull]: no session that exists is ever lost, but a flood keeps new
// visitors out, and also logins, since a login creates a record.
//
// # Expiry
//
// The clock decides when a record is looked at: it is gone in the millisecond of
// its Expires. The memory comes back when a sweeper looks, every second; it
// skips the shards in which nothing can have expired, removes at most 512 records
// at a time under a shard's lock (some 100 microseconds), and rests between, so
// that no request waits for a mass expiry. Expiry times have a precision of a
// millisecond, rounded up.
//
// The clock is the one of the manager bound last. The sweeper calls it from its
// own goroutine, so that it must allow parallel calls, as every HTTP server
// demands of it too.
//
// # Cost
//
// Beside the allocation of its data, a record costs about 64 bytes, and an index
// entry 230 more: a million records of 265 bytes take 351 MB, with an index entry
// each 582 MB. Records are immutable and shared: a Load hands out the stored bytes
// without a copy and without an allocation, and a write keeps the slice that it
// was given. There is one pointer a record for the garbage collector to follow.
//
// Nothing here blocks, so a context is looked at only by Find and List, which
// end with its error when it is cancelled.
package memstore

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Store is a [runtime.Store] in this process. Its methods may be called in
// parallel. One Store may serve several managers, whose sessions then share its
// bounds; their keys are hashes of random tokens and do not meet.
type Store struct {
	config config
	err    error // what Bind says about the options

	clock    atomic.Pointer[func() time.Time]
	shards   []shard
	earliest []atomic.Int64 // per shard, beside each other: no record expires before
	index    []postings
	seeds    seeds

	records atomic.Int64
	bytes   atomic.Int64
	expired atomic.Uint64
	evicted atomic.Uint64
	refused atomic.Uint64

	closed  atomic.Bool
	started atomic.Bool
	life    sync.Mutex // starting against closing
	stop    chan struct{}
	done    chan struct{} // closed when the sweeper has ended
}

var (
	_ runtime.Store   = (*Store)(nil)
	_ runtime.Records = (*Store)(nil)
	_ runtime.Finder  = (*Store)(nil)
	_ runtime.Lister  = (*Store)(nil)
)

// seeds make positions unpredictable: nobody can choose keys that collide.
type seeds struct {
	first, second maphash.Seed
	words         [2]uint64
}

// New returns an empty store. An option that makes no sense is reported by Bind,
// and so by [runtime.New], as a [runtime.ConfigError].
//
// Close it when it is no longer needed; a store that is forgotten instead is
// collected as garbage, and its sweeper ends.
func New(options ...Option) *Store {
	s := &Store{config: defaults, stop: make(chan struct{}), done: make(chan struct{})}
	for i, o := range options {
		if o == nil {
			s.fail("New", "option %d of %d is nil; leave it out", i+1, len(options))
			continue
		}
		o(s)
	}
	n := shardCount(s.config.maxRecords)
	s.shards = make([]shard, n)
	s.earliest = make([]atomic.Int64, n)
	s.index = make([]postings, n)
	for i := range s.earliest {
		s.earliest[i].Store(never)
	}
	s.seeds = seeds{first: maphash.MakeSeed(), second: maphash.MakeSeed()}
	s.seeds.words[0] = maphash.String(s.seeds.first, "first")
	s.seeds.words[1] = maphash.String(s.seeds.second, "second")
	now := time.Now
	s.clock.Store(&now)
	return s
}

// shardCount is how many shards a store of so many records gets: so many that a
// shard holds a few thousand records and its table is rebuilt in some 100
// microseconds, so few that what belongs to the shards stays in the CPU's caches.
func shardCount(records int) int {
	n := 64
	for n < 4096 && n*4096 < records {
		n *= 2
	}
	return n
}

// Bind implements [runtime.Store]. It fails if an option makes no sense or the
// store is closed.
func (s *Store) Bind(setup runtime.Setup) (runtime.Parts, error) {
	if s.err != nil {
		return runtime.Parts{}, s.err
	}
	if s.closed.Load() {
		return runtime.Parts{}, fmt.Errorf("memstore: %w: make a new one with memstore.New", runtime.ErrClosed)
	}
	if setup.Now != nil {
		s.clock.Store(&setup.Now)
	}
	return runtime.Parts{Records: s, Local: true}, nil
}

// now is the clock's time in Unix milliseconds.
func (s *Store) now() int64 { return (*s.clock.Load())().UnixMilli() }

// Stats is what a store holds and what has happened to its records.
type Stats struct {
	Records int    // also those that have expired and wait for the sweeper
	Bytes   int64  // of data and book-keeping, as MaxBytes counts them
	Expired uint64 // records removed because their time had come
	Evicted uint64 // live records removed because the store was full
	Refused uint64 // writes that got runtime.ErrFull
}

// Stats returns the store's figures. Each is exact, but they are not read in one
// moment.
func (s *Store) Stats() Stats {
	return Stats{
		Records: s.Len(),
		Bytes:   s.Bytes(),
		Expired: s.expired.Load(),
		Evicted: s.evicted.Load(),
		Refused: s.refused.Load(),
	}
}

// Len returns how many records the store holds, also those that have expired and
// wait for the sweeper.
func (s *Store) Len() int { return int(s.records.Load()) }

// Bytes returns how many bytes the store holds, as [MaxBytes] counts them.
func (s *Store) Bytes() int64 { return s.bytes.Load() }

// Close ends the sweeper and gives the memory back. Every later operation returns
// [runtime.ErrClosed], but a second Close, which does nothing. It never fails.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed.Swap(true) {
		return nil
	}
	close(s.stop)
	if s.started.Load() {
		<-s.done
	}
	// An operation looks at closed under its shard's lock: what came before is
	// cleared here, what comes later is refused.
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		sh.table, sh.chunks, sh.n = table{}, nil, 0
		sh.mu.Unlock()
		p := &s.index[i]
		p.mu.Lock()
		p.keys, p.peak = nil, 0
		p.mu.Unlock()
	}
	s.records.Store(0)
	s.bytes.Store(0)
	return nil
}
