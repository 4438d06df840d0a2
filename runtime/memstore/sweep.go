package memstore

import (
	goruntime "runtime"
	"time"
	"weak"
)

// batch is how many records a sweep looks at before it lets requests have the
// shard: some 100 microseconds when all of them go.
const batch = 512

// pause is how long the sweeper leaves shard and core to requests after a batch
// of which it has removed some: after a mass expiry there is a lot to do, and no
// hurry.
const pause = time.Millisecond

// How a sweep lets go of a shard between two batches. Waiting is not for a
// request that makes room.
func yieldTo(int) { goruntime.Gosched() }

func pauseFor(removed int) {
	if removed == 0 {
		goruntime.Gosched()
		return
	}
	time.Sleep(pause)
}

// Sweep removes every record that has expired, and returns how many. The sweeper
// does it by itself; Sweep is for tests whose clock jumps, and for stores with
// [SweepEvery](0).
func (s *Store) Sweep() int {
	now := s.now()
	n := 0
	for i := range s.shards {
		n += s.sweepShard(i, now, yieldTo)
	}
	return n
}

// sweepShard removes what has expired in shard i, and returns how many. After
// each batch it lets go of the shard and calls rest with what the batch removed.
func (s *Store) sweepShard(i int, now int64, rest func(removed int)) (removed int) {
	earliest := &s.earliest[i]
	if earliest.Load() > now {
		return 0
	}
	sh := &s.shards[i]
	sh.sweeping.Lock()
	defer sh.sweeping.Unlock()
	if earliest.Load() > now {
		return 0 // somebody else has just swept it
	}
	sh.mu.Lock()
	sh.next = never
	// Downwards, since a removal moves the last entry into the gap: what moves
	// has been seen, or came while sweeping and told its expiry to sh.next.
	for slot := sh.n - 1; ; {
		before := removed
		for range batch {
			slot = min(slot, sh.n-1)
			if slot < 0 {
				earliest.Store(sh.next)
				sh.mu.Unlock()
				s.expired.Add(uint64(removed))
				return removed
			}
			if expires := sh.at(slot).expires(); expires > now {
				sh.next = min(sh.next, expires)
			} else {
				s.remove(sh, slot)
				removed++
			}
			slot--
		}
		sh.mu.Unlock()
		rest(removed - before)
		sh.mu.Lock()
	}
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
		if n := s.sweepShard(i, now, pauseFor); n > 0 {
			pauseFor(n)
		}
	}
	return true
}
