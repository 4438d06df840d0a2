package sessions

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	scsmemstore "github.com/alexedwards/scs/v2/memstore"

	"github.com/sessiongen/sessiongen/bench/measure"
	"github.com/sessiongen/sessiongen/bench/table"
	"github.com/sessiongen/sessiongen/bench/workload"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// memory is a store with records, as million and expiry use it.
type memory struct {
	name   string
	size   func() int // of one record, in bytes
	create func(key string, expires time.Time) error
	find   func(key string) bool
	length func() int // records, also expired ones; nil if the store can't tell
	close  func()
}

// stores returns each store anew.
func stores() ([]func() (*memory, error), error) {
	record := workload.Sample()
	hand := workload.AppendByHand(nil, &record)
	session := new(workload.Session)
	workload.Fill(session)
	ours, err := runtime.AppendRecord(nil, &runtime.Meta{Stamp: 1, Created: 1}, session.SessionFields())
	if err != nil {
		return nil, err
	}
	gobbed, err := scs.GobCodec{}.Encode(time.Now().Add(time.Hour), map[string]any{
		"visits": record.Visits, "user_id": record.UserID, "email": record.Email, "roles": record.Roles,
		"login_at": record.LoginAt, "cart": record.Cart, "theme": record.Theme, "beta": record.Beta,
	})
	if err != nil {
		return nil, err
	}
	return []func() (*memory, error){
		func() (*memory, error) {
			records := map[[32]byte][]byte{}
			raw := func(key string) (k [32]byte) {
				base64.RawURLEncoding.Decode(k[:], []byte(key))
				return k
			}
			return &memory{
				name: "limit", size: func() int { return len(hand) },
				create: func(key string, _ time.Time) error { records[raw(key)] = clone(hand); return nil },
				find:   func(key string) bool { return records[raw(key)] != nil },
				close:  func() {},
			}, nil
		},
		func() (*memory, error) {
			store := scsmemstore.NewWithCleanupInterval(time.Second)
			return &memory{
				name: "scs", size: func() int { return len(gobbed) },
				create: func(key string, expires time.Time) error { return store.Commit(key, clone(gobbed), expires) },
				find:   func(key string) bool { _, ok, _ := store.Find(key); return ok },
				close:  store.StopCleanup,
			}, nil
		},
		func() (*memory, error) {
			store := memstore.New()
			parts, err := store.Bind(runtime.Setup{}) // starts what a manager starts
			if err != nil {
				return nil, err
			}
			return &memory{
				name: "ours", size: func() int { return len(ours) },
				create: func(key string, expires time.Time) error {
					return parts.Records.Create(context.Background(), key, runtime.Record{Data: clone(ours), Stamp: 1, Expires: expires})
				},
				find:   func(key string) bool { _, err := parts.Records.Load(context.Background(), key); return err == nil },
				length: store.Len,
				close:  func() { store.Close() },
			}, nil
		},
	}, nil
}

func clone(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }

const keyLen = 43

// newKeys returns n keys as one string, in the order in which they are made.
func newKeys(n int) string {
	var all strings.Builder
	all.Grow(n * keyLen)
	var raw [32]byte
	for range n {
		rand.Read(raw[:])
		all.WriteString(base64.RawURLEncoding.EncodeToString(raw[:]))
	}
	return all.String()
}

func keyAt(all string, i int) string { return all[i*keyLen : (i+1)*keyLen] }

// million measures what sessions take in memory and how long a look-up among
// them takes.
func million(ctx context.Context, s size) ([]row, *table.Table, error) {
	makers, err := stores()
	if err != nil {
		return nil, nil, err
	}
	keys := newKeys(s.records)
	order := mathrand.Perm(s.records)
	var looked strings.Builder // the keys in another order: a request has just made its key, so that it is in the cache
	for _, i := range order {
		looked.WriteString(keyAt(keys, i))
	}
	shuffled := looked.String()
	var bytes, times [3]float64
	var sizes [3]int
	for i, make := range makers {
		before := measure.Heap()
		store, err := make()
		if err != nil {
			return nil, nil, err
		}
		expires := time.Now().Add(time.Hour)
		for k := range s.records {
			if err := store.create(strings.Clone(keyAt(keys, k)), expires); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", store.name, err)
			}
		}
		bytes[i] = float64(measure.Heap()-before) / float64(s.records)
		sizes[i] = store.size()
		at := 0
		r := measure.InTurns(ctx, s.rounds, s.slice, measure.Contender{Name: store.name, Run: func(n int) {
			for range n {
				if !store.find(keyAt(shuffled, at)) {
					panic(store.name + " lost a record")
				}
				if at++; at == s.records {
					at = 0
				}
			}
		}})
		times[i] = r[0].Nanos
		store.close()
	}
	cell := func(i int) string {
		return fmt.Sprintf("%.0f B, %s (data %d B)", bytes[i], table.Nanos(times[i]), sizes[i])
	}
	return []row{{
		what:  fmt.Sprintf("%d sessions in memory, look-up", s.records),
		limit: cell(0), peer: "scs " + cell(1), ours: cell(2),
		bound: "360 B, 2.06 of limit",
		holds: bytes[2] <= 360 && times[2] <= 2.06*times[0],
	}}, nil, nil
}

// expiry measures the longest look-up while all records but a few expire at
// once, and how much memory comes back.
func expiry(ctx context.Context, s size) ([]row, *table.Table, error) {
	makers, err := stores()
	if err != nil {
		return nil, nil, err
	}
	var stalls, calm [2]time.Duration
	var back [2]float64
	for i, make := range makers[1:] { // the limit does not expire
		before := measure.Heap()
		store, err := make()
		if err != nil {
			return nil, nil, err
		}
		const live = 1000
		keys := newKeys(live)
		for k := range live {
			if err := store.create(strings.Clone(keyAt(keys, k)), time.Now().Add(time.Hour)); err != nil {
				return nil, nil, err
			}
		}
		expires := time.Now().Add(fillTime(s.records))
		doomed := newKeys(s.records)
		for k := range s.records {
			if err := store.create(strings.Clone(keyAt(doomed, k)), expires); err != nil {
				return nil, nil, err
			}
		}
		doomed = ""
		full := measure.Heap()
		calm[i] = longest(store, keys, time.Now().Add(time.Second))
		stalls[i] = longest(store, keys, expires.Add(4*time.Second))
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if now := measure.Heap(); full > before {
			back[i] = 100 * (1 - float64(int64(now)-int64(before))/float64(full-before))
		}
		if store.length != nil && store.length() != live {
			return nil, nil, fmt.Errorf("%s: %d records are left of the %d that do not expire", store.name, store.length(), live)
		}
		store.close()
	}
	cell := func(i int) string {
		return fmt.Sprintf("%s (%s before), %.0f %% of memory back", table.Nanos(float64(stalls[i])), table.Nanos(float64(calm[i])), back[i])
	}
	return []row{{
		what:  fmt.Sprintf("%d sessions expire at once: the longest look-up", s.records),
		limit: none, peer: "scs " + cell(0), ours: cell(1),
		bound: "5 ms, 95 %",
		holds: stalls[1] <= 5*time.Millisecond && back[1] >= 95,
	}}, nil, nil
}

// fillTime is long enough to create n records.
func fillTime(n int) time.Duration { return 2*time.Second + time.Duration(n)*8*time.Microsecond }

// longest looks live records up until a time and returns the longest look-up.
func longest(store *memory, keys string, until time.Time) (worst time.Duration) {
	for i := 0; ; i++ {
		start := time.Now()
		if start.After(until) {
			return worst
		}
		if !store.find(keyAt(keys, i%(len(keys)/keyLen))) {
			panic(store.name + " lost a record that had not expired")
		}
		worst = max(worst, time.Since(start))
	}
}
