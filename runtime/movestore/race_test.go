package movestore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/movestore"
)

// stepping is a store whose calls can be stopped or made to fail.
type stepping struct {
	runtime.Store
	records runtime.Records
	before  func(call string) error // nil for nothing
	after   func(call string) error
}

func (s *stepping) Bind(setup runtime.Setup) (runtime.Parts, error) {
	parts, err := s.Store.Bind(setup)
	s.records = parts.Records
	parts.Records = s
	return parts, err
}

func (s *stepping) call(name string, do func() error) error {
	if s.before != nil {
		if err := s.before(name); err != nil {
			return err
		}
	}
	err := do()
	if err == nil && s.after != nil {
		err = s.after(name)
	}
	return err
}

func (s *stepping) Load(ctx context.Context, key string) (rec runtime.Record, err error) {
	err = s.call("Load", func() error { rec, err = s.records.Load(ctx, key); return err })
	return rec, err
}

func (s *stepping) Create(ctx context.Context, key string, new runtime.Record) error {
	return s.call("Create", func() error { return s.records.Create(ctx, key, new) })
}

func (s *stepping) Update(ctx context.Context, key string, old, new runtime.Record) error {
	return s.call("Update", func() error { return s.records.Update(ctx, key, old, new) })
}

func (s *stepping) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	return s.call("Touch", func() error { return s.records.Touch(ctx, key, old, expires) })
}

func (s *stepping) Delete(ctx context.Context, key string, old runtime.Record) error {
	return s.call("Delete", func() error { return s.records.Delete(ctx, key, old) })
}

// steps counts the calls of two stores, and does something at one of them.
type steps struct {
	n  int
	at int
	do func(call string) error
}

func (s *steps) step(call string) error {
	s.n++
	if s.n-1 == s.at {
		return s.do(call)
	}
	return nil
}

func bind(t *testing.T, store runtime.Store) runtime.Records {
	t.Helper()
	parts, err := store.Bind(runtime.Setup{Spec: &runtime.Spec{}, Cookie: "session", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return parts.Records
}

func record(stamp uint64, data string) runtime.Record {
	return runtime.Record{Data: []byte(data), Stamp: stamp, Expires: time.Now().Add(time.Hour).Truncate(time.Millisecond)}
}

// maxCalls is more than an update with a move makes.
const maxCalls = 20

var errCrash = errors.New("the process has ended")

// A process that ends at any call of a move, before the store did it or after,
// leaves a session that is whole, can be changed once and can be ended.
func TestCrashAtEveryCall(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for at := range maxCalls {
			t.Run(fmt.Sprintf("call %d, applied %v", at, applied), func(t *testing.T) {
				ctx := t.Context()
				p := pair{memory(t), memory(t)}
				first, second := record(1, "first"), record(2, "second")
				prepared := bind(t, movestore.Prepare(p.old, p.new))
				if err := prepared.Create(ctx, "key", first); err != nil {
					t.Fatal(err)
				}
				crash := &steps{at: at, do: func(string) error { return errCrash }}
				old, new := &stepping{Store: p.old}, &stepping{Store: p.new}
				if applied {
					old.after, new.after = crash.step, crash.step
				} else {
					old.before, new.before = crash.step, crash.step
				}
				err := bind(t, movestore.New(old, new)).Update(ctx, "key", first, second)
				if err != nil && !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
				for name, other := range map[string]runtime.Records{"prepared": prepared, "moving": bind(t, movestore.New(p.old, p.new))} {
					rec, lerr := other.Load(ctx, "key")
					if lerr != nil || rec.Stamp != 1 && rec.Stamp != 2 || rec.Stamp == 1 && (err == nil || string(rec.Data) != "first") || rec.Stamp == 2 && string(rec.Data) != "second" {
						t.Fatalf("%s: %d %q, %v after %v", name, rec.Stamp, rec.Data, lerr, err)
					}
					if !rec.Expires.Equal(first.Expires) && !rec.Expires.Equal(second.Expires) {
						t.Errorf("%s: expires %v", name, rec.Expires)
					}
				}
				rec, _ := prepared.Load(ctx, "key")
				third := record(3, "third")
				if err := prepared.Update(ctx, "key", rec, third); err != nil {
					t.Fatal(err)
				}
				if err := prepared.Update(ctx, "key", rec, record(4, "fourth")); !errors.Is(err, runtime.ErrConflict) {
					t.Errorf("a second update of the same record: %v", err)
				}
				if err := bind(t, movestore.New(p.old, p.new)).Delete(ctx, "key", third); err != nil {
					t.Fatal(err)
				}
				if _, err := prepared.Load(ctx, "key"); !errors.Is(err, runtime.ErrNotFound) {
					t.Errorf("after its end: %v", err)
				}
			})
		}
	}
}

// A process that stops at any call of a move and goes on much later, when others
// have moved, changed or ended the session, changes nothing any more.
func TestLateAtEveryCall(t *testing.T) {
	for _, what := range []string{"moved and ended", "ended in the old store", "updated in the old store", "moved and updated"} {
		for at := range maxCalls {
			t.Run(fmt.Sprintf("%s at call %d", what, at), func(t *testing.T) {
				ctx := t.Context()
				p := pair{memory(t), memory(t)}
				first := record(1, "first")
				prepared, moving := bind(t, movestore.Prepare(p.old, p.new)), bind(t, movestore.New(p.old, p.new))
				if err := prepared.Create(ctx, "key", first); err != nil {
					t.Fatal(err)
				}
				var others error
				ran := false
				late := &steps{at: at, do: func(string) error {
					ran = true
					switch what {
					case "moved and ended": // and no tombstone is left
						moving.Update(ctx, "key", first, record(5, "fifth"))
						others = moving.Delete(ctx, "key", runtime.Record{})
					case "ended in the old store":
						others = prepared.Delete(ctx, "key", runtime.Record{})
					case "updated in the old store":
						others = prepared.Update(ctx, "key", first, record(5, "fifth"))
					case "moved and updated":
						others = moving.Update(ctx, "key", first, record(5, "fifth"))
					}
					return nil
				}}
				err := bind(t, movestore.New(&stepping{Store: p.old, before: late.step}, &stepping{Store: p.new, before: late.step})).
					Update(ctx, "key", first, record(2, "second"))
				if !ran {
					return // the update makes fewer calls
				}
				ended := what == "moved and ended" || what == "ended in the old store"
				for name, r := range map[string]runtime.Records{"prepared": prepared, "moving": moving} {
					rec, lerr := r.Load(ctx, "key")
					switch {
					case ended && (others != nil || !errors.Is(lerr, runtime.ErrNotFound)):
						t.Errorf("%s: ended with %v, and loads %q, %v (the late process: %v)", name, others, rec.Data, lerr, err)
					case !ended && (others == nil) == (err == nil):
						t.Errorf("both or neither update was done: %v, %v", err, others)
					case !ended && (lerr != nil || (err == nil) != (rec.Stamp == 2) || (others == nil) != (rec.Stamp == 5)):
						t.Errorf("%s: %d, %v after %v and %v", name, rec.Stamp, lerr, err, others)
					}
				}
			})
		}
	}
}

// A storm of requests through processes of both steps, while everything moves:
// no add is lost, and what was logged out stays so.
func TestStormWhileMoving(t *testing.T) {
	const sessionsN, clients, requests = 20, 8, 12
	ctx := t.Context()
	p := pair{memory(t), memory(t)}
	config := runtime.Config{Logger: slog.New(slog.DiscardHandler)}
	store := movestore.New(p.old, p.new)
	var managers []*shop.Sessions
	for _, s := range []runtime.Store{movestore.Prepare(p.old, p.new), store, movestore.Prepare(p.old, p.new), movestore.New(p.old, p.new)} {
		m, err := shop.NewSessions(s, config)
		if err != nil {
			t.Fatal(err)
		}
		managers = append(managers, m)
	}
	tokens := make([]string, sessionsN)
	for i := range tokens {
		s, err := managers[0].Create(ctx, func(s *shop.Session) error { s.SetVisits(0); return nil })
		if err != nil {
			t.Fatal(err)
		}
		tokens[i] = managers[0].Token(s)
	}
	request := func(m *shop.Sessions, token string, do func(*shop.Session)) int {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
		w := httptest.NewRecorder()
		m.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { do(s) }).ServeHTTP(w, r)
		return w.Code
	}
	var all sync.WaitGroup
	for i, token := range tokens {
		for c := range clients {
			all.Go(func() {
				for n := range requests {
					// Every second session is logged out in the middle.
					if i%2 == 1 && c == 0 && n == requests/2 {
						if code := request(managers[i/2%4], token, func(s *shop.Session) { s.Destroy() }); code != http.StatusOK {
							t.Errorf("a logout was answered with %d", code)
						}
						continue
					}
					code := request(managers[(c+n)%4], token, func(s *shop.Session) {
						if !s.IsNew() {
							s.AddVisits(1)
						}
					})
					if code != http.StatusOK && (i%2 == 0 || code != http.StatusConflict) {
						t.Errorf("a request was answered with %d", code)
					}
				}
			})
		}
	}
	all.Go(func() {
		if _, err := store.MoveAll(ctx); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	if _, err := store.MoveAll(ctx); err != nil {
		t.Error(err)
	}
	after := manage(t, p.new)
	for i, token := range tokens {
		s, err := after.Open(ctx, token)
		switch {
		case i%2 == 1 && !errors.Is(err, runtime.ErrNotFound):
			t.Errorf("a session that was logged out: %v, %v", s, err)
		case i%2 == 0 && (err != nil || s.Visits() != clients*requests):
			t.Errorf("%v, %v: want %d visits", s, err, clients*requests)
		}
	}
}
