package runtime_test

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestMerge shows what two parallel requests leave: one whose session is
// loaded first and committed last, and one that runs in between.
func TestMerge(t *testing.T) {
	item := func(sku string, qty int) shop.Item { return shop.Item{SKU: sku, Qty: qty} }
	for _, c := range []struct {
		name               string
		before, first, mid func(*shop.Session)
		got                func(*shop.Session) any
		want               any
	}{
		{"different fields survive", nil,
			func(s *shop.Session) { s.SetTheme("dark") }, func(s *shop.Session) { s.SetTeam("blue") },
			func(s *shop.Session) any { return s.Theme() + s.Team() }, "darkblue"},
		{"adds sum up", func(s *shop.Session) { s.SetVisits(10) },
			func(s *shop.Session) { s.AddVisits(1) }, func(s *shop.Session) { s.AddVisits(5) },
			func(s *shop.Session) any { return s.Visits() }, 16},
		{"adds to a default sum up", nil,
			func(s *shop.Session) { s.AddLimit(1) }, func(s *shop.Session) { s.AddLimit(5) },
			func(s *shop.Session) any { return s.Limit() }, int64(16)},
		{"the later set wins", nil,
			func(s *shop.Session) { s.SetTheme("dark") }, func(s *shop.Session) { s.SetTheme("blue") },
			func(s *shop.Session) any { return s.Theme() }, "dark"},
		{"a set beats an add that it did not see", nil,
			func(s *shop.Session) { s.SetVisits(3) }, func(s *shop.Session) { s.AddVisits(5) },
			func(s *shop.Session) any { return s.Visits() }, 3},
		{"an add applies to a set that it did not see", nil,
			func(s *shop.Session) { s.AddVisits(5) }, func(s *shop.Session) { s.SetVisits(3) },
			func(s *shop.Session) any { return s.Visits() }, 8},
		{"a clear wins over an earlier set", func(s *shop.Session) { s.SetTheme("x") },
			func(s *shop.Session) { s.ClearTheme() }, func(s *shop.Session) { s.SetTheme("blue") },
			func(s *shop.Session) any { return s.HasTheme() }, false},
		{"appends all arrive", func(s *shop.Session) { s.SetCart([]shop.Item{item("a", 1)}) },
			func(s *shop.Session) { s.AppendCart(item("b", 1)) }, func(s *shop.Session) { s.AppendCart(item("c", 1)) },
			func(s *shop.Session) any { return s.Cart() }, []shop.Item{item("a", 1), item("c", 1), item("b", 1)}},
		{"first appends all arrive", nil,
			func(s *shop.Session) { s.AppendCart(item("b", 1)) }, func(s *shop.Session) { s.AppendCart(item("c", 1)) },
			func(s *shop.Session) any { return s.Cart() }, []shop.Item{item("c", 1), item("b", 1)}},
		{"an append to what was cleared meanwhile brings nothing back", func(s *shop.Session) { s.SetRoles([]string{"a"}) },
			func(s *shop.Session) { s.AppendRoles("b") }, func(s *shop.Session) { s.ClearRoles() },
			func(s *shop.Session) any { return s.Roles() }, []string{"b"}},
		{"an in-place change of an element is a set", func(s *shop.Session) { s.SetCart([]shop.Item{item("a", 1)}) },
			func(s *shop.Session) { s.Cart()[0].Qty = 9 }, func(s *shop.Session) { s.AppendCart(item("c", 1)) },
			func(s *shop.Session) any { return s.Cart() }, []shop.Item{item("a", 9)}},
		{"maps merge by key", func(s *shop.Session) { s.SetLabels(map[string]string{"a": "1", "b": "2"}) },
			func(s *shop.Session) { s.PutLabels("c", "3"); s.DeleteLabels("a") }, func(s *shop.Session) { s.PutLabels("d", "4"); s.PutLabels("b", "5") },
			func(s *shop.Session) any { return s.Labels() }, map[string]string{"b": "5", "c": "3", "d": "4"}},
		{"in-place changes of a map merge by key", func(s *shop.Session) { s.SetLabels(map[string]string{"a": "1"}) },
			func(s *shop.Session) { s.Labels()["c"] = "3" }, func(s *shop.Session) { s.PutLabels("d", "4") },
			func(s *shop.Session) any { return s.Labels() }, map[string]string{"a": "1", "c": "3", "d": "4"}},
		{"adds under a key sum up", func(s *shop.Session) { s.PutQty("a", 1) },
			func(s *shop.Session) { s.AddQty("a", 2); s.AddQty("b", 1) }, func(s *shop.Session) { s.AddQty("a", 10); s.AddQty("b", 1) },
			func(s *shop.Session) any { return s.Qty() }, map[string]int{"a": 13, "b": 2}},
		{"a put under a key replaces", func(s *shop.Session) { s.PutQty("a", 1) },
			func(s *shop.Session) { s.PutQty("a", 7); s.DeleteQty("z") }, func(s *shop.Session) { s.AddQty("a", 10); s.PutQty("z", 1) },
			func(s *shop.Session) any { return s.Qty() }, map[string]int{"a": 7, "z": 1}},
		{"updates are applied again", func(s *shop.Session) { s.SetVisits(3) },
			func(s *shop.Session) {
				s.AddVisits(1)
				s.UpdateVisits(func(n int) int { return n * 2 })
				s.AddVisits(1)
			}, func(s *shop.Session) { s.AddVisits(10) },
			func(s *shop.Session) any { return s.Visits() }, (3+10+1)*2 + 1},
		{"updates of a slice are applied again", func(s *shop.Session) { s.SetRoles([]string{"a", "b"}) },
			func(s *shop.Session) {
				s.UpdateRoles(func(r []string) []string { return r[1:] })
				s.AppendRoles("z")
			},
			func(s *shop.Session) { s.AppendRoles("c") },
			func(s *shop.Session) any { return s.Roles() }, []string{"b", "c", "z"}},
		{"take removes what it took", func(s *shop.Session) { s.SetNotice("old") },
			func(s *shop.Session) { s.TakeNotice() }, func(s *shop.Session) { s.SetVisits(1) },
			func(s *shop.Session) any { return s.HasNotice() }, false},
		{"take removes only what it took", func(s *shop.Session) { s.SetNotice("old") },
			func(s *shop.Session) { s.TakeNotice() }, func(s *shop.Session) { s.SetNotice("new") },
			func(s *shop.Session) any { return s.TakeNotice() }, "new"},
		{"take of a list leaves what was appended meanwhile", func(s *shop.Session) { s.AppendNotices("a", "b") },
			func(s *shop.Session) { s.TakeNotices(); s.AppendNotices("y") }, func(s *shop.Session) { s.AppendNotices("c") },
			func(s *shop.Session) any { return s.TakeNotices() }, []string{"c", "y"}},
		{"a pointer changed in place is a set", func(s *shop.Session) { s.SetAddress(&shop.Address{City: "Oxford"}) },
			func(s *shop.Session) { s.Address().Street = "High Street" }, func(s *shop.Session) { s.SetVisits(1) },
			func(s *shop.Session) any { return *s.Address() }, shop.Address{Street: "High Street", City: "Oxford"}},
		{"rest entries merge by key", func(s *shop.Session) { s.PutExtra("a", "1") },
			func(s *shop.Session) { s.PutExtra("b", "2") }, func(s *shop.Session) { s.PutExtra("c", "3") },
			func(s *shop.Session) any { return s.Extra() }, map[string]string{"a": "1", "b": "2", "c": "3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newApp(t, nil).browser()
			b.see(func(s *shop.Session) { s.SetSecret("so that there is a session") })
			if c.before != nil {
				b.see(c.before)
			}
			rec := b.parallel(c.first, func() { b.see(c.mid) })
			if rec.Code != http.StatusOK {
				t.Fatalf("status %d", rec.Code)
			}
			b.sees("the outcome", c.got, c.want)
		})
	}
}

// TestThreeInARow makes the commit of one request lose against two others, one
// after the other, so that it merges twice.
func TestThreeInARow(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1); s.SetNotice("n"); s.AppendNotices("a") })
	token := b.token()
	left := 2
	spy.failing(func(method string, _ int) failure {
		if method == "Update" && left > 0 {
			left--
			other, err := sessionsOn(t, a, spy.Store).Open(ctx(), token)
			if err != nil {
				t.Fatal(err)
			}
			other.AddVisits(10)
			other.AppendNotices("later")
			if err := other.Save(ctx()); err != nil {
				t.Fatal(err)
			}
		}
		return failure{}
	})
	b.see(func(s *shop.Session) {
		s.AddVisits(1)
		s.UpdateVisits(func(n int) int { return n * 2 })
		s.TakeNotice()
		s.TakeNotices()
	})
	b.see(func(s *shop.Session) {
		if s.Visits() != 44 || s.HasNotice() || !equal(s.TakeNotices(), []string{"later", "later"}) {
			t.Errorf("got %v", s)
		}
	})
}

// sessionsOn returns a second manager over the same records, as another process has it.
func sessionsOn(t *testing.T, a *app, store sess.Store) *shop.Sessions {
	sessions, err := shop.NewSessions(store, sess.Config{Now: a.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

func TestStormLosesNothing(t *testing.T) {
	const clients, requests = 64, 50
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(0) })
	managers := []*shop.Sessions{a.sessions, sessionsOn(t, a, a.store)} // two processes
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			h := managers[client%2].Handler(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
				s.AddVisits(1)
				s.AddQty("k", 2)
				s.UpdateLimit(func(n int64) int64 { return n + 1 })
			})
			for range requests {
				rec := newRecorder()
				if h.ServeHTTP(rec, b.request()); rec.Code != http.StatusOK {
					t.Errorf("status %d", rec.Code)
				}
			}
		})
	}
	wg.Wait()
	b.see(func(s *shop.Session) {
		if s.Visits() != clients*requests || s.Qty()["k"] != 2*clients*requests || s.Limit() != 10+clients*requests {
			t.Errorf("visits %d, qty %d, limit %d; want %d of each", s.Visits(), s.Qty()["k"], s.Limit()-10, clients*requests)
		}
	})
}

func TestNoIdentifierIsTakenFromAClient(t *testing.T) {
	a := newApp(t, nil)
	for _, token := range []string{"x", "nonsense", strings.Repeat("A", 43), strings.Repeat("A", 42) + "B", strings.Repeat("a", 5000), "%00", "a\"b"} {
		b := a.browser()
		r := b.request()
		r.Header.Set("Cookie", "__Host-session="+token)
		rec := newRecorder()
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
			if !s.IsNew() {
				t.Errorf("%q is a session", token)
			}
			s.SetVisits(1)
		}).ServeHTTP(rec, r)
		cookies := rec.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Value == token || len(cookies[0].Value) != 43 {
			t.Errorf("%q got %v", token, cookies)
		}
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

func TestAddThenDeleteAddsBack(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutQty("a", 5) })
	br.parallel(func(s *shop.Session) { s.DeleteQty("a"); s.AddQty("a", 5) }, func() {
		br.see(func(s *shop.Session) { s.AddQty("a", 10) })
	})
	br.sees("qty", func(s *shop.Session) any { return s.Qty() }, map[string]int{"a": 5})
}

// Around an update too, a put of the value that is there is a put, and what an
// update makes of others' values is not undone by a put before it.
func TestPutAroundUpdate(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.SetQty(map[string]int{"a": 7, "x": 1}) })
	br.parallel(func(s *shop.Session) {
		s.PutQty("a", 7)
		s.UpdateQty(func(m map[string]int) map[string]int {
			n := maps.Clone(m)
			n["a"] += m["x"]
			return n
		})
		s.PutQty("b", 0)
		s.PutQty("c", 5)
		s.UpdateQty(func(m map[string]int) map[string]int { return m })
		s.PutQty("c", 5)
	}, func() {
		br.see(func(s *shop.Session) { s.PutQty("a", 70); s.PutQty("x", 100); s.PutQty("c", 50) })
	})
	br.sees("qty", func(s *shop.Session) any { return s.Qty() }, map[string]int{"a": 107, "b": 0, "c": 5, "x": 100})
}
