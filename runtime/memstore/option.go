package memstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Option is a setting of a store.
type Option func(*Store)

type config struct {
	maxRecords int
	maxBytes   int64
	sweep      time.Duration
	reject     bool
}

var defaults = config{maxRecords: 1 << 20, maxBytes: 512 << 20, sweep: time.Second}

// MaxRecords bounds the number of records; 1,048,576 without the option. A
// session is one record, and a destroyed or renewed one stays one for a minute.
// n must be positive; math.MaxInt leaves the bound to [MaxBytes].
func MaxRecords(n int) Option {
	return func(s *Store) {
		if n <= 0 {
			s.fail("MaxRecords", "%d is no bound: a store needs room for a record; pass a positive number, or leave the option out for %d", n, defaults.maxRecords)
			return
		}
		s.config.maxRecords = n
	}
}

// MaxBytes bounds the bytes of data and book-keeping; 536,870,912 (512 MiB)
// without the option. The process needs more, since the garbage collector lets
// the heap grow (to twice the size by default, see GOGC). n must be positive;
// math.MaxInt64 leaves the bound to [MaxRecords].
func MaxBytes(n int64) Option {
	return func(s *Store) {
		if n <= 0 {
			s.fail("MaxBytes", "%d is no bound: a store needs room for a record; pass a positive number of bytes, or leave the option out for %d", n, defaults.maxBytes)
			return
		}
		s.config.maxBytes = n
	}
}

// SweepEvery sets how often expired records are looked for, in real time; every
// second without the option. 0 starts no sweeper: an expired record then stays in
// memory until it is looked up, the store is full, or [Store.Sweep] is called.
func SweepEvery(d time.Duration) Option {
	return func(s *Store) {
		if d < 0 {
			s.fail("SweepEvery", "%v is no time between sweeps, it is negative; pass a positive duration, or 0 for no sweeper", d)
			return
		}
		s.config.sweep = d
	}
}

// RejectWhenFull makes a full store refuse what does not fit, with
// [runtime.ErrFull], instead of removing other sessions to make room.
func RejectWhenFull() Option {
	return func(s *Store) { s.config.reject = true }
}

// Evicts tells whether the store removes live records when it is full, which it
// does without [RejectWhenFull].
func (s *Store) Evicts() bool { return !s.config.reject }

// fail notes what is wrong with an option, for Bind.
func (s *Store) fail(option, reason string, args ...any) {
	s.err = errors.Join(s.err, &runtime.ConfigError{Setting: "memstore." + option, Reason: fmt.Sprintf(reason, args...)})
}
