package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math/rand"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestRestReadWrites(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	br := newApp(t, spy).browser()
	br.see(func(s *shop.Session) { s.PutExtra("k", "v"); s.SetVisits(1) })
	spy.reset()
	br.see(func(s *shop.Session) { _ = s.Extra() })
	if got := spy.calls(); got != "Load" {
		t.Errorf("a read of a rest field made the calls %q", got)
	}
	spy.reset()
	br.see(func(s *shop.Session) { _ = sprintf("%v", s) })
	if got := spy.calls(); got != "Load" {
		t.Errorf("printing made the calls %q", got)
	}
}

func TestRestSetIsUnion(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutExtra("a", "1") })
	br.parallel(func(s *shop.Session) { s.SetExtra(map[string]string{"z": "9"}) }, func() {
		br.see(func(s *shop.Session) { s.SetVisits(1) })
	})
	br.sees("extra", func(s *shop.Session) any { return s.Extra() }, map[string]string{"z": "9"})
}

func TestRestReload(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutExtra("a", "1") })
	br.see(func(s *shop.Session) {
		s.PutExtra("b", "2")
		if err := s.Reload(ctx()); err != nil {
			t.Fatal(err)
		}
		if _, ok := s.Extra()["b"]; ok {
			t.Error("Reload kept what was not saved")
		}
	})
	br.sees("extra", func(s *shop.Session) any { return s.Extra() }, map[string]string{"a": "1"})
}

func TestRestSaveRevives(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutExtra("a", "1"); s.PutExtra("k", "2") })
	br.parallel(func(s *shop.Session) {
		s.AddVisits(1)
		if err := s.Save(ctx()); err != nil {
			t.Fatal(err)
		}
		s.AddVisits(1)
	}, func() {
		br.see(func(s *shop.Session) { s.DeleteExtra("k") })
	})
	br.sees("extra", func(s *shop.Session) any { return s.Extra() }, map[string]string{"a": "1"})
}

func TestTTLBaseLapsed(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetTries(5) })
	app.clock.advance(59 * time.Minute)
	loaded, resume := make(chan struct{}), make(chan struct{})
	f := br.begin(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.AddTries(1)
		close(loaded)
		<-resume
	})
	<-loaded
	br.see(func(s *shop.Session) { s.AddTries(1) })
	app.clock.advance(2 * time.Minute)
	close(resume)
	br.finish(f)
	br.sees("tries", func(s *shop.Session) any { return s.Tries() }, 7)
}

func TestTTLMergeShortens(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(5) })
	loaded, resume := make(chan struct{}), make(chan struct{})
	f := br.begin(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.AddTries(1)
		close(loaded)
		<-resume
	})
	<-loaded
	app.clock.advance(50 * time.Minute)
	br.see(func(s *shop.Session) { s.AddTries(1) })
	close(resume)
	br.finish(f)
	app.clock.advance(11 * time.Minute) // 61 after the first add, 11 after the second
	br.sees("tries", func(s *shop.Session) any { return s.HasTries() }, true)
}

func TestClaimWonTwice(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.SetNotice("state") })
	wins := 0
	claim := func(s *shop.Session) {
		s.SetUserID("u1")
		v, ok, err := s.ClaimNotice(ctx())
		if ok {
			wins++
		}
		t.Log(v, ok, err)
	}
	token := br.token()
	br.parallel(claim, func() {
		other := br.app.browser()
		other.setToken(token)
		other.see(claim)
	})
	if wins != 1 {
		t.Errorf("%d requests got the value", wins)
	}
}

func TestOptionalDestroy(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetUserID("u"); s.SetNotice("n") })
	for name, f := range map[string]func(s *shop.Session){
		"Destroy": func(s *shop.Session) { s.Destroy() },
		"Clear":   func(s *shop.Session) { s.ClearUserID() },
		"Claim": func(s *shop.Session) {
			if _, _, err := s.ClaimNotice(ctx()); err == nil {
				t.Error("Claim during an outage has no error")
			}
		},
		"Reload": func(s *shop.Session) {
			if err := s.Reload(ctx()); !errors.Is(err, sess.ErrUnavailable) {
				t.Error("Reload", err)
			}
		},
	} {
		spy.failing(func(string, int) failure { return failure{err: errOutage} })
		rec := newRecorder()
		app.sessions.Optional(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }).ServeHTTP(rec, br.request())
		t.Log(name, rec.Code)
		if name == "Destroy" && rec.Code != 503 {
			t.Errorf("%s during an outage: %d", name, rec.Code)
		}
	}
}

func TestOptionalTouch(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(7) })
	app.clock.advance(5 * time.Hour)
	spy.failing(func(m string, _ int) failure {
		if m == "Touch" {
			return failure{err: errOutage}
		}
		return failure{}
	})
	rec := newRecorder()
	app.sessions.Optional(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { s.Visits() }).ServeHTTP(rec, br.request())
	if rec.Code != 200 {
		t.Errorf("a failed touch under Optional: %d", rec.Code)
	}
}

func TestSavedCookieDiscarded(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(7) })
	rec := br.do(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetUserID("u1")
		if err := s.Save(ctx()); err != nil {
			t.Fatal(err)
		}
		s.SetSecret(strings.Repeat("x", 100_000)) // a commit that fails
	})
	t.Log(rec.Code, rec.Result().Cookies())
	br.sees("visits", func(s *shop.Session) any { return s.Visits() }, 7)
}

func TestErrorResponsePrivate(t *testing.T) {
	app := newApp(t, nil)
	rec := app.browser().do(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetSecret(strings.Repeat("x", 100_000))
	})
	if rec.Header().Get("Cache-Control") == "" || rec.Header().Get("Vary") == "" {
		t.Errorf("headers %v", rec.Header())
	}
}

func TestResendUnused(t *testing.T) {
	older, newer := sess.GenerateKey(), sess.GenerateKey()
	app := newApp(t, cookiestore.New(older), allowMissingIndex)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	app = newApp(t, cookiestore.New(newer, older), allowMissingIndex)
	rec := newRecorder()
	app.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Write([]byte("logo"))
	})).ServeHTTP(rec, br.request())
	if len(rec.Result().Cookies()) > 0 {
		t.Errorf("a public response carries the token: %v", rec.Header())
	}
}

func TestPutSameValue(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutLabels("a", "1"); s.PutQty("a", 1) })
	br.parallel(func(s *shop.Session) { s.PutLabels("a", "1"); s.PutQty("a", 1) }, func() {
		br.see(func(s *shop.Session) { s.PutLabels("a", "2"); s.PutQty("a", 2) })
	})
	br.sees("labels", func(s *shop.Session) any { return s.Labels() }, map[string]string{"a": "1"})
	br.sees("qty", func(s *shop.Session) any { return s.Qty() }, map[string]int{"a": 1})
}

func TestSlowStoreWait(t *testing.T) {
	hang := &hangStore{spyStore: spyStore{Store: newMemory(t)}}
	app := newApp(t, hang, func(c *sess.Config) { c.StoreTimeout = 50 * time.Millisecond })
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(7) })
	hang.on = true
	var wg sync.WaitGroup
	start := time.Now()
	for range 40 { // one after the other they would take six seconds and more
		wg.Go(func() {
			br.app.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) }).ServeHTTP(newRecorder(), br.request())
		})
	}
	wg.Wait()
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("the slowest of 40 requests took %v with a store timeout of 50ms", d)
	}
}

type hangStore struct {
	spyStore
	on bool
}

func (s *hangStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.spyStore.Bind(setup)
	parts.Records = s
	return parts, err
}

func (s *hangStore) Update(ctx context.Context, key string, old, rec sess.Record) error {
	if s.on {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.spyStore.Update(ctx, key, old, rec)
}

func TestDestroyByRenew(t *testing.T) {
	st := &findStore{spyStore: spyStore{Store: newMemory(t)}}
	app := newApp(t, st)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetUserID("u1") })
	once := true
	st.found = func() {
		if once {
			once = false
			br.see(func(s *shop.Session) { s.Renew() })
		}
	}
	n, err := app.sessions.DestroyByUserID(ctx(), "u1")
	t.Log(n, err)
	br.sees("user", func(s *shop.Session) any { return s.UserID() }, "")
}

type findStore struct {
	spyStore
	found func()
}

func (s *findStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.spyStore.Bind(setup)
	parts.Records = s
	return parts, err
}

func (s *findStore) Find(ctx context.Context, e sess.IndexEntry) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var keys []string
		for k := range s.records.(sess.Finder).Find(ctx, e) {
			keys = append(keys, k)
		}
		s.found()
		for _, k := range keys {
			if !yield(k, nil) {
				return
			}
		}
	}
}

func TestCreateEmpty(t *testing.T) {
	app := newTestApp(t)
	s, err := app.sessions.Create(ctx(), nil)
	if err == nil && app.sessions.Token(s) == "" {
		t.Error("Create without fields: no token and no error")
	}
}

func TestClaimFailedConsumes(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetNotice("code") })
	br.see(func(s *shop.Session) {
		spy.failing(func(m string, _ int) failure {
			if m == "Update" {
				return failure{err: errOutage}
			}
			return failure{}
		})
		_, ok, err := s.ClaimNotice(ctx())
		t.Log(ok, err)
		spy.failing(nil)
	})
	br.sees("notice", func(s *shop.Session) any { return s.HasNotice() }, true)
}

func TestSetMaxAgeBeforeSet(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) {
		s.SetMaxAge(100 * 24 * time.Hour)
		_ = s.Save(ctx())
		s.SetUserID("u")
	})
	br.see(func(s *shop.Session) {
		if d := s.ExpiresAt().Sub(app.clock.Now()); d < 99*24*time.Hour {
			t.Errorf("expires in %v", d)
		}
	})
}

func TestSealedTooLargeInPlace(t *testing.T) {
	app := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetCart([]shop.Item{{SKU: "a"}}) })
	rec := br.see(func(s *shop.Session) {
		s.Cart()[0].SKU = strings.Repeat("x", 5000)
		t.Log(s.Save(ctx()))
	})
	if rec.Code == 200 {
		t.Error("200 although the change is not saved")
	}
}

func TestDestroyNewer(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	s, err := app.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u"); return nil })
	must(t, err)
	rec, err := spy.records.Load(ctx(), s.ID())
	must(t, err)
	next := rec
	next.Data = bytes.Clone(rec.Data)
	next.Data[0] = 9
	next.Stamp++
	next.Index = nil
	must(t, spy.records.Update(ctx(), s.ID(), rec, next))
	if err := app.sessions.Destroy(ctx(), s.ID()); err != nil {
		t.Errorf("Destroy: %v", err)
	}
	n, err := app.sessions.DestroyByUserID(ctx(), "u")
	t.Log(n, err)
}

func TestDestroyUnclear(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	id := ""
	br.see(func(s *shop.Session) { id = s.ID() })
	once := true
	spy.failing(func(m string, _ int) failure {
		if m == "Update" && once {
			once = false
			must(t, sessionsOn(t, app, spy.Store).Update(ctx(), id, func(s *shop.Session) error { s.AddVisits(1); return nil }))
			return failure{err: errOutage}
		}
		return failure{}
	})
	rec := br.see(func(s *shop.Session) { s.Destroy() })
	if rec.Code != 200 {
		t.Errorf("logout: %d", rec.Code)
	}
}

func TestAlias(t *testing.T) {
	shared := make([]string, 1, 8)
	var s1, s2 shop.Session
	s1.SetRoles(shared)
	s2.SetRoles(shared)
	s1.AppendRoles("guest")
	s2.AppendRoles("admin")
	if s1.Roles()[1] != "guest" {
		t.Errorf("s1 has %v", s1.Roles())
	}
}

func TestDeep(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	s, err := app.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u"); return nil })
	must(t, err)
	rec, err := spy.records.Load(ctx(), s.ID())
	must(t, err)
	for _, body := range []string{
		"\x81\xa1z" + strings.Repeat("\x91", 60000) + "\x01",
		"\x81\xa1z" + strings.Repeat("\x81\xa1a", 20000) + "\x01",
		"\x81\xa4cart" + strings.Repeat("\x91", 60000) + "\x01",
		"\x81\xa4cart\xdd\xff\xff\xff\xff",
		"\xdf\xff\xff\xff\xff",
		"\x80\x81\xa1t\x81\xa1x\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
		"\x80\x81\xa1i\x91\xc0",
		"\x81\xa5extra\x81\xa1a\xa1b",
		"\x82\xa4cart\x92\x91\xa3sku\x91\xa1a\xa4cart\xc0",
		"\xc0", "",
		"\x81\xa4cart\x91\x90", "\x81\xa4cart\x92\x90\x90", "\x81\xa7address\x92\x90\x90", "\x81\xa3qty\x81\xc0\x01",
		"\x81\xa8login_at\xc7\x0c\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
	} {
		next := rec
		next.Data = append(bytes.Clone(rec.Data[:32]), body...)
		next.Stamp++
		next.Index = nil
		must(t, spy.records.Update(ctx(), s.ID(), rec, next))
		rec = next
		l, err := app.sessions.Load(ctx(), s.ID())
		if err == nil {
			_ = sprintf("%v", l)
			l.Cart()
			l.AddVisits(1)
			err = l.Save(ctx())
			rec, _ = spy.records.Load(ctx(), s.ID())
		}
		t.Logf("%.20q: %v", body, err)
	}
}

func TestRandom(t *testing.T) {
	for seed := range int64(400) {
		r := rand.New(rand.NewSource(seed))
		app := newTestApp(t)
		first, err := app.sessions.Create(ctx(), func(s *shop.Session) error { s.SetTheme("x"); s.SetNotice("n"); return nil })
		must(t, err)
		id := first.ID()
		var open [3]*shop.Session
		visits, limit, qty, roles, labels := 0, int64(10), map[string]int{}, 0, 0
		carts := 0
		load := func(i int) {
			open[i], err = app.sessions.Load(ctx(), id)
			must(t, err)
		}
		for i := range open {
			load(i)
		}
		for range 60 {
			i := r.Intn(3)
			s := open[i]
			switch r.Intn(12) {
			case 0:
				s.AddVisits(2)
				visits += 2
			case 1:
				s.UpdateVisits(func(n int) int { return n + 3 })
				visits += 3
			case 2:
				s.AddLimit(1)
				limit++
			case 3:
				s.UpdateLimit(func(n int64) int64 { return n + 1 })
				limit++
			case 4:
				k := string(rune('a' + r.Intn(3)))
				s.AddQty(k, 1)
				qty[k]++
			case 5:
				s.UpdateQty(func(m map[string]int) map[string]int {
					if m == nil {
						m = map[string]int{}
					}
					m["a"]++
					return m
				})
				qty["a"]++
			case 6:
				s.AppendRoles(sprintf("r%d", roles))
				roles++
			case 7:
				s.UpdateRoles(func(x []string) []string { return append(x, "u") })
				roles++
			case 8:
				s.PutLabels(sprintf("k%d", labels), "v")
				labels++
			case 9:
				s.AppendCart(shop.Item{Qty: carts})
				carts++
			case 10:
				_, _, _, _ = s.Cart(), s.Roles(), s.Qty(), s.Labels()
			case 11:
				must(t, s.Save(ctx()))
				if r.Intn(2) == 0 {
					load(i)
				}
			}
		}
		for _, s := range open {
			must(t, s.Save(ctx()))
		}
		g, err := app.sessions.Load(ctx(), id)
		must(t, err)
		if len(qty) == 0 {
			qty = nil
		}
		if g.Visits() != visits || g.Limit() != limit || !equal(g.Qty(), qty) || len(g.Roles()) != roles || len(g.Labels()) != labels || len(g.Cart()) != carts {
			t.Fatalf("seed %d: %d %d, %d %d, %v %v, %d %d, %d %d, %d %d", seed, g.Visits(), visits, g.Limit(), limit, g.Qty(), qty, len(g.Roles()), roles, len(g.Labels()), labels, len(g.Cart()), carts)
		}
	}
}

func TestBearerTwo(t *testing.T) {
	one := newApp(t, nil, func(c *sess.Config) { c.Transport = sess.Bearer("") })
	two := newApp(t, nil, func(c *sess.Config) { c.Transport = sess.Bearer("") })
	rec := newRecorder()
	one.sessions.Handler(func(w http.ResponseWriter, r *http.Request, o *shop.Session) {
		o.SetVisits(1)
		two.sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.SetVisits(2)
		}).ServeHTTP(w, r)
	}).ServeHTTP(rec, one.browser().request())
	if rec.Code == 200 {
		t.Error(rec.Code, rec.Header())
	}
}

func TestLatePointer(t *testing.T) {
	br := newApp(t, nil).browser()
	br.do(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		s.UpdateAddress(func(a *shop.Address) *shop.Address { return &shop.Address{City: "x"} })
		w.Write([]byte("x"))
		s.Address().City = "y"
	})
	br.sees("city", func(s *shop.Session) any { return s.Address().City }, "y")
}

func TestAddThenDeleteAddsBack(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutQty("a", 5) })
	br.parallel(func(s *shop.Session) { s.DeleteQty("a"); s.AddQty("a", 5) }, func() {
		br.see(func(s *shop.Session) { s.AddQty("a", 10) })
	})
	br.sees("qty", func(s *shop.Session) any { return s.Qty() }, map[string]int{"a": 5})
}

func TestCancelled(t *testing.T) {
	failed := 0
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	for range 50 {
		br.see(func(s *shop.Session) {
			gone, cancel := context.WithCancel(ctx())
			cancel()
			s.AddVisits(1)
			if s.Save(gone) != nil {
				failed++
			}
		})
	}
	if failed != 0 && failed != 50 {
		t.Errorf("Save with a cancelled context fails %d of 50 times", failed)
	}
}

// a sealed session whose deadline passes during the handler
func TestSealedDeadline(t *testing.T) {
	app := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex, func(c *sess.Config) { c.AbsoluteTimeout = time.Hour })
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	app.clock.advance(59 * time.Minute)
	rec := br.do(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetVisits(7)
		app.clock.advance(2 * time.Minute)
	})
	t.Log(rec.Code, rec.Header())
	if rec.Code == 200 {
		t.Error("dropped in silence")
	}
}

func TestAgeDoesNotOverflow(t *testing.T) {
	app := newApp(t, nil)
	s, err := app.sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(1); return nil })
	must(t, err)
	s.SetMaxAge(sess.Never)
	must(t, s.Save(ctx()))
	br := app.browser()
	br.setToken(app.sessions.Token(s))
	app.clock.advance(-5 * time.Millisecond)
	rec := br.see(func(s *shop.Session) { s.Renew() })
	if cookies := rec.Result().Cookies(); len(cookies) != 1 || cookies[0].MaxAge != 400*24*3600 {
		t.Errorf("cookies %v", cookies)
	}
}

func TestLogoutTwice(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := br.token()
	logout := func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") }
	if rec := br.see(logout); rec.Code != http.StatusOK {
		t.Errorf("logout: %d", rec.Code)
	}
	second := app.browser()
	second.setToken(token)
	if rec := second.see(logout); rec.Code != http.StatusOK || len(rec.Result().Cookies()) != 0 {
		t.Errorf("the second click: %d, %v", rec.Code, rec.Result().Cookies())
	}
	br.sees("the first logout's notice", func(s *shop.Session) any { return s.TakeNotice() }, "Bye")
}
