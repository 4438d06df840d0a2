package runtime_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// TestObserverSealed tells of sealed cookies, and of what their keys do.
func TestObserverSealed(t *testing.T) {
	var e events
	old, new := sess.GenerateKey(), sess.GenerateKey()
	a := newApp(t, cookiestore.New(old), allowMissingIndex, e.observe)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	e.want(t, "sealed", "seal ok, commit ok")
	b.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "opened", "open ok")
	a.clock.advance(sess.DefaultIdleTimeout / 9)
	b.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "touched", "open ok, seal ok")
	b.see(func(s *shop.Session) { s.SetTheme(strings.Repeat("x", 5000)) })
	e.want(t, "too large for a cookie", "open ok, seal too_large, commit too_large")

	rotated := newApp(t, cookiestore.New(new, old), allowMissingIndex, e.observe)
	rotated.clock = a.clock
	c := rotated.browser()
	c.setToken(b.token())
	c.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "sealed anew", "open old_key, seal old_key")
	c.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "opened by the new key", "open ok")
	b.setToken(c.token())
	b.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "a key that is not there", "open forged")
}

// TestObserverRevocation tells of the calls of a revocation list.
func TestObserverRevocation(t *testing.T) {
	var e events
	list := memstore.New(memstore.RejectWhenFull())
	t.Cleanup(func() { list.Close() })
	a := newApp(t, cookiestore.New(sess.GenerateKey()).RevokeIn(list), allowMissingIndex, e.observe)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	e.want(t, "sealed", "seal ok, commit ok")
	token := b.token()
	b.see(func(s *shop.Session) { s.Destroy() })
	e.want(t, "destroyed", "load not_found, open ok, delete ok, commit ok")
	b.setToken(token)
	b.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "opened again", "load ended, open ended")
}

// TestObserverForeign tells of a store with requests and responses of its own.
func TestObserverForeign(t *testing.T) {
	var e events
	a := newApp(t, &mapStore{data: map[string]map[string]any{}}, allowMissingIndex, e.observe)
	b := a.browser()
	b.see(func(s *shop.Session) { s.Visits() })
	e.want(t, "no cookie", "load not_found")
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	e.want(t, "the first set", "load not_found, create ok, commit ok")
	b.see(func(s *shop.Session) { s.AddVisits(1) })
	e.want(t, "a change", "load ok, load ok, update ok, commit ok")
	b.see(func(s *shop.Session) { s.Destroy() })
	e.want(t, "a logout", "load ok, delete ok, commit ok")
}

// TestObserverPanic: what has begun ends, also by a panic of the store.
func TestObserverPanic(t *testing.T) {
	var e events
	begun := &beginner{events: &e}
	store := &panicStore{spyStore: spyStore{Store: newMemory(t)}}
	a := newApp(t, store, func(c *sess.Config) { c.Observer = begun })
	token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
	e.told()
	for method, want := range map[string]string{
		"Load":   "load panicked in open, open panicked",
		"Update": "load ok in open, open ok, update panicked in commit, commit panicked",
	} {
		store.method = method
		func() {
			defer func() { recover() }()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
			a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) }).
				ServeHTTP(httptest.NewRecorder(), r)
			t.Error("no panic")
		}()
		e.want(t, method, want)
	}
	if begun.open != 0 {
		t.Errorf("%d operations have begun and not ended", begun.open)
	}
}

// panicStore panics in one method.
type panicStore struct {
	spyStore
	method string
}

func (p *panicStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := p.spyStore.Bind(setup)
	parts.Records = p
	return parts, err
}

func (p *panicStore) Load(ctx context.Context, key string) (sess.Record, error) {
	if p.method == "Load" {
		panic("a bad store")
	}
	return p.spyStore.Load(ctx, key)
}

func (p *panicStore) Update(ctx context.Context, key string, old, new sess.Record) error {
	if p.method == "Update" {
		panic("a bad store")
	}
	return p.spyStore.Update(ctx, key, old, new)
}

// beginner notes the operations that are around each one.
type beginner struct {
	*events
	open int
}

type around struct{}

func (b *beginner) Begin(ctx context.Context, session string, op sess.Op) context.Context {
	b.open++
	outer, _ := ctx.Value(around{}).(string)
	return context.WithValue(ctx, around{}, outer+string(op)+" ")
}

func (b *beginner) Observe(ctx context.Context, e sess.Event) {
	b.open--
	inside, _ := ctx.Value(around{}).(string)
	if !strings.HasSuffix(inside, string(e.Op)+" ") {
		e.Session = "ended in the context of " + inside
	}
	b.events.Observe(ctx, e)
	if rest := strings.TrimSuffix(inside, string(e.Op)+" "); rest != "" {
		b.mu.Lock()
		b.log[len(b.log)-1] += " in " + strings.TrimSpace(rest)
		b.mu.Unlock()
	}
}

// TestObserverContext: operations are begun inside each other, on a store in
// this process too, and inside the context of the request.
func TestObserverContext(t *testing.T) {
	for name, store := range map[string]sess.Store{"local": newMemory(t), "remote": &spyStore{Store: newMemory(t)}} {
		t.Run(name, func(t *testing.T) {
			var e events
			a := newApp(t, store, func(c *sess.Config) { c.Observer = &beginner{events: &e} })
			token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
			e.told()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
			r = r.WithContext(context.WithValue(r.Context(), around{}, "request "))
			a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) }).
				ServeHTTP(httptest.NewRecorder(), r)
			e.want(t, "a change", "load ok in request open, open ok in request, update ok in request commit, commit ok in request")
		})
	}
}
