package runtime_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// events collects what an observer is told, as "operation outcome".
type events struct {
	mu  sync.Mutex
	log []string
}

func (e *events) Observe(_ context.Context, ev sess.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	said := fmt.Sprintf("%s %s", ev.Op, ev.Outcome)
	if ev.Retries > 0 {
		said += fmt.Sprintf(" after %d", ev.Retries)
	}
	if ev.Session != "shop.Session" || ev.Duration < 0 || ev.Duration > time.Hour {
		said += fmt.Sprintf(" with %+v", ev)
	}
	e.log = append(e.log, said)
}

// told returns what came since it was last called.
func (e *events) told() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := strings.Join(e.log, ", ")
	e.log = nil
	return all
}

func (e *events) observe(c *sess.Config) { c.Observer = e }

// wantEvents complains unless exactly these were told since the last time.
func (e *events) want(t *testing.T, what, want string) {
	t.Helper()
	if got := e.told(); got != want {
		t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

// TestObserver tells of each kind of request, in the order in which it happens.
func TestObserver(t *testing.T) {
	var e events
	a := newApp(t, nil, e.observe)
	b := a.browser()
	step := func(what string, f func(*shop.Session), want string) {
		t.Helper()
		b.see(f)
		e.want(t, what, want)
	}
	step("no token, nothing set", func(s *shop.Session) { s.Visits() }, "")
	step("the first set", func(s *shop.Session) { s.SetVisits(1) }, "create ok, commit ok")
	step("a read", func(s *shop.Session) { s.Visits() }, "load ok, open ok")
	step("a change", func(s *shop.Session) { s.AddVisits(1) }, "load ok, open ok, update ok, commit ok")
	a.clock.advance(sess.DefaultIdleTimeout / 9)
	step("a touch", func(s *shop.Session) { s.Visits() }, "load ok, open ok, touch ok")
	step("a login", func(s *shop.Session) { s.SetUserID("u1") }, "load ok, open ok, create ok, delete ok, commit ok")
	step("an early save", func(s *shop.Session) {
		s.AddVisits(1)
		if err := s.Save(ctx()); err != nil {
			t.Error(err)
		}
		s.AddVisits(1)
	}, "load ok, open ok, update ok, commit ok, update ok, commit ok")
	step("too much", func(s *shop.Session) { s.SetTheme(strings.Repeat("x", 100_000)) }, "load ok, open ok, commit too_large")
	step("what can't be encoded", func(s *shop.Session) { s.SetCode("a b") }, "load ok, open ok, commit invalid")
	step("a wrong max age", func(s *shop.Session) { s.SetMaxAge(0) }, "load ok, open ok, commit invalid")

	var id string
	b.see(func(s *shop.Session) { id = s.ID() })
	e.told()
	if _, err := a.sessions.Load(ctx(), id); err != nil {
		t.Error(err)
	}
	e.want(t, "Load", "load ok")
	if err := a.sessions.Update(ctx(), id, func(s *shop.Session) error { s.AddVisits(1); return nil }); err != nil {
		t.Error(err)
	}
	e.want(t, "Update", "load ok, update ok, commit ok")
	for s, err := range a.sessions.FindByUserID(ctx(), "u1") {
		if err != nil || s.ID() != id {
			t.Error(s, err)
		}
	}
	e.want(t, "FindBy", "load ok, find ok")
	for range a.sessions.List(ctx()) {
		break
	}
	if got := e.told(); !strings.HasSuffix(got, "load ok, find ok") { // perhaps after a tombstone
		t.Errorf("List: told %q", got)
	}

	late := b.parallel(func(s *shop.Session) { s.AddVisits(1) }, func() {
		e.want(t, "a request in flight", "load ok, open ok")
		step("a logout", func(s *shop.Session) { s.Destroy() }, "load ok, open ok, delete ok, commit ok")
	})
	if late.Code != http.StatusConflict {
		t.Errorf("the late request was answered with %d", late.Code)
	}
	e.want(t, "a late write", "update conflict, load ended, commit ended after 1")
}

// TestObserverTokens is why a token opens nothing.
func TestObserverTokens(t *testing.T) {
	var e events
	a := newApp(t, nil, e.observe)
	b := a.browser()
	step := func(what, token, want string) {
		t.Helper()
		b.setToken(token)
		b.see(func(s *shop.Session) { s.Visits() })
		e.want(t, what, want)
	}
	step("no token of ours", "abc", "open forged")
	step("a token of nobody", strings.Repeat("A", 43), "load not_found, open not_found")
	token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
	e.told()
	step("a good token", token, "load ok, open ok")
	s := a.opened(token)
	if err := a.sessions.Destroy(ctx(), s.ID()); err != nil {
		t.Error(err)
	}
	e.want(t, "Destroy", "load ok, open ok, load ok, delete ok")
	step("a token of what ended a moment ago", token, "load ended, open ended")

	// memstore itself does not load what has expired; a store that does is asked.
	spy := &spyStore{Store: newMemory(t)}
	a = newApp(t, &lazyStore{spy}, e.observe)
	b = a.browser()
	token = a.stored(func(s *shop.Session) { s.SetVisits(1) })
	a.clock.advance(2 * sess.DefaultIdleTimeout)
	e.told()
	step("an expired record", token, "load ok, open expired")
	for data, want := range map[string]string{"\x01\x02": "load ok, open corrupt", "\xc8" + strings.Repeat("x", 40): "load ok, open newer_format"} {
		token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
		id := a.opened(token).ID()
		rec, err := spy.records.Load(ctx(), id)
		if err == nil {
			err = spy.records.Update(ctx(), id, rec, sess.Record{Data: []byte(data), Stamp: 1})
		}
		if err != nil {
			t.Fatal(err)
		}
		e.told()
		step("a record that can't be read", token, want)
	}
}

// lazyStore loads records whatever their expiry.
type lazyStore struct{ *spyStore }

func (l *lazyStore) Bind(setup sess.Setup) (sess.Parts, error) {
	at := setup.Now()
	setup.Now = func() time.Time { return at }
	parts, err := l.spyStore.Bind(setup)
	return parts, err
}

// TestObserverConflicts counts what parallel requests do to each other.
func TestObserverConflicts(t *testing.T) {
	var e events
	memory := newMemory(t)
	one, two := newApp(t, memory), newApp(t, memory, e.observe) // two processes
	two.clock = one.clock
	token := one.stored(func(s *shop.Session) { s.SetVisits(1) })
	b, other := two.browser(), one.browser()
	b.setToken(token)
	other.setToken(token)
	b.parallel(func(s *shop.Session) { s.AddVisits(1) }, func() {
		other.see(func(s *shop.Session) { s.AddVisits(1) })
	})
	e.want(t, "a conflict", "load ok, open ok, update conflict, load ok, update ok, commit ok after 1")
	b.parallel(func(s *shop.Session) { s.Destroy() }, func() {
		other.see(func(s *shop.Session) { s.AddVisits(1) })
	})
	e.want(t, "a logout over a conflict", "load ok, open ok, delete conflict, load ok, delete ok, commit ok after 1")

	token = one.stored(func(s *shop.Session) { s.SetVisits(1) })
	b.setToken(token)
	other.setToken(token)
	b.parallel(func(s *shop.Session) { s.Renew() }, func() {
		other.see(func(s *shop.Session) { s.Destroy() })
	})
	e.want(t, "a renewal of what has ended", "load ok, open ok, create ok, delete conflict, load ended, delete ok, commit ended after 1")
}

// TestObserverOutage tells how a store fails.
func TestObserverOutage(t *testing.T) {
	var e events
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy, e.observe)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	e.told()
	for _, c := range []struct {
		what string
		err  error
		want string
	}{
		{"no answer", fmt.Errorf("connection refused"), "load failed, open failed"},
		{"no answer in time", fmt.Errorf("read: %w", context.DeadlineExceeded), "load timeout, open timeout"},
		{"closed", sess.ErrClosed, "load failed, open failed"},
	} {
		spy.failing(func(string, int) failure { return failure{err: c.err} })
		if rec := b.see(func(*shop.Session) { t.Error("the handler ran") }); rec.Code < 500 {
			t.Errorf("%s: status %d", c.what, rec.Code)
		}
		e.want(t, c.what, c.want)
	}
	change := func(s *shop.Session) { s.AddVisits(1) }
	only := func(method string, f failure) {
		spy.failing(func(m string, _ int) failure {
			if m == method {
				return f
			}
			return failure{}
		})
	}
	only("Update", failure{err: sess.ErrFull})
	b.see(change)
	e.want(t, "a full store", "load ok, open ok, update full, commit full")
	only("Update", failure{err: fmt.Errorf("reset"), applied: true})
	b.see(change)
	e.want(t, "an answer that was lost", "load ok, open ok, update failed, load ok, commit ok")
	only("Update", failure{err: fmt.Errorf("reset")})
	b.see(change)
	e.want(t, "a write that fails", "load ok, open ok, update failed, load ok, update failed, load ok, update failed, load ok, commit failed")
	only("Touch", failure{err: fmt.Errorf("reset")})
	a.clock.advance(sess.DefaultIdleTimeout / 9)
	b.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "a touch that fails", "load ok, open ok, touch failed")
}

// TestObserverLate is what comes too late to be saved.
func TestObserverLate(t *testing.T) {
	var e events
	a := newApp(t, nil, e.observe)
	b := a.browser()
	b.do(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		w.WriteHeader(http.StatusOK)
		s.SetVisits(1)
	})
	e.want(t, "a first set after the headers", "commit late")
	var kept *shop.Session
	b.see(func(s *shop.Session) { s.SetVisits(1); kept = s })
	e.told()
	if err := kept.Save(ctx()); err == nil {
		t.Error("a session was saved after its request")
	}
	e.want(t, "a save after the request", "commit late")
	gone, leave := context.WithCancel(ctx())
	rec := httptest.NewRecorder()
	a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetUserID("u1"); leave() }).
		ServeHTTP(rec, b.request().WithContext(gone))
	e.want(t, "a login whose client has gone", "load ok, open ok, commit client_gone")
}

// TestObserverInParallel counts a storm exactly.
func TestObserverInParallel(t *testing.T) {
	const clients, requests = 16, 20
	var e events
	a := newApp(t, nil, e.observe)
	token := a.stored(func(s *shop.Session) { s.SetVisits(0) })
	e.told()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range requests {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
				a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) }).
					ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
	all.Wait()
	count := map[string]int{}
	retries := 0
	for said := range strings.SplitSeq(e.told(), ", ") {
		said, after, _ := strings.Cut(said, " after ")
		count[said]++
		n := 0
		fmt.Sscan(after, &n)
		retries += n
	}
	const n = clients * requests
	if count["open ok"] != n || count["commit ok"] != n || count["update ok"] != n ||
		count["update conflict"] != retries || count["load ok"] != n+retries || len(count) > 5 {
		t.Errorf("%d requests, %d retries: %v", n, retries, count)
	}
}

// TestObserverFunc is the shortest observer.
func TestObserverFunc(t *testing.T) {
	var seen []sess.Op
	a := newApp(t, nil, func(c *sess.Config) {
		c.Observer = sess.ObserverFunc(func(_ context.Context, e sess.Event) { seen = append(seen, e.Op) })
	})
	a.stored(func(s *shop.Session) { s.SetVisits(1) })
	if !slices.Equal(seen, []sess.Op{sess.OpCreate, sess.OpCommit}) {
		t.Error(seen)
	}
}

func TestFailureOutcomes(t *testing.T) {
	for o, want := range map[sess.Outcome]bool{
		sess.OK: false, sess.NotFound: false, sess.Ended: false, sess.Conflict: false, sess.Forged: false,
		sess.Failed: true, sess.Timeout: true, sess.Full: true, sess.Corrupt: true, sess.Panicked: true, "of a later release": true,
	} {
		if o.Failure() != want {
			t.Errorf("%s: %v", o, !want)
		}
	}
}

// TestObserverAllocations compares a full request with and without an observer
// that does nothing: without one, nothing is added.
func TestObserverAllocations(t *testing.T) {
	requests := func(o sess.Observer) float64 {
		memory := memstore.New()
		defer memory.Close()
		sessions, err := shop.NewSessions(memory, sess.Config{Observer: o, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		s, err := sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(1); return nil })
		if err != nil {
			t.Fatal(err)
		}
		h := sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) })
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: sessions.Token(s)})
		w := httptest.NewRecorder()
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(w, r) })
	}
	none, some := requests(nil), requests(sess.ObserverFunc(func(context.Context, sess.Event) {}))
	t.Logf("%v allocations without an observer, %v with one", none, some)
	if some > none+4 {
		t.Errorf("an observer costs %v allocations", some-none)
	}
}
