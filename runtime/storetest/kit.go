package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/storetest/internal/visit"
)

// kit is what a check works with: a store of its own, a clock, and words for what
// it wants.
type kit struct {
	testing.TB
	options
	factory Factory
	place   string
	clock   clock
	store   runtime.Store
	parts   runtime.Parts
	records runtime.Records
	ctx     context.Context
}

// clock is the time that the store is given.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	running bool // it is the real time
}

func (c *clock) Now() time.Time {
	if c.running {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func newKit(tb testing.TB, factory Factory, o options) *kit {
	tb.Helper()
	return newKitAt(tb, factory, o, fmt.Sprintf("storetest%016x", rand.Uint64()))
}

func newKitAt(tb testing.TB, factory Factory, o options, place string) *kit {
	tb.Helper()
	k := &kit{TB: tb, options: o, factory: factory, ctx: context.Background(), place: place}
	k.clock.running = o.unit > 0
	k.clock.now = time.Now()
	if k.unit == 0 {
		k.unit = time.Minute
	}
	if k.patience == 0 {
		k.patience = time.Minute
	}
	if k.limit == 0 {
		k.limit = 500 * time.Millisecond
	}
	if k.silence == 0 {
		k.silence = 2 * k.limit
	}
	k.store, k.parts = k.open(k.factory)
	k.records = k.parts.Records
	return k
}

// open opens a store at the kit's place.
func (k *kit) open(factory Factory) (runtime.Store, runtime.Parts) {
	k.Helper()
	store := factory(k.TB, k.place)
	spec := new(visit.Session).SessionFields().Spec()
	parts, err := store.Bind(runtime.Setup{Spec: spec, Cookie: "session", Now: k.clock.Now})
	if err != nil {
		k.Fatalf("Bind: %v", err)
	}
	if parts.Records == nil {
		k.Fatalf("Bind returned no Records: storetest tests nothing else")
	}
	return store, parts
}

// several returns what n writers go through: stores of their own if they share
// their records.
func (k *kit) several(n int) []runtime.Records {
	k.Helper()
	all := slices.Repeat([]runtime.Records{k.records}, n)
	if k.shared {
		for i := 1; i < min(n, 4); i++ {
			_, parts := k.open(k.factory)
			all[i] = parts.Records
		}
		for i := 4; i < n; i++ {
			all[i] = all[i%4]
		}
	}
	return all
}

// in returns the time in n units, in whole milliseconds.
func (k *kit) in(n int) time.Time {
	return k.clock.Now().Add(time.Duration(n) * k.unit).Truncate(time.Millisecond)
}

// later is a time that does not come during a test.
func (k *kit) later() time.Time { return k.clock.Now().Add(24 * time.Hour).Truncate(time.Millisecond) }

// pass lets n units of time pass.
func (k *kit) pass(n int) {
	d := time.Duration(n) * k.unit
	if k.clock.running {
		time.Sleep(d)
		return
	}
	k.clock.mu.Lock()
	defer k.clock.mu.Unlock()
	k.clock.now = k.clock.now.Add(d)
}

// Where a record's header has what a store may read and write.
const (
	headerSize    = 32
	headerStamp   = 1
	headerExpires = 9
	headerCreated = 15
)

// record returns a record with a new stamp.
func (k *kit) record(data string, expires time.Time, index ...runtime.IndexEntry) runtime.Record {
	r := runtime.Record{Data: []byte(data), Stamp: rand.Uint64() | 1, Expires: expires, Index: index}
	if k.headers {
		h := make([]byte, headerSize, headerSize+len(data))
		h[0] = 1
		binary.BigEndian.PutUint64(h[headerStamp:], r.Stamp)
		if !expires.IsZero() {
			var ms [8]byte
			binary.BigEndian.PutUint64(ms[:], uint64(expires.UnixMilli()))
			copy(h[headerExpires:headerCreated], ms[2:])
		}
		r.Data = append(h, data...)
	}
	return r
}

// text returns the data of a record as record was given it.
func (k *kit) text(r runtime.Record) string {
	if k.headers && len(r.Data) >= headerSize {
		return string(r.Data[headerSize:])
	}
	return string(r.Data)
}

// sameData compares data, but for the expiry in a header.
func (k *kit) sameData(a, b []byte) bool {
	if k.headers && len(a) >= headerSize && len(b) >= headerSize {
		return bytes.Equal(a[:headerExpires], b[:headerExpires]) && bytes.Equal(a[headerCreated:], b[headerCreated:])
	}
	return bytes.Equal(a, b)
}

// want complains unless err is the wanted error.
func (k *kit) want(err, wanted error, what string, args ...any) bool {
	k.Helper()
	if !errors.Is(err, wanted) {
		k.Errorf("%s: error %v, want %v", fmt.Sprintf(what, args...), err, wanted)
		return false
	}
	return true
}

// create creates a record that must not be there.
func (k *kit) create(key string, r runtime.Record) {
	k.Helper()
	if err := k.records.Create(k.ctx, key, r); err != nil {
		k.Fatalf("Create %q: %v", key, err)
	}
}

// wantRecord complains unless r is what is under key.
func (k *kit) wantRecord(key string, r runtime.Record) {
	k.Helper()
	got, err := k.records.Load(k.ctx, key)
	if err != nil {
		k.Errorf("Load %q: %v, want the record", key, err)
		return
	}
	if !k.sameData(got.Data, r.Data) {
		k.Errorf("Load %q: data %s, want %s", key, brief(got.Data), brief(r.Data))
	}
	if got.Stamp != r.Stamp {
		k.Errorf("Load %q: stamp %x, want %x", key, got.Stamp, r.Stamp)
	}
	if got.Expires.IsZero() != r.Expires.IsZero() || got.Expires.UnixMilli() != r.Expires.UnixMilli() {
		k.Errorf("Load %q: expires %v, want %v", key, got.Expires, r.Expires)
	}
}

func brief(data []byte) string {
	if len(data) > 64 {
		return fmt.Sprintf("%q... (%d bytes)", data[:64], len(data))
	}
	return fmt.Sprintf("%q", data)
}

// wantGone complains unless nothing is under key.
func (k *kit) wantGone(key string) {
	k.Helper()
	_, err := k.records.Load(k.ctx, key)
	k.want(err, runtime.ErrNotFound, "Load %q", key)
}

// entry returns an index entry.
func entry(field string, value byte) runtime.IndexEntry {
	e := runtime.IndexEntry{Field: field}
	for i := range e.Sum {
		e.Sum[i] = value + byte(i)*7
	}
	return e
}

// wantFound complains unless Find yields these keys.
func (k *kit) wantFound(e runtime.IndexEntry, keys ...string) {
	k.Helper()
	k.wantKeys(fmt.Sprintf("Find %s %x", e.Field, e.Sum[:2]), k.records.(runtime.Finder).Find(k.ctx, e), keys, func(string) bool { return true })
}

// wantListed complains unless List yields these keys.
func (k *kit) wantListed(keys ...string) {
	k.Helper()
	gone := func(key string) bool {
		_, err := k.records.Load(k.ctx, key)
		return errors.Is(err, runtime.ErrNotFound)
	}
	k.wantKeys("List", k.records.(runtime.Lister).List(k.ctx), keys, gone)
}

// wantKeys complains unless these keys come; others may if the store is not exact
// and they are excused.
func (k *kit) wantKeys(what string, seq iter.Seq2[string, error], keys []string, excused func(string) bool) {
	k.Helper()
	got := make(map[string]bool)
	for key, err := range seq {
		if err != nil {
			k.Errorf("%s: %v", what, err)
			return
		}
		got[key] = true
	}
	for _, key := range keys {
		if !got[key] {
			k.Errorf("%s does not yield %q", what, key)
		}
		delete(got, key)
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if k.exact || !excused(key) {
			k.Errorf("%s yields %q, which it must not", what, key)
		}
	}
}

// within fails the test if f hangs.
func (k *kit) within(what string, f func()) {
	k.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(k.patience):
		k.Fatalf("%s hangs", what)
	}
}

// together runs f n times in parallel, each begun when all are there.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
}
