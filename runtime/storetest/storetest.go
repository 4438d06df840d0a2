// Package storetest tests a store of sessions against what the runtime relies on.
// Every store of this module passes it; the author of another one calls [Run]
// from a test of his own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
//			s, err := mystore.Open(address, mystore.Prefix(place))
//			if err != nil {
//				tb.Fatal(err)
//			}
//			tb.Cleanup(func() { s.Close() })
//			return s
//		})
//	}
//
// It tests [runtime.Records], also [runtime.Finder], [runtime.Lister] and
// [io.Closer] where the store has them. It says nothing about a store that is a
// [runtime.Sealer] or a [runtime.Foreign].
//
// What it demands, beyond the words of those interfaces:
//   - times of expiry are kept to the millisecond;
//   - keys are opaque strings of up to 128 bytes, told apart byte by byte;
//   - data is opaque, of 0 bytes to 1 MiB, and the index of any form;
//   - a failed call has changed nothing, the index included;
//   - a call whose context is cancelled beforehand works, or returns an error that
//     is the context's and has done nothing.
package storetest

import (
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Factory opens a store for one test and has it cleaned up by tb.Cleanup. The
// place names where its records are (a key prefix, a table, a file): no other test
// has the same, and it is empty at first. It consists of lower-case letters and
// digits and is at most 32 bytes long.
type Factory func(tb testing.TB, place string) runtime.Store

// Option tells Run about a store.
type Option func(*options)

type options struct {
	unit    time.Duration // of time that passes; 0 if the clock is ours
	shared  bool
	exact   bool
	headers bool
	seed    uint64

	patience time.Duration // how long something may hang; 0 for a minute
}

// RealTime says that the store has a clock of its own, such as a server's, that
// does not follow [runtime.Setup].Now. Time then passes by sleeping, in units that
// should be several times the store's slowest operation: 200ms, say.
func RealTime(unit time.Duration) Option { return func(o *options) { o.unit = unit } }

// Shared says that two stores opened at one place share their records, as two
// processes do. Parallel writers then go through several of them.
func Shared() Option { return func(o *options) { o.shared = true } }

// Exact says that Find and List yield no key whose record has gone, has expired or
// is no longer under the entry. Without it they may: the runtime looks.
func Exact() Option { return func(o *options) { o.exact = true } }

// Headers says that the store keeps nothing beside the data: it reads the stamp
// with [runtime.RecordStamp], and may write the expiry into the record's header on
// a touch. All data then begins with such a header.
func Headers() Option { return func(o *options) { o.headers = true } }

// Seed repeats a run of the random test; its output says with which seed.
func Seed(seed uint64) Option { return func(o *options) { o.seed = seed } }

// check is one named demand.
type check struct {
	name string
	run  func(*kit)
}

// Run tests the stores that factory opens, each demand in a subtest of its own
// with a store of its own.
func Run(t *testing.T, factory Factory, opts ...Option) {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			if o.unit > 0 {
				t.Parallel() // it mostly sleeps
			}
			c.run(newKit(t, factory, o))
		})
	}
}

func checks() []check {
	var all []check
	for _, some := range [][]check{
		createChecks, updateChecks, touchChecks, deleteChecks, expiryChecks, dataChecks,
		indexChecks, iterateChecks, parallelChecks, logoutChecks, contextChecks, modelChecks, closeChecks,
	} {
		all = append(all, some...)
	}
	return all
}
