package memstore_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

const usual = 265 // bytes of a usual session

func newKey() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// fill creates n records that expire at expires.
func fill(tb testing.TB, s *memstore.Store, n int, expires time.Time) []string {
	tb.Helper()
	keys := make([]string, n)
	for i := range keys {
		keys[i] = newKey()
		r := runtime.Record{Data: make([]byte, usual), Stamp: uint64(i) + 1, Expires: expires}
		if err := s.Create(context.Background(), keys[i], r); err != nil {
			tb.Fatal(err)
		}
	}
	return keys
}

// heap returns the bytes of live objects.
func heap() int64 {
	var m goruntime.MemStats
	goruntime.GC()
	goruntime.GC()
	goruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := memstore.New()
			defer s.Close()
			keys := fill(b, s, n, time.Now().Add(time.Hour))
			mathrand.Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			// A request has just made its key: it is in the CPU's cache, as the
			// next piece of one long string is.
			all := strings.Join(keys, "")
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := s.Load(b.Context(), all[i:i+43]); err != nil {
					b.Fatal(err)
				}
				if i += 43; i == len(all) {
					i = 0
				}
			}
		})
	}
}

func BenchmarkLoadParallel(b *testing.B) {
	s := memstore.New()
	defer s.Close()
	keys := fill(b, s, 10_000, time.Now().Add(time.Hour))
	b.RunParallel(func(pb *testing.PB) {
		for i := mathrand.IntN(len(keys)); pb.Next(); i++ {
			s.Load(b.Context(), keys[i%len(keys)])
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	s := memstore.New()
	defer s.Close()
	expires := time.Now().Add(time.Hour)
	keys := fill(b, s, 1, expires)
	old := runtime.Record{Data: make([]byte, usual), Stamp: 1, Expires: expires}
	b.ReportAllocs()
	for b.Loop() {
		new := old
		new.Stamp++
		if err := s.Update(b.Context(), keys[0], old, new); err != nil {
			b.Fatal(err)
		}
		old = new
	}
}

func BenchmarkCreateDelete(b *testing.B) {
	s := memstore.New()
	defer s.Close()
	expires := time.Now().Add(time.Hour)
	fill(b, s, 10_000, expires)
	r := runtime.Record{Data: make([]byte, usual), Stamp: 1, Expires: expires}
	key := newKey()
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Create(b.Context(), key, r); err != nil {
			b.Fatal(err)
		}
		if err := s.Delete(b.Context(), key, r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreateFull creates records in a full store, which evicts one each
// time; making the key takes some 250 ns of it.
func BenchmarkCreateFull(b *testing.B) {
	s := memstore.New(memstore.MaxRecords(100_000))
	defer s.Close()
	expires := time.Now().Add(time.Hour)
	fill(b, s, 100_000, expires)
	r := runtime.Record{Data: make([]byte, usual), Stamp: 1, Expires: expires}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Create(b.Context(), newKey(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBase64 is for comparison: what decoding a key costs otherwise.
func BenchmarkBase64(b *testing.B) {
	key := newKey()
	var dst [32]byte
	for b.Loop() {
		base64.RawURLEncoding.Decode(dst[:], []byte(key))
	}
}

// BenchmarkMillion prints what a record costs in memory.
func BenchmarkMillion(b *testing.B) {
	for _, indexed := range []bool{false, true} {
		b.Run(fmt.Sprintf("indexed=%v", indexed), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				s := memstore.New(memstore.MaxBytes(1 << 30))
				const n = 1_000_000
				expires := time.Now().Add(time.Hour)
				for i := range n {
					r := runtime.Record{Data: make([]byte, usual), Stamp: uint64(i), Expires: expires}
					if indexed {
						r.Index = []runtime.IndexEntry{{Field: "user_id", Sum: sum(i)}}
					}
					if err := s.Create(b.Context(), newKey(), r); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(heap()-before)/n, "B/record")
				b.ReportMetric(float64(s.Bytes())/n, "counted-B/record")
				start := time.Now()
				goruntime.GC()
				b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "ms/GC")
				s.Close()
				b.ReportMetric(float64(heap()-before)/n, "B/record-after")
			}
		})
	}
}

// BenchmarkMassExpiry has a million records expire at once under load, and
// prints what the loads of other records waited.
func BenchmarkMassExpiry(b *testing.B) {
	for b.Loop() {
		var offset atomic.Int64
		s := memstore.New(memstore.MaxRecords(1<<21), memstore.MaxBytes(1<<30), memstore.SweepEvery(10*time.Millisecond))
		_, err := s.Bind(runtime.Setup{Now: func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }})
		if err != nil {
			b.Fatal(err)
		}
		const n = 1_000_000
		before := heap()
		fill(b, s, n, time.Now().Add(time.Hour))
		keys := fill(b, s, 1000, time.Now().Add(24*time.Hour))
		full := heap()

		// Before the expiry, the longest waits tell what the machine does by itself.
		waits := map[bool][]time.Duration{true: make([]time.Duration, 0, 1<<21), false: make([]time.Duration, 0, 1<<21)}
		var calm atomic.Bool
		calm.Store(true)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				start := time.Now()
				if _, err := s.Load(b.Context(), keys[i%len(keys)]); err != nil {
					b.Error(err)
					return
				}
				c := calm.Load()
				waits[c] = append(waits[c], time.Since(start))
			}
		})
		time.Sleep(200 * time.Millisecond)
		start := time.Now()
		calm.Store(false)
		offset.Store(int64(2 * time.Hour))
		for s.Len() > len(keys) {
			time.Sleep(time.Millisecond)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-until-gone")
		close(stop)
		wg.Wait()
		for c, name := range map[bool]string{true: "before", false: "during"} {
			w := waits[c]
			slices.Sort(w)
			b.ReportMetric(float64(w[len(w)-1].Microseconds()), "us-longest-load-"+name)
			b.ReportMetric(float64(w[len(w)*999/1000].Nanoseconds()), "ns-p99.9-load-"+name)
		}
		clear(waits)
		b.ReportMetric(float64(full-before)/(n+1000), "B/record")
		b.ReportMetric(float64(heap()-before)/n, "B/record-after")
		s.Close()
	}
}

func sum(i int) (s [32]byte) {
	for j := range 8 {
		s[j] = byte(i >> (8 * j))
	}
	return s
}
