package movestore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
	"github.com/sessiongen/sessiongen/runtime/movestore"
	"github.com/sessiongen/sessiongen/runtime/storetest"
)

// pair are the old and the new store of one test.
type pair struct{ old, new runtime.Store }

// pairs opens the stores of a place once.
type pairs struct {
	mu  sync.Mutex
	all map[string]pair
}

func (p *pairs) at(tb testing.TB, place string) pair {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]pair{}
	}
	if _, ok := p.all[place]; !ok {
		p.all[place] = pair{memory(tb), memory(tb)}
	}
	return p.all[place]
}

func memory(tb testing.TB) *memstore.Store {
	s := memstore.New()
	tb.Cleanup(func() { s.Close() })
	return s
}

// The kit, where everything is in one of the stores.
func TestStore(t *testing.T) {
	var all pairs
	storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
		p := all.at(tb, place)
		return movestore.New(p.old, p.new)
	}, storetest.Shared())
}

func TestPrepare(t *testing.T) {
	var all pairs
	storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
		p := all.at(tb, place)
		return movestore.Prepare(p.old, p.new)
	}, storetest.Shared())
}

// The kit, where every record begins in the old store, and is changed by
// processes of both steps in turn. The index of its records is not in their
// data, so that it can't move; TestSessionsMove has one that can.
func TestMoving(t *testing.T) {
	var all pairs
	storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
		p := all.at(tb, place)
		return &mixed{prepared: movestore.Prepare(p.old, p.new), moving: movestore.New(p.old, p.new)}
	}, storetest.Shared())
}

// mixed is two processes, one of each step.
type mixed struct {
	prepared, moving runtime.Store
	p, m             runtime.Records
	mu               sync.Mutex
	n                int
}

func (x *mixed) Bind(setup runtime.Setup) (runtime.Parts, error) {
	prepared, err := x.prepared.Bind(setup)
	if err != nil {
		return prepared, err
	}
	parts, err := x.moving.Bind(setup)
	x.p, x.m = prepared.Records, parts.Records
	parts.Records = x
	return parts, err
}

func (x *mixed) turn() runtime.Records {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.n++; x.n%3 == 0 {
		return x.p
	}
	return x.m
}

func (x *mixed) Load(ctx context.Context, key string) (runtime.Record, error) {
	return x.turn().Load(ctx, key)
}

func (x *mixed) Create(ctx context.Context, key string, new runtime.Record) error {
	return x.p.Create(ctx, key, new)
}

func (x *mixed) Update(ctx context.Context, key string, old, new runtime.Record) error {
	return x.turn().Update(ctx, key, old, new)
}

func (x *mixed) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	return x.turn().Touch(ctx, key, old, expires)
}

func (x *mixed) Delete(ctx context.Context, key string, old runtime.Record) error {
	return x.turn().Delete(ctx, key, old)
}

func (x *mixed) List(ctx context.Context) iter.Seq2[string, error] {
	return x.turn().(runtime.Lister).List(ctx)
}

func manage(t *testing.T, store runtime.Store) *shop.Sessions {
	t.Helper()
	sessions, err := shop.NewSessions(store, runtime.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

// Sessions of an application move with what they hold and what they are found by.
func TestSessionsMove(t *testing.T) {
	ctx := t.Context()
	p := pair{memory(t), memory(t)}
	before := manage(t, p.old)
	var ids, tokens []string
	for i := range 20 {
		s, err := before.Create(ctx, func(s *shop.Session) error {
			s.SetUserID(fmt.Sprintf("u%d", i%2))
			s.SetVisits(i)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ids, tokens = append(ids, s.ID()), append(tokens, before.Token(s))
	}
	prepared, store := manage(t, movestore.Prepare(p.old, p.new)), movestore.New(p.old, p.new)
	moving := manage(t, store)
	after := manage(t, p.new)
	add := func(m *shop.Sessions, i int) {
		t.Helper()
		if err := m.Update(ctx, ids[i], func(s *shop.Session) error { s.AddVisits(100); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	add(before, 0)
	add(prepared, 0)
	add(moving, 0)
	add(prepared, 0)
	add(moving, 0)
	if _, err := before.Load(ctx, ids[0]); !errors.Is(err, runtime.ErrNewerFormat) {
		t.Errorf("a program that knows the old store alone: %v", err)
	}
	for i, id := range ids {
		want := i
		if i == 0 {
			want = 500
		}
		for name, m := range map[string]*shop.Sessions{"prepared": prepared, "moving": moving} {
			s, err := m.Load(ctx, id)
			if err != nil || s.Visits() != want {
				t.Errorf("%s: session %d: %v, %v", name, i, s, err)
			}
		}
	}
	found := 0
	for _, err := range moving.FindByUserID(ctx, "u0") {
		if err != nil {
			t.Error(err)
		}
		found++
	}
	if found != 10 {
		t.Errorf("found %d of 10", found)
	}
	if n, err := moving.DestroyByUserID(ctx, "u0"); n != 10 || err != nil {
		t.Errorf("destroyed %d, %v", n, err)
	}
	// What is left in the old store is 10 sessions.
	if n, err := store.MoveAll(ctx); n != 10 || err != nil {
		t.Errorf("moved %d, %v", n, err)
	}
	if n, err := store.MoveAll(ctx); n != 0 || err != nil {
		t.Errorf("moved %d more, %v", n, err)
	}
	for i := range ids {
		s, err := after.Open(ctx, tokens[i])
		if i%2 == 0 {
			if !errors.Is(err, runtime.ErrNotFound) {
				t.Errorf("session %d is back: %v, %v", i, s, err)
			}
		} else if err != nil || s.Visits() != i || s.UserID() != "u1" {
			t.Errorf("session %d: %v, %v", i, s, err)
		}
	}
	found = 0
	for range after.FindByUserID(ctx, "u1") {
		found++
	}
	if found != 10 {
		t.Errorf("found %d of 10 in the new store", found)
	}
}

// A touch that the old store has kept beside the data is in the data of the new
// one, which may look for it there.
func TestTouchedExpiryMoves(t *testing.T) {
	ctx := t.Context()
	p := pair{memory(t), memory(t)}
	s, err := manage(t, p.old).Create(ctx, func(s *shop.Session) error { s.SetVisits(1); return nil })
	if err != nil {
		t.Fatal(err)
	}
	old, store := bind(t, p.old), movestore.New(p.old, p.new)
	manage(t, store)
	rec, err := old.Load(ctx, s.ID())
	if err != nil {
		t.Fatal(err)
	}
	until := rec.Expires.Add(time.Hour)
	if err := old.Touch(ctx, s.ID(), rec, until); err != nil {
		t.Fatal(err)
	}
	if n, err := store.MoveAll(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	rec, err = bind(t, p.new).Load(ctx, s.ID())
	var meta runtime.Meta
	if err == nil {
		err = runtime.ReadRecord(rec.Data, &meta, new(shop.Session).SessionFields(), time.Now())
	}
	if err != nil || !rec.Expires.Equal(until) || meta.Expires != until.UnixMilli() {
		t.Errorf("%v: expires %v and in its header %v, want %v", err, rec.Expires, time.UnixMilli(meta.Expires), until)
	}
}

func TestErrors(t *testing.T) {
	m := memory(t)
	for want, store := range map[string]runtime.Store{
		"the old store is nil":  movestore.New(nil, m),
		"the new store is nil":  movestore.Prepare(m, nil),
		"are the same":          movestore.New(m, m),
		"no records":            movestore.New(m, sealed{}),
		"MoveAll needs a store": nil,
	} {
		var err error
		if store == nil {
			_, err = movestore.New(m, memory(t)).MoveAll(t.Context())
		} else {
			_, err = shop.NewSessions(store, runtime.Config{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

type sealed struct{}

func (sealed) Bind(runtime.Setup) (runtime.Parts, error) { return runtime.Parts{Sealer: nil}, nil }
