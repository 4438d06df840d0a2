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
// [io.Closer] where the store has them, and then sessions on the store: storms of
// parallel requests over HTTP that must lose nothing, and logins, renewals and
// logouts after which no destroyed session answers. It says nothing about a store
// that is a [runtime.Sealer] or a [runtime.Foreign].
//
// # Stores on a network
//
// Options say what else a store can do, and have that tested too. For one with a
// server they are all of these, here with a server that the test starts for itself:
//
//	func TestStoreOnServer(t *testing.T) {
//		var server *myserver.Process
//		addr := storetest.Once(t, "server", func() string {
//			server = myserver.Start(t)
//			return server.Addr
//		})
//		open := func(tb testing.TB, place, addr string) runtime.Store {
//			s, err := mystore.Open(addr, mystore.Prefix(place))
//			if err != nil {
//				tb.Fatal(err)
//			}
//			tb.Cleanup(func() { s.Close() })
//			return s
//		}
//		storetest.Run(t, func(tb testing.TB, place string) runtime.Store { return open(tb, place, addr) },
//			storetest.RealTime(200*time.Millisecond), // the server has a clock of its own
//			storetest.Processes(),                    // the test binary runs a second time and takes part
//			storetest.Network(addr, open),            // a proxy refuses, resets and holds connections
//			storetest.Durable(),                      // what was acknowledged survives a restart
//			storetest.Restart(func(testing.TB) { server.Kill(); server.Start() }),
//		)
//	}
//
// In the second process the test runs up to Run, which then does what the first
// process asks for, and no line after it. What must be the same in both, such as the
// address of the server, goes through [Once]; a store in a file passes the path of
// the file's directory through it.
//
// # What it demands beyond the words of those interfaces
//
//   - times of expiry are kept to the millisecond;
//   - keys are opaque strings of up to 128 bytes, told apart byte by byte;
//   - data is opaque, of 0 bytes to 1 MiB, and the index of any form;
//   - a failed call has changed nothing, the index included; a call that failed
//     because its connection broke or its time was up may have taken place, but not
//     in part;
//   - a call whose context is cancelled beforehand works, or returns an error that
//     is the context's and has done nothing;
//   - a call ends when its context does;
//   - an outage is never [runtime.ErrNotFound], [runtime.ErrExists] or
//     [runtime.ErrConflict]. One of these may only come of a connection that broke if
//     the store has tried its own write again and met it;
//   - when the server answers again, so does the store, without being told.
package storetest

import (
	"slices"
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

	server    string // where the network store's server listens; "" for no network
	through   func(tb testing.TB, place, addr string) runtime.Store
	silence   time.Duration // how long an outage without an answer lasts; 0 for twice the limit
	restart   func(testing.TB)
	durable   bool
	processes bool

	patience time.Duration // how long something may hang; 0 for a minute
	limit    time.Duration // of a call's time in an outage; 0 for half a second
	noServer bool          // requests go to handlers without a network
	test     string        // the test that called Run
	run      int           // how many Runs that test has begun before
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

// Network says that the store reaches a server over TCP. The kit puts a [Proxy] before
// that server, which refuses, breaks and holds connections; open opens a store at a
// place that reaches the server through addr. Such a store needs no TLS there. All
// calls must end with an error when their context does, half a second here.
func Network(server string, open func(tb testing.TB, place, addr string) runtime.Store) Option {
	return func(o *options) { o.server, o.through = server, open }
}

// SilenceLasts sets how long the server of [Network] answers nothing, with connections
// open, in each of the two checks that want this; a second otherwise.
func SilenceLasts(d time.Duration) Option { return func(o *options) { o.silence = d } }

// Restart says how to end the store's server at once, as a crash does, and to start
// it again; restart returns when it accepts connections. It is called under load.
// The server must be the test's own. Without [Durable] the records may be gone
// afterwards, whole.
func Restart(restart func(tb testing.TB)) Option { return func(o *options) { o.restart = restart } }

// Durable says that what the store has acknowledged outlives it: a store that is opened
// at the place afterwards has it, and so has the server after [Restart].
func Durable() Option { return func(o *options) { o.durable = true } }

// Processes says that the store is shared by processes: Run starts the test binary
// a second time, with the one test that calls Run, and has it open the same places
// with the same factory. What the test finds out for the factory before, such as the
// address of a server that it starts, comes from [Once]. It implies [Shared].
func Processes() Option { return func(o *options) { o.processes, o.shared = true, true } }

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
	if takePart(t, factory, &o) {
		return
	}
	// What is parallel goes on when this function has returned, so that these have
	// the server for themselves.
	if o.restart != nil {
		for _, c := range restartChecks {
			t.Run(c.name, func(t *testing.T) { c.run(newKit(t, factory, o)) })
		}
	}
	for _, c := range checks(o) {
		t.Run(c.name, func(t *testing.T) {
			if o.unit > 0 {
				t.Parallel() // it mostly sleeps
			}
			c.run(newKit(t, factory, o))
		})
	}
}

// checks returns those that concern a store with these options, but for those that
// restart its server.
func checks(o options) []check {
	all := slices.Concat(
		createChecks, updateChecks, touchChecks, deleteChecks, expiryChecks, dataChecks,
		indexChecks, iterateChecks, parallelChecks, logoutChecks, contextChecks, modelChecks, closeChecks, sessionChecks)
	if o.processes {
		all = append(all, processChecks...)
	}
	if o.through != nil {
		all = append(all, outageChecks...)
	}
	if o.durable && o.shared {
		all = append(all, durableChecks...)
	}
	return all
}
