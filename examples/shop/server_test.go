package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

func TestVisits(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visitor(t)
		for _, want := range []string{`{"visits":1}`, `{"visits":2}`, `{"visits":3}`} {
			p := v.get("/visits").is(200, "/visits")
			if p.body != want+"\n" || p.header.Get("Content-Type") != "application/json" {
				t.Errorf("got %q, %s; want %s", p.body, p.header.Get("Content-Type"), want)
			}
		}
		v.get("/").has("This is your 4th look into the tin.")
		w.visitor(t).get("/").has("This is your 1st look into the tin.")
	})
}

func TestProtection(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.user(t, "Ada")
		request := func(method, path, site string) *seen {
			r, err := http.NewRequest(method, w.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Sec-Fetch-Site", site)
			return v.do(r)
		}
		forged := request("POST", "/logout", "cross-site").is(403, "/logout").has("This request came from another site.")
		v.get("/sessions").is(200, "/sessions")
		for _, p := range []*seen{
			forged, v.get("/"), v.get("/nothing"), v.get("/static/style.css"), v.get("/static/nothing"), v.get("/visits"),
			request("DELETE", "/cart/add", "same-origin"),
		} {
			for name, piece := range map[string]string{
				"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := p.header.Get(name); !strings.Contains(got, piece) {
					t.Errorf("%s: %s is %q, want %q in it", p.at, name, got, piece)
				}
			}
			if p.status != 200 && p.at != "/cart/add" && !strings.Contains(p.header.Get("Content-Type"), "text/") {
				t.Errorf("%s: %s", p.at, p.header.Get("Content-Type"))
			}
		}
		v.get("/nothing").is(404, "/nothing").has("There is no such page.", "Ada")
		v.get("/cart/add").is(404, "/cart/add")
		v.post("/nothing").is(405, "/nothing")
		request("POST", "/logout", "same-origin").is(200, "/")
	})
}

func TestStatic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	v := w.visitor(t)
	for _, file := range []string{"style.css", "tin.svg", "icon.svg"} {
		p := v.get(asset(file)).is(200, asset(file))
		if got := p.header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", file, got)
		}
		if len(p.header["Set-Cookie"]) > 0 || p.header.Get("Vary") != "" {
			t.Errorf("%s has a session: %v", file, p.header)
		}
	}
	for _, it := range catalogue {
		v.get(asset(it.SKU+".svg")).is(200, asset(it.SKU+".svg"))
	}
	if p := v.get("/static/style.css?v=old").is(200, "/static/style.css?v=old"); strings.Contains(p.header.Get("Cache-Control"), "immutable") {
		t.Error("an address without version is kept for good")
	}
	for _, path := range []string{"/static/", "/static/nothing", "/static/../main.go", "/static/%2e%2e/main.go", "/static/templates/"} {
		if p := v.get(path); p.status != 404 || strings.Contains(p.body, "package main") || strings.Contains(p.body, "style.css\"") && path == "/static/" && strings.Contains(p.body, "<pre>") {
			t.Errorf("%s: %d %s", path, p.status, p.body)
		}
	}
}

// brokenStore is memory that can fail, or be slow.
type brokenStore struct {
	*memstore.Store
	broken atomic.Bool
	full   atomic.Bool            // refuses writes
	loaded atomic.Pointer[func()] // called once, after a Load
}

func (b *brokenStore) Bind(setup runtime.Setup) (runtime.Parts, error) {
	parts, err := b.Store.Bind(setup)
	parts.Records = b
	return parts, err
}

func (b *brokenStore) Load(ctx context.Context, key string) (runtime.Record, error) {
	if b.broken.Load() {
		return runtime.Record{}, errors.New("connection refused")
	}
	rec, err := b.Store.Load(ctx, key)
	if f := b.loaded.Swap(nil); f != nil {
		(*f)()
	}
	return rec, err
}

func (b *brokenStore) Update(ctx context.Context, key string, old, new runtime.Record) error {
	if b.full.Load() {
		return errors.New("disk full")
	}
	return b.Store.Update(ctx, key, old, new)
}

// newBroken returns a shop on a store that does as it should until it is told.
func newBroken(t *testing.T) (*world, *brokenStore) {
	store := &brokenStore{Store: memstore.New()}
	shop, err := newShop(store, "broken", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(shop.handler())
	t.Cleanup(func() {
		server.Close()
		store.Close()
	})
	return &world{url: server.URL}, store
}

// TestOutage checks that a store that can't answer logs nobody out.
func TestOutage(t *testing.T) {
	t.Parallel()
	w, store := newBroken(t)
	v := w.user(t, "Ada")
	cookie := v.cookie()
	store.broken.Store(true)
	v.get("/sessions").is(503, "/sessions").has("The shop can't reach its memory").hasNot("connection refused", "My sessions")
	v.post("/logout").is(503, "/logout")
	v.get(asset("style.css")).is(200, asset("style.css"))
	store.broken.Store(false)
	v.get("/sessions").is(200, "/sessions").has("Where Ada is logged in.")
	if v.cookie() != cookie {
		t.Error("the outage changed the cookie")
	}
}

// TestLogoutInBetween ends a session while another request of it runs.
func TestLogoutInBetween(t *testing.T) {
	t.Parallel()
	w, store := newBroken(t)
	v := w.user(t, "Ada")
	tab := w.visitor(t)
	tab.steal(v.cookie())
	logout := func() { tab.post("/logout").is(200, "/") }
	store.loaded.Store(&logout)
	v.post("/cart/add", "sku", "jam-heart").is(409, "/cart/add").has("This session was ended or renewed by another request, and keeps nothing of this one.")
	v.get("/cart").has("Log in", "There is nothing in it yet.").hasNot("Ada")
}

// TestOrderIsPlacedOnce sends the order's form again after the session could
// not be saved.
func TestOrderIsPlacedOnce(t *testing.T) {
	t.Parallel()
	w, store := newBroken(t)
	v := w.user(t, "Ada")
	v.post("/cart/add", "sku", "jam-heart")
	store.full.Store(true)
	v.post("/cart/order", "form", "f").is(503, "/cart/order").hasNot("is placed", "disk full")
	store.full.Store(false)
	if got := v.inCart(); got != "1" {
		t.Errorf("%s in the cart after an order that was not answered", got)
	}
	v.post("/cart/order", "form", "f").is(200, "/account").has("Order 1 for €1.40 is placed.")
	v.post("/account/confirm", "password", demoPassword).has("Order 1").hasNot("Order 2")
}
