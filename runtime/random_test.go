package runtime_test

import (
	"math/rand"
	"testing"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

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
