package runtime_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	stdruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// badStore is a store of which a test replaces what it does, call by call.
type badStore struct {
	spyStore
	load   func(ctx context.Context, key string) (sess.Record, error)
	create func(ctx context.Context, key string, rec sess.Record) error
	update func(ctx context.Context, key string, old, rec sess.Record) error
}

func newBadStore(t *testing.T) *badStore { return &badStore{spyStore: spyStore{Store: newMemory(t)}} }

func (s *badStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.spyStore.Bind(setup)
	parts.Records = s
	return parts, err
}

func (s *badStore) Load(ctx context.Context, key string) (sess.Record, error) {
	if s.load != nil {
		return s.load(ctx, key)
	}
	return s.spyStore.Load(ctx, key)
}

func (s *badStore) Create(ctx context.Context, key string, rec sess.Record) error {
	if s.create != nil {
		return s.create(ctx, key, rec)
	}
	return s.spyStore.Create(ctx, key, rec)
}

func (s *badStore) Update(ctx context.Context, key string, old, rec sess.Record) error {
	if s.update != nil {
		return s.update(ctx, key, old, rec)
	}
	return s.spyStore.Update(ctx, key, old, rec)
}

// slow waits for d, or for the end of the context.
func slow(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestSlowStore: under the time limit a store is merely slow, over it the
// request fails, and a client that goes away ends no call.
func TestSlowStore(t *testing.T) {
	store := newBadStore(t)
	a := newApp(t, store, func(c *sess.Config) { c.StoreTimeout = time.Minute })
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(7) })
	gone, leave := context.WithCancel(ctx())
	store.load = func(ctx context.Context, key string) (sess.Record, error) {
		leave()
		if err := slow(ctx, 30*time.Millisecond); err != nil {
			return sess.Record{}, err
		}
		return store.spyStore.Load(ctx, key)
	}
	store.update = func(ctx context.Context, key string, old, rec sess.Record) error {
		if err := slow(ctx, 30*time.Millisecond); err != nil {
			return err
		}
		return store.spyStore.Update(ctx, key, old, rec)
	}
	rec := newRecorder()
	a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) }).
		ServeHTTP(rec, b.request().WithContext(gone))
	if rec.Code != http.StatusOK {
		t.Errorf("a slow store: status %d, %s", rec.Code, a.logs)
	}
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 8)

	late := newApp(t, store, func(c *sess.Config) {
		c.StoreTimeout = 20 * time.Millisecond
		c.Logger = slog.New(slog.NewTextHandler(a.logs, nil))
	})
	b.app = late
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	store.load = func(ctx context.Context, _ string) (sess.Record, error) { return sess.Record{}, hang(ctx) }
	rec = b.see(func(*shop.Session) { t.Error("the handler ran") })
	if rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) != 0 || !strings.Contains(a.logs.String(), "deadline exceeded") {
		t.Errorf("a load over the limit: %d, %s", rec.Code, a.logs)
	}
	store.load = nil
	store.update = func(ctx context.Context, _ string, _, _ sess.Record) error { return hang(ctx) }
	if rec = b.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("an update over the limit: %d", rec.Code)
	}
	store.update = nil
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 8)
}

// TestConflictsWithoutEnd: whatever is committed, a hundred lost races in a row
// are an error that says so, and nothing is lost in silence.
func TestConflictsWithoutEnd(t *testing.T) {
	for name, do := range map[string]func(*shop.Session){
		"set":    func(s *shop.Session) { s.SetTheme("dark") },
		"add":    func(s *shop.Session) { s.AddVisits(1) },
		"renew":  func(s *shop.Session) { s.Renew() },
		"login":  func(s *shop.Session) { s.SetUserID("u1") },
		"logout": func(s *shop.Session) { s.Destroy() },
	} {
		store := newBadStore(t)
		a := newApp(t, store)
		b := a.browser()
		var id string
		b.see(func(s *shop.Session) { s.SetVisits(7); id = s.ID() })
		n := 0
		store.update = func(ctx context.Context, key string, old, rec sess.Record) error {
			if key == id {
				n++
				return sess.ErrConflict
			}
			return store.spyStore.Update(ctx, key, old, rec) // of what a renewal makes
		}
		rec := b.see(do)
		if rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) != 0 || n != 100 ||
			!strings.Contains(a.logs.String(), "100 times in a row") || !strings.Contains(a.logs.String(), sess.ErrConflict.Error()) {
			t.Errorf("%s: status %d, %d tries, %s", name, rec.Code, n, a.logs)
		}
		store.update = nil
		b.sees("visits after "+name, func(s *shop.Session) any { return s.Visits() }, 7)
		left := 0
		for range a.sessions.List(ctx()) {
			left++
		}
		if left > 1 {
			t.Errorf("%s: %d sessions are left", name, left)
		}
	}
}

// TestNinetyNineConflicts: what is within the bound arrives, merged with each of
// the others.
func TestNinetyNineConflicts(t *testing.T) {
	store := newBadStore(t)
	a := newApp(t, store)
	b := a.browser()
	var id string
	b.see(func(s *shop.Session) { s.SetVisits(0); id = s.ID() })
	other := sessionsOn(t, a, store.Store)
	n := 0
	store.update = func(ctx context.Context, key string, old, rec sess.Record) error {
		if n++; n < 100 {
			must(t, other.Update(ctx, id, func(s *shop.Session) error { s.AddVisits(10); return nil }))
		}
		return store.spyStore.Update(ctx, key, old, rec)
	}
	if rec := b.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Code != http.StatusOK || n != 100 {
		t.Errorf("status %d after %d tries: %s", rec.Code, n, a.logs)
	}
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 991)
}

// TestStoreThatLies returns what no store should: each is an error or a new
// visitor, and the good record stays.
func TestStoreThatLies(t *testing.T) {
	expired := func(clock *clock, rec sess.Record) sess.Record {
		rec.Expires = clock.Now().Add(-time.Millisecond)
		return rec
	}
	for name, c := range map[string]struct {
		lie    func(*clock, sess.Record) (sess.Record, error)
		status int
		isNew  bool
	}{
		"nothing and no error":   {func(*clock, sess.Record) (sess.Record, error) { return sess.Record{}, nil }, 200, true},
		"an expired record":      {func(c *clock, r sess.Record) (sess.Record, error) { return expired(c, r), nil }, 200, true},
		"a tombstone":            {func(_ *clock, r sess.Record) (sess.Record, error) { r.Data = r.Data[:32]; return r, nil }, 200, true},
		"a record and an error":  {func(_ *clock, r sess.Record) (sess.Record, error) { return r, errOutage }, 503, false},
		"an error of two minds":  {func(_ *clock, r sess.Record) (sess.Record, error) { return r, errors.Join(errOutage, context.Canceled) }, 503, false},
		"that it is full":        {func(*clock, sess.Record) (sess.Record, error) { return sess.Record{}, sess.ErrFull }, 503, false},
		"that it is closed":      {func(*clock, sess.Record) (sess.Record, error) { return sess.Record{}, sess.ErrClosed }, 503, false},
		"a conflict, for a load": {func(*clock, sess.Record) (sess.Record, error) { return sess.Record{}, sess.ErrConflict }, 503, false},
	} {
		store := newBadStore(t)
		a := newApp(t, store)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(7) })
		token := b.token()
		store.load = func(ctx context.Context, key string) (sess.Record, error) {
			rec, err := store.spyStore.Load(ctx, key)
			must(t, err)
			return c.lie(a.clock, rec)
		}
		ran := false
		rec := b.see(func(s *shop.Session) {
			if ran = true; !s.IsNew() || s.Visits() != 0 {
				t.Errorf("%s: %v", name, s)
			}
		})
		if rec.Code != c.status || ran != c.isNew || len(rec.Result().Cookies()) != 0 {
			t.Errorf("%s: status %d, the handler ran: %v, %v", name, rec.Code, ran, rec.Result().Cookies())
		}
		store.load = nil
		b.setToken(token)
		b.sees("visits after "+name, func(s *shop.Session) any { return s.Visits() }, 7)
	}
	t.Run("every key is taken", func(t *testing.T) {
		store := newBadStore(t)
		a := newApp(t, store)
		keys := map[string]bool{}
		store.create = func(_ context.Context, key string, _ sess.Record) error { keys[key] = true; return sess.ErrExists }
		rec := a.browser().see(func(s *shop.Session) { s.SetVisits(1) })
		if rec.Code == http.StatusOK || len(rec.Result().Cookies()) != 0 || len(keys) != 4 {
			t.Errorf("status %d after %d keys", rec.Code, len(keys))
		}
	})
}

// TestStoreThatPanics: the panic is the handler's, for net/http to report. It
// leaves no lock behind, and a commit after it, as of a middleware that recovers,
// does not do again what may have been done.
func TestStoreThatPanics(t *testing.T) {
	for name, c := range map[string]struct {
		arm    func(*badStore)
		do     func(*shop.Session)
		visits int
	}{
		"load": {func(s *badStore) {
			s.load = func(context.Context, string) (sess.Record, error) { panic("a bug") }
		}, func(s *shop.Session) { s.AddVisits(1) }, 7},
		"update": {func(s *badStore) {
			s.update = func(context.Context, string, sess.Record, sess.Record) error { panic("a bug") }
		}, func(s *shop.Session) { s.AddVisits(1) }, 7},
		"update, applied": {func(s *badStore) {
			s.update = func(ctx context.Context, key string, old, rec sess.Record) error {
				must(t, s.spyStore.Update(ctx, key, old, rec))
				s.update = nil
				panic("a bug")
			}
		}, func(s *shop.Session) { s.AddVisits(1) }, 8},
		"renewal": {func(s *badStore) {
			s.create = func(context.Context, string, sess.Record) error { panic("a bug") }
		}, func(s *shop.Session) { s.Renew() }, 7},
		"logout": {func(s *badStore) {
			s.update = func(context.Context, string, sess.Record, sess.Record) error { panic("a bug") }
		}, func(s *shop.Session) { s.Destroy() }, 7},
	} {
		t.Run(name, func(t *testing.T) {
			store := newBadStore(t)
			a := newApp(t, store)
			b := a.browser()
			b.see(func(s *shop.Session) { s.SetVisits(7) })
			c.arm(store)
			// A middleware inside that recovers and answers.
			handler := a.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					if recover() != nil {
						store.load, store.create, store.update = nil, nil, nil
						http.Error(w, "recovered", http.StatusTeapot)
					}
				}()
				c.do(a.sessions.Get(r))
				w.WriteHeader(http.StatusOK)
			}))
			rec := newRecorder()
			escaped := func() (e any) {
				defer func() { e = recover() }()
				handler.ServeHTTP(rec, b.request())
				return nil
			}()
			if name == "load" {
				if escaped == nil {
					t.Error("the panic is swallowed")
				}
			} else if escaped != nil || rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) != 0 {
				t.Errorf("escaped %v, status %d, %v", escaped, rec.Code, rec.Result().Cookies())
			}
			store.load, store.create, store.update = nil, nil, nil
			b.sees("visits", func(s *shop.Session) any { return s.Visits() }, c.visits)
			b.see(func(s *shop.Session) { s.AddVisits(1) }) // the lock is free
			b.sees("visits", func(s *shop.Session) any { return s.Visits() }, c.visits+1)
		})
	}
}

// TestStoreThatIgnoresItsContext: the request that it holds waits, as it must, but
// the others on that session do not wait behind it, and no goroutine stays.
func TestStoreThatIgnoresItsContext(t *testing.T) {
	store := newBadStore(t)
	a := newApp(t, store, func(c *sess.Config) { c.StoreTimeout = 20 * time.Millisecond })
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(7) })
	before := stdruntime.NumGoroutine()
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	store.update = func(ctx context.Context, key string, old, rec sess.Record) error {
		first := false
		once.Do(func() { first = true })
		if first {
			close(held)
			<-release
		}
		return store.spyStore.Update(context.WithoutCancel(ctx), key, old, rec)
	}
	add := func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) }
	stuck := b.begin(add)
	<-held
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			rec := newRecorder()
			a.sessions.Handler(add).ServeHTTP(rec, b.request())
			if rec.Code != http.StatusServiceUnavailable {
				t.Errorf("a request behind the one that is held: %d", rec.Code)
			}
		})
	}
	wg.Wait() // while the first one is held
	close(release)
	if rec := b.finish(stuck); rec.Code != http.StatusOK {
		t.Errorf("the held request: %d", rec.Code)
	}
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 8)
	for range 1000 { // goroutines that have ended are counted for a moment
		if stdruntime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", stdruntime.NumGoroutine(), before)
}

// bindFails is a store that can't be bound.
type bindFails struct{ err error }

func (s bindFails) Bind(sess.Setup) (sess.Parts, error) { return sess.Parts{}, s.err }

func TestBindFails(t *testing.T) {
	if sessions, err := shop.NewSessions(bindFails{errOutage}, sess.Config{}); sessions != nil || !errors.Is(err, errOutage) {
		t.Errorf("New = %v, %v", sessions, err)
	}
	memory := newMemory(t)
	memory.Close()
	if _, err := shop.NewSessions(memory, sess.Config{}); !errors.Is(err, sess.ErrClosed) {
		t.Errorf("New on a closed store: %v", err)
	}
}
