package memstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// check fails the test if what the store counts, its tables, its records and its
// index contradict each other. Nothing else may use the store meanwhile.
func (s *Store) check(t *testing.T) {
	t.Helper()
	records, bytes, entries, posted := 0, int64(0), 0, 0
	for i := range s.shards {
		sh := &s.shards[i]
		records += sh.n
		if sh.table.live != sh.n {
			t.Errorf("shard %d: %d references to %d entries", i, sh.table.live, sh.n)
		}
		if slack := len(sh.chunks)*chunkLen - sh.n; slack < 0 || slack >= 2*chunkLen {
			t.Errorf("shard %d: %d chunks for %d entries", i, len(sh.chunks), sh.n)
		}
		if len(sh.table.refs) > 16 && len(sh.table.refs) > 4*sh.n {
			t.Errorf("shard %d: room for %d references to %d entries", i, len(sh.table.refs), sh.n)
		}
		for slot := range sh.n {
			e := sh.at(slot)
			bytes += e.cost()
			id := s.ident(e.key())
			if found, at := sh.find(&id); found != e || at != slot {
				t.Errorf("shard %d: the entry in slot %d is not found by its key %q", i, slot, e.key())
			}
			if e.expires() < s.earliest[i].Load() {
				t.Errorf("shard %d: an entry expires before the earliest", i)
			}
			for _, ie := range e.index() {
				entries++
				p, h := s.postings(&ie)
				set, ok := p.keys[h]
				if _, in := set.many[e.words]; !ok || !in && (set.many != nil || set.one != e.words) {
					t.Errorf("the index does not have %q under %s", e.key(), ie.Field)
				}
			}
		}
		for slot := sh.n; slot < len(sh.chunks)*chunkLen; slot++ {
			if *sh.at(slot) != (entry{}) {
				t.Errorf("shard %d: the free slot %d is not empty", i, slot)
			}
		}
		for _, set := range s.index[i].keys {
			posted += max(1, len(set.many))
		}
	}
	if records != s.Len() || bytes != s.Bytes() {
		t.Errorf("%d records of %d bytes, counted as %d of %d", records, bytes, s.Len(), s.Bytes())
	}
	if entries != posted {
		t.Errorf("%d index entries and %d postings", entries, posted)
	}
}

// TestStorm does everything at once, over bounds that are reached all the time.
func TestStorm(t *testing.T) {
	for name, options := range map[string][]Option{
		"roomy":   {SweepEvery(0)},
		"evicts":  {MaxRecords(300), MaxBytes(60_000), SweepEvery(0)},
		"rejects": {MaxRecords(300), MaxBytes(60_000), SweepEvery(0), RejectWhenFull()},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(options...)
			defer s.Close()
			var clock atomic.Int64
			clock.Store(time.Now().UnixNano())
			s.Bind(runtime.Setup{Now: func() time.Time { return time.Unix(0, clock.Load()) }})
			ctx := context.Background()
			var wg sync.WaitGroup
			for worker := range 8 {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(1, uint64(worker)))
					for i := range 3000 {
						key := strings.Repeat("k", r.IntN(2)) + fmt.Sprintf("%042d", r.IntN(500))
						now := time.Unix(0, clock.Load())
						new := runtime.Record{Data: make([]byte, r.IntN(300)), Stamp: r.Uint64(), Expires: now.Add(time.Duration(r.IntN(1000)) * time.Second)}
						if r.IntN(2) == 0 {
							e := runtime.IndexEntry{Field: "f", Sum: [32]byte{byte(r.IntN(20))}}
							new.Index = []runtime.IndexEntry{e, {Field: "g"}, e}[:r.IntN(4)]
						}
						old, err := s.Load(ctx, key)
						switch op := r.IntN(6); {
						case err != nil:
							s.Create(ctx, key, new)
						case op < 3:
							s.Update(ctx, key, old, new)
						case op == 3:
							s.Touch(ctx, key, old, new.Expires)
						case op == 4:
							s.Delete(ctx, key, old)
						case i%10 == 1:
							s.Sweep()
						case i%10 == 0:
							for range s.List(ctx) {
							}
							for range s.Find(ctx, runtime.IndexEntry{Field: "g"}) {
							}
						default:
							clock.Add(int64(time.Second))
						}
						if s.Len() > s.config.maxRecords+8 || s.Bytes() > s.config.maxBytes+8*400 {
							t.Errorf("%d records, %d bytes", s.Len(), s.Bytes()) // a reservation counts for a moment
						}
					}
				})
			}
			wg.Wait()
			if s.Len() > s.config.maxRecords || s.Bytes() > s.config.maxBytes {
				t.Errorf("%d records, %d bytes", s.Len(), s.Bytes())
			}
			s.check(t)
			t.Logf("%+v", s.Stats())
			clock.Add(int64(24 * time.Hour))
			s.Sweep()
			s.check(t)
			if s.Len() != 0 || s.Bytes() != 0 {
				t.Errorf("after all has expired: %+v", s.Stats())
			}
		})
	}
}

func TestDecode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		w := words{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
		if got, ok := decode(w.string()); !ok || got != w {
			t.Fatalf("decode(%q) = %x, %v, want %x", w.string(), got, ok, w)
		}
	}
	good := words{}.string()
	for i := range len(good) {
		for _, c := range []byte{'+', '/', '=', ' ', 0, 0x80, 0xff} {
			bad := good[:i] + string([]byte{c}) + good[i+1:]
			if w, ok := decode(bad); ok {
				t.Errorf("decode(%q) = %x, want none", bad, w)
			}
		}
	}
	for _, bad := range []string{"", good[1:], good + "A", good[:42] + "B", good[:42] + "_"} {
		if w, ok := decode(bad); ok {
			t.Errorf("decode(%q) = %x, want none: it is not canonical", bad, w)
		}
	}
}

func TestMillis(t *testing.T) {
	for _, c := range []struct {
		in   time.Time
		want int64
	}{
		{time.Time{}, never},
		{time.UnixMilli(1234), 1234},
		{time.UnixMilli(1234).Add(1), 1235},
		{time.UnixMilli(0), 1},
		{time.Unix(-1e6, 0), 1},
		{time.Unix(1<<60, 0), lastTime},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), lastTime},
	} {
		if got := millis(c.in); got != c.want {
			t.Errorf("millis(%v) = %d, want %d", c.in, got, c.want)
		}
		var e entry
		e.setExpires(millis(c.in))
		if got := e.expires(); got != c.want {
			t.Errorf("an entry's expiry of %v is %d, want %d", c.in, got, c.want)
		}
	}
	if got := instant(millis(time.Time{})); !got.IsZero() {
		t.Errorf("never becomes %v", got)
	}
}
