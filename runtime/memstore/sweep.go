package memstore

import (
	goruntime "runtime"
	"time"
	"weak"
)

// batch is how many records a sweep removes before it lets requests have the
// shard: some 100 microseconds.
const batch = 512

// pause is how long the sweeper leaves shard and core to requests after a batch:
// after a mass expiry there is a lot to do, and no hurry.
const pause = time.Millisecond

// Sweep removes every record that has expired, and returns how many. The sweeper
// does it by itself; Sweep is for tests whose clock jumps, and for stores with
// [SweepEvery](0).
func (s *Store) Sweep() int {
	now := s.now()
	removed := 0
	for i := range s.shards {
		for {
			n := s.sweepShard(i, now)
			if removed += n; n < batch {
				break
			}
			goruntime.Gosched() // whoever waits for the shard goes first
		}
	}
	return removed
}

// sweepShard removes what has expired in shard i, but no more than a batch, and
// returns how many.
func (s *Store) sweepShard(i int, now int64) (removed int) {
	earliest := &s.earliest[i]
	if earliest.Load() > now {
		return 0
	}
	sh := &s.shards[i]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	next := int64(never)
	// Downwards, since a removal moves the last entry, which has been seen, into
	// the gap.
	for slot := sh.n - 1; slot >= 0; slot-- {
		if expires := sh.at(slot).expires(); expires > now {
			next = min(next, expires)
			continue
		}
		s.remove(sh, slot)
		s.expired.Add(1)
		if removed++; removed == batch {
			return removed // there may be more: earliest stays
		}
	}
	earliest.Store(next)
	return removed
}

// start starts the sweeper, once.
func (s *Store) start() {
	s.life.Lock()
	defer s.life.Unlock()
	if s.started.Load() || s.closed.Load() {
		return
	}
	if s.config.sweep > 0 {
		go sweeper(weak.Make(s), s.config.sweep, s.stop, s.done)
	} else {
		close(s.done)
	}
	s.started.Store(true)
}

// sweeper sweeps until the store is closed or forgotten: it must not be what
// keeps the store alive.
func sweeper(store weak.Pointer[Store], every time.Duration, stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if !sweepInBackground(store) {
			return
		}
	}
}

// sweepInBackground is a function of its own so that no variable of the sweeper
// holds the store between two sweeps.
func sweepInBackground(store weak.Pointer[Store]) bool {
	s := store.Value()
	if s == nil {
		return false
	}
	now := s.now()
	for i := range s.shards {
		if s.closed.Load() {
			return false
		}
		for s.sweepShard(i, now) > 0 {
			time.Sleep(pause)
		}
	}
	return true
}
