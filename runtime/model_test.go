package runtime_test

import (
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// op is one call of an accessor.
type op struct {
	name string
	do   func(*shop.Session)
}

// kinds are accessor kinds whose parallel use must leave what some order of the
// requests, one after the other, leaves: the order of their commits.
var kinds = []struct {
	name   string
	before func(*shop.Session)
	ops    []op
}{
	{"number", func(s *shop.Session) { s.SetVisits(10) }, []op{
		{"set", func(s *shop.Session) { s.SetVisits(5) }},
		{"clear", func(s *shop.Session) { s.ClearVisits() }},
		{"add", func(s *shop.Session) { s.AddVisits(3) }},
		{"update", func(s *shop.Session) { s.UpdateVisits(func(n int) int { return 2*n + 1 }) }},
	}},
	{"absent number with a default", nil, []op{
		{"set", func(s *shop.Session) { s.SetLimit(5) }},
		{"add", func(s *shop.Session) { s.AddLimit(3) }},
		{"update", func(s *shop.Session) { s.UpdateLimit(func(n int64) int64 { return 2*n + 1 }) }},
	}},
	{"number that lapses", func(s *shop.Session) { s.SetTries(10) }, []op{
		{"set", func(s *shop.Session) { s.SetTries(5) }},
		{"clear", func(s *shop.Session) { s.ClearTries() }},
		{"add", func(s *shop.Session) { s.AddTries(3) }},
		{"update", func(s *shop.Session) { s.UpdateTries(func(n int) int { return 2*n + 1 }) }},
	}},
	{"slice", func(s *shop.Session) { s.SetRoles([]string{"a", "b"}) }, []op{
		{"set", func(s *shop.Session) { s.SetRoles([]string{"s"}) }},
		{"clear", func(s *shop.Session) { s.ClearRoles() }},
		{"append", func(s *shop.Session) { s.AppendRoles("x", "y") }},
		{"update", func(s *shop.Session) {
			s.UpdateRoles(func(r []string) []string { return append(slices.Clone(r[min(1, len(r)):]), "u") })
		}},
	}},
	{"slice of structs", func(s *shop.Session) { s.SetCart([]shop.Item{{SKU: "a"}}) }, []op{
		{"set", func(s *shop.Session) { s.SetCart([]shop.Item{}) }},
		{"clear", func(s *shop.Session) { s.ClearCart() }},
		{"append", func(s *shop.Session) { s.AppendCart(shop.Item{SKU: "x"}) }},
		{"update", func(s *shop.Session) {
			s.UpdateCart(func(c []shop.Item) []shop.Item { return append(slices.Clone(c[min(1, len(c)):]), shop.Item{SKU: "u"}) })
		}},
	}},
	{"map of numbers", func(s *shop.Session) { s.SetQty(map[string]int{"a": 1, "b": 2}) }, []op{
		{"put", func(s *shop.Session) { s.PutQty("a", 7) }},
		{"delete", func(s *shop.Session) { s.DeleteQty("a") }},
		{"add", func(s *shop.Session) { s.AddQty("a", 3) }},
		{"put new", func(s *shop.Session) { s.PutQty("c", 5) }},
		{"add new", func(s *shop.Session) { s.AddQty("c", 4) }},
		{"update", func(s *shop.Session) {
			s.UpdateQty(func(m map[string]int) map[string]int {
				n := map[string]int{}
				for k, v := range m {
					n[k] = 2 * v
				}
				return n
			})
		}},
		{"set", func(s *shop.Session) { s.SetQty(map[string]int{"z": 9}) }},
	}},
	{"map", func(s *shop.Session) { s.SetLabels(map[string]string{"a": "1", "b": "2"}) }, []op{
		{"put", func(s *shop.Session) { s.PutLabels("a", "7") }},
		{"delete", func(s *shop.Session) { s.DeleteLabels("b") }},
		{"put new", func(s *shop.Session) { s.PutLabels("c", "5") }},
		{"in place", func(s *shop.Session) {
			if m := s.Labels(); m != nil {
				m["d"] = "6"
			}
		}},
		{"update", func(s *shop.Session) {
			s.UpdateLabels(func(m map[string]string) map[string]string {
				n := maps.Clone(m)
				if n == nil {
					n = map[string]string{}
				}
				n["u"] += "u"
				return n
			})
		}},
		{"set", func(s *shop.Session) { s.SetLabels(map[string]string{"z": "9"}) }},
	}},
}

// TestEveryInterleaving runs every pair of requests of one or two accessor calls
// each, and every three requests of one call, in flight at the same time, and
// compares the outcome with that of the same requests one after the other in
// the order of their commits.
func TestEveryInterleaving(t *testing.T) {
	memory := memstore.New()
	defer memory.Close()
	sessions, err := shop.NewSessions(memory, sess.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			var requests [][]op
			for _, a := range kind.ops {
				requests = append(requests, []op{a})
				for _, b := range kind.ops {
					requests = append(requests, []op{a, b})
				}
			}
			n := 0
			check := func(flights ...[]op) {
				n++
				parallel := outcome(t, sessions, kind.before, true, flights)
				serial := outcome(t, sessions, kind.before, false, flights)
				if parallel != serial {
					t.Errorf("%s: in parallel %s, one after the other %s", describe(flights), parallel, serial)
				}
			}
			for _, a := range requests {
				for _, b := range requests {
					check(a, b)
				}
			}
			for _, a := range kind.ops {
				for _, b := range kind.ops {
					for _, c := range kind.ops {
						check([]op{a}, []op{b}, []op{c})
					}
				}
			}
			t.Logf("%d interleavings", n)
		})
	}
}

func describe(flights [][]op) string {
	var parts []string
	for _, f := range flights {
		var names []string
		for _, o := range f {
			names = append(names, o.name)
		}
		parts = append(parts, strings.Join(names, "+"))
	}
	return strings.Join(parts, " | ")
}

// outcome is what the requests leave, all loaded before the first commit or one
// after the other.
func outcome(t *testing.T, sessions *shop.Sessions, before func(*shop.Session), parallel bool, flights [][]op) string {
	made, err := sessions.Create(ctx(), func(s *shop.Session) error {
		s.SetSecret("there is a session")
		if before != nil {
			before(s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	load := func() *shop.Session {
		s, err := sessions.Load(ctx(), made.ID())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	run := func(s *shop.Session, ops []op) {
		for _, o := range ops {
			o.do(s)
		}
	}
	var loaded []*shop.Session
	if parallel {
		for _, ops := range flights {
			s := load()
			run(s, ops)
			loaded = append(loaded, s)
		}
	}
	for i, ops := range flights {
		var s *shop.Session
		if parallel {
			s = loaded[i]
		} else {
			s = load()
			run(s, ops)
		}
		if err := s.Save(ctx()); err != nil {
			t.Fatal(err)
		}
		if got, stored := sprintf("%v", s), sprintf("%v", load()); got != stored {
			t.Errorf("%s: after Save the session holds %s, the store %s", describe(flights), got, stored)
		}
	}
	return sprintf("%v", load())
}

func TestRandomSchedules(t *testing.T) {
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
