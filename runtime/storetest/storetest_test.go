package storetest

import (
	"encoding/binary"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

func memory(tb testing.TB, _ string) runtime.Store {
	s := memstore.New()
	tb.Cleanup(func() { s.Close() })
	return s
}

func TestRun(t *testing.T) {
	Run(t, memory, Exact(), Seed(1))
}

func TestRunWithHeaders(t *testing.T) {
	Run(t, memory, Headers())
}

// TestRunShared has every place be one store, as a file or a server is.
func TestRunShared(t *testing.T) {
	var mu sync.Mutex
	places := make(map[string]runtime.Store)
	opened := 0
	Run(t, func(tb testing.TB, place string) runtime.Store {
		mu.Lock()
		defer mu.Unlock()
		opened++
		if places[place] == nil {
			places[place] = memory(tb, place)
		}
		return places[place]
	}, Exact(), Shared())
	if all := len(checks(options{shared: true})); len(places) != all {
		t.Errorf("%d places for %d checks", len(places), all)
	}
	if opened == len(places) {
		t.Error("no check opens a second store at its place")
	}
}

// TestRunInRealTime runs the kit without a clock of its own, in a bubble in which
// sleeping takes no time.
func TestRunInRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ownClock := func(tb testing.TB, place string) runtime.Store {
			return &faulty{Store: memory(tb, place).(*memstore.Store), clock: time.Now}
		}
		o := options{unit: 200 * time.Millisecond, exact: true, noServer: true}
		for _, c := range checks(o) {
			for _, f := range failures(t, c, ownClock, o) {
				t.Errorf("%s: %s", c.name, f)
			}
		}
	})
}

func TestHeaders(t *testing.T) {
	k := newKit(t, memory, options{headers: true})
	r := k.record("data", k.later())
	if got := runtime.RecordStamp(r.Data); got != r.Stamp {
		t.Errorf("RecordStamp of a record's data: %x, want %x", got, r.Stamp)
	}
	var ms [8]byte
	copy(ms[2:], r.Data[headerExpires:headerCreated])
	if got := int64(binary.BigEndian.Uint64(ms[:])); got != r.Expires.UnixMilli() {
		t.Errorf("expiry in a record's data: %d, want %d", got, r.Expires.UnixMilli())
	}
}
