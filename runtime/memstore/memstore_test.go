package memstore_test

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
	"github.com/sessiongen/sessiongen/runtime/storetest"
)

func TestConformance(t *testing.T) {
	for name, options := range map[string][]memstore.Option{
		"default":  nil,
		"no sweep": {memstore.SweepEvery(0)},
		"sweeping": {memstore.SweepEvery(time.Microsecond)},
		"bounded":  {memstore.MaxRecords(1000), memstore.RejectWhenFull()},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(tb testing.TB, _ string) runtime.Store {
				s := memstore.New(options...)
				tb.Cleanup(func() { s.Close() })
				return s
			}, storetest.Exact())
		})
	}
}

// clock is a time that a test sets.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(time.Now().UnixMilli())
	return c
}

func (c *clock) Now() time.Time               { return time.UnixMilli(c.now.Load()) }
func (c *clock) in(d time.Duration) time.Time { return c.Now().Add(d) }
func (c *clock) pass(d time.Duration)         { c.now.Add(d.Milliseconds()) }

func open(t *testing.T, c *clock, options ...memstore.Option) *memstore.Store {
	t.Helper()
	s := memstore.New(options...)
	t.Cleanup(func() { s.Close() })
	if _, err := s.Bind(runtime.Setup{Now: c.Now}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBind(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	for range 2 { // for two managers
		parts, err := s.Bind(runtime.Setup{})
		if err != nil || parts.Records != s || !parts.Local {
			t.Errorf("Bind: %+v, %v", parts, err)
		}
	}
	s.Close()
	if _, err := s.Bind(runtime.Setup{}); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("Bind after Close: error %v, want %v", err, runtime.ErrClosed)
	}
}

func TestWrongOptions(t *testing.T) {
	for want, o := range map[string]memstore.Option{
		"MaxRecords: 0 is no bound: a store needs room for a record; pass a positive number, or leave the option out for 1048576": memstore.MaxRecords(0),
		"MaxRecords: -1 is":     memstore.MaxRecords(-1),
		"MaxBytes: -5 is":       memstore.MaxBytes(-5),
		"SweepEvery: -1s is":    memstore.SweepEvery(-time.Second),
		"New: option 1 of 2 is": nil,
	} {
		s := memstore.New(o, memstore.MaxBytes(-7))
		_, err := s.Bind(runtime.Setup{})
		if err == nil || !strings.Contains(err.Error(), "sessiongen: memstore."+want) || !strings.Contains(err.Error(), "MaxBytes: -7 is") {
			t.Errorf("Bind: error %q, want both %q and MaxBytes: -7", err, want)
		}
		s.Close()
	}
}

// create makes n records, each expiring a minute after the one before.
func create(t *testing.T, s *memstore.Store, c *clock, prefix string, n int, index ...runtime.IndexEntry) {
	t.Helper()
	for i := range n {
		r := runtime.Record{Data: make([]byte, 100), Stamp: 1, Expires: c.in(time.Hour + time.Duration(i)*time.Minute), Index: index}
		if err := s.Create(t.Context(), fmt.Sprint(prefix, i), r); err != nil {
			t.Fatalf("Create %s%d: %v", prefix, i, err)
		}
	}
}

func has(t *testing.T, s *memstore.Store, key string) bool {
	t.Helper()
	_, err := s.Load(t.Context(), key)
	if err != nil && !errors.Is(err, runtime.ErrNotFound) {
		t.Errorf("Load %q: %v", key, err)
	}
	return err == nil
}

func count(t *testing.T, s *memstore.Store, prefix string, n int) (live int) {
	t.Helper()
	for i := range n {
		if has(t, s, fmt.Sprint(prefix, i)) {
			live++
		}
	}
	return live
}

func TestEvictsTheSoonestToExpire(t *testing.T) {
	c := newClock()
	s := open(t, c, memstore.MaxRecords(10))
	create(t, s, c, "old", 10)
	if err := s.Touch(t.Context(), "old0", runtime.Record{Stamp: 1}, c.in(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	c.pass(time.Minute)
	create(t, s, c, "new", 1)
	// old0 was in use since, so that old1 is the one not used for longest.
	if !has(t, s, "old0") || has(t, s, "old1") || !has(t, s, "old2") || !has(t, s, "new0") {
		t.Errorf("old0 %v, old1 %v, old2 %v, new0 %v: want old1 alone to be gone",
			has(t, s, "old0"), has(t, s, "old1"), has(t, s, "old2"), has(t, s, "new0"))
	}
	if got := s.Stats(); got.Records != 10 || got.Evicted != 1 || got.Expired != 0 || got.Refused != 0 {
		t.Errorf("Stats: %+v", got)
	}
}

func TestEvictsTheExpiredFirst(t *testing.T) {
	c := newClock()
	s := open(t, c, memstore.MaxRecords(200), memstore.SweepEvery(0))
	create(t, s, c, "old", 200)
	c.pass(time.Hour + 50*time.Minute + time.Second)
	create(t, s, c, "new", 51)
	if got := s.Stats(); got.Records > 200 || got.Evicted != 0 || got.Expired == 0 {
		t.Errorf("Stats: %+v, want none evicted", got)
	}
	if n := count(t, s, "old", 200); n != 149 {
		t.Errorf("%d old records are left, want 149", n)
	}
}

func TestFloodLeavesLoggedIn(t *testing.T) {
	c := newClock()
	s := open(t, c, memstore.MaxRecords(2000))
	create(t, s, c, "user", 1000, runtime.IndexEntry{Field: "user_id"})
	c.pass(time.Minute) // anonymous records expire later than some users'
	create(t, s, c, "anonymous", 20_000)
	if n := count(t, s, "user", 1000); n < 990 {
		t.Errorf("a flood of anonymous sessions has left %d of 1000 users logged in", n)
	}
}

func TestEvictsForBytes(t *testing.T) {
	c := newClock()
	s := open(t, c, memstore.MaxBytes(20_000))
	create(t, s, c, "small", 200)
	if s.Bytes() > 20_000 || s.Len() < 75 {
		t.Errorf("%d records of %d bytes", s.Len(), s.Bytes())
	}
	old := runtime.Record{Data: make([]byte, 100), Stamp: 7, Expires: c.in(time.Second)}
	if err := s.Create(t.Context(), "grows", old); err != nil {
		t.Fatal(err)
	}
	// It grows until it is alone, and is never the one to go.
	for size := 1000; size < 19_000; size += 1000 {
		new := runtime.Record{Data: make([]byte, size), Stamp: 7, Expires: c.in(time.Second)}
		if err := s.Update(t.Context(), "grows", old, new); err != nil {
			t.Fatalf("Update to %d bytes: %v", size, err)
		}
	}
	before := s.Len()
	err := s.Update(t.Context(), "grows", old, runtime.Record{Data: make([]byte, 20_000)})
	if !errors.Is(err, runtime.ErrFull) || s.Len() != before {
		t.Errorf("Update to more than all bytes: error %v, %d records of %d are left", err, s.Len(), before)
	}
	err = s.Create(t.Context(), "huge", runtime.Record{Data: make([]byte, 20_000)})
	if !errors.Is(err, runtime.ErrFull) || !strings.Contains(err.Error(), "raise MaxBytes") || s.Len() != before {
		t.Errorf("Create with more than all bytes: error %v, %d records of %d are left", err, s.Len(), before)
	}
}

func TestRejectWhenFull(t *testing.T) {
	c := newClock()
	s := open(t, c, memstore.MaxRecords(10), memstore.RejectWhenFull(), memstore.SweepEvery(0))
	create(t, s, c, "old", 10)
	err := s.Create(t.Context(), "new", runtime.Record{Stamp: 1})
	if !errors.Is(err, runtime.ErrFull) || !strings.Contains(err.Error(), "10 of 10 records") {
		t.Errorf("Create in a full store: %v", err)
	}
	if n := count(t, s, "old", 10); n != 10 {
		t.Errorf("%d of 10 records are left", n)
	}
	old := runtime.Record{Stamp: 1}
	if err := s.Update(t.Context(), "old3", old, runtime.Record{Data: make([]byte, 500), Stamp: 1}); err != nil {
		t.Errorf("Update in a full store: %v", err)
	}
	c.pass(time.Hour) // old0 expires
	if err := s.Create(t.Context(), "new", runtime.Record{Stamp: 1}); err != nil {
		t.Errorf("Create after one has expired: %v", err)
	}
	if got := s.Stats(); got.Refused != 1 || got.Evicted != 0 || got.Expired != 1 {
		t.Errorf("Stats: %+v", got)
	}
}

func TestMassExpiryGivesMemoryBack(t *testing.T) {
	c := newClock()
	before := heap()
	s := open(t, c, memstore.SweepEvery(0))
	const n = 200_000
	for i := range n {
		r := runtime.Record{Data: make([]byte, usual), Stamp: 1, Expires: c.in(time.Hour)}
		if i%4 == 0 {
			r.Index = []runtime.IndexEntry{{Field: "user_id", Sum: sum(i)}, {Field: "team"}}
		}
		if err := s.Create(t.Context(), newKey(), r); err != nil {
			t.Fatal(err)
		}
	}
	full := heap() - before
	if perRecord := s.Bytes() / n; full/n < perRecord*8/10 || full/n > perRecord*12/10 {
		t.Errorf("a record takes %d bytes and is counted as %d", full/n, perRecord)
	}
	create(t, s, c, "live", 100)
	c.pass(time.Hour - time.Millisecond)
	if got := s.Sweep(); got != 0 {
		t.Errorf("Sweep removes %d records before their time", got)
	}
	c.pass(time.Millisecond)
	create(t, s, c, "more", 100)
	if got := s.Sweep(); got != n+1 { // and live0
		t.Errorf("Sweep removes %d records, want %d", got, n+1)
	}
	if got := count(t, s, "live", 100) + count(t, s, "more", 100); got != 199 || s.Len() != 199 {
		t.Errorf("%d records are found, %d counted, want 199", got, s.Len())
	}
	if left := heap() - before; left > full/20 {
		t.Errorf("%d of %d bytes are left", left, full)
	}
	goruntime.KeepAlive(s)
}

func TestSweeper(t *testing.T) {
	c := newClock()
	s := open(t, c, memstore.SweepEvery(time.Millisecond))
	create(t, s, c, "k", 3000)
	c.pass(1000 * time.Hour)
	for s.Len() > 0 { // go test's time limit is the only one
		time.Sleep(time.Millisecond)
	}
	if got := s.Stats().Expired; got != 3000 {
		t.Errorf("%d records have expired, want 3000", got)
	}
}

func TestForgottenStoreIsCollected(t *testing.T) {
	forget := func() weak.Pointer[memstore.Store] {
		s := memstore.New(memstore.SweepEvery(time.Millisecond))
		s.Create(context.Background(), "key", runtime.Record{})
		return weak.Make(s)
	}
	p := forget()
	for p.Value() != nil {
		time.Sleep(time.Millisecond)
		goruntime.GC()
	}
}

func TestDataInALargeBufferIsCopied(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	buffer := make([]byte, 100, 4096)
	s.Create(t.Context(), "key", runtime.Record{Data: buffer, Stamp: 1})
	r, err := s.Load(t.Context(), "key")
	if err != nil || len(r.Data) != 100 || &r.Data[0] == &buffer[0] {
		t.Errorf("the store keeps a buffer of %d bytes for 100", cap(buffer))
	}
	exact := make([]byte, 265)
	s.Update(t.Context(), "key", r, runtime.Record{Data: exact, Stamp: 2})
	if r, err = s.Load(t.Context(), "key"); err != nil || &r.Data[0] != &exact[0] {
		t.Error("the store copies data that it was given to keep")
	}
}

func TestLoadDoesNotAllocate(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	for _, key := range []string{newKey(), "sess:abc"} {
		s.Create(t.Context(), key, runtime.Record{Data: make([]byte, usual), Stamp: 1, Expires: time.Now().Add(time.Hour)})
		ctx := t.Context()
		if n := testing.AllocsPerRun(100, func() { s.Load(ctx, key) }); n != 0 {
			t.Errorf("Load %q allocates %v times", key, n)
		}
	}
}
