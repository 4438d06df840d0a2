package runtime_test

import (
	"testing"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// A change in place counts also where an accessor has changed another field,
// with and without another request in between.
func TestInPlaceBesideAccessor(t *testing.T) {
	change := func(s *shop.Session) {
		s.Address().City = "Oxford"
		s.Cart()[0].Qty = 7
		s.Labels()["a"] = "mine"
		s.AddVisits(1)
	}
	for name, meanwhile := range map[string]func(*shop.Session){
		"alone":                  nil,
		"others change the same": func(s *shop.Session) { s.AddVisits(10); s.PutLabels("b", "theirs"); s.AppendCart(shop.Item{SKU: "c"}) },
		"others change a field":  func(s *shop.Session) { s.SetTheme("dark") },
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, nil)
			b := a.browser()
			b.see(func(s *shop.Session) {
				s.SetAddress(&shop.Address{City: "London"})
				s.SetCart([]shop.Item{{SKU: "a", Qty: 1}, {SKU: "b", Qty: 2}})
				s.SetLabels(map[string]string{"a": "old"})
			})
			want := 1
			b.parallel(change, func() {
				if meanwhile != nil {
					b.see(meanwhile)
				}
			})
			if name == "others change the same" {
				want = 11
				b.sees("label b", func(s *shop.Session) any { return s.Labels()["b"] }, "theirs")
			}
			b.sees("visits", func(s *shop.Session) any { return s.Visits() }, want)
			b.sees("city", func(s *shop.Session) any { return s.Address().City }, "Oxford")
			b.sees("quantity", func(s *shop.Session) any { return s.Cart()[0].Qty }, 7)
			b.sees("label a", func(s *shop.Session) any { return s.Labels()["a"] }, "mine")
		})
	}
}

// What a getter returned may be changed in any part of the record: before and
// behind other fields, at its end, and where the field is the only one.
func TestInPlaceAnywhere(t *testing.T) {
	fill := map[string]func(*shop.Session){
		"alone":  func(*shop.Session) {},
		"before": func(s *shop.Session) { s.SetTree(&shop.Node{Name: "x"}); s.SetCode("c") },
		"behind": func(s *shop.Session) { s.SetVisits(3); s.SetUserID("u") },
		"notes":  func(s *shop.Session) { s.SetTeam("blue"); s.SetStepUp(true) },
		"rest":   func(s *shop.Session) { s.SetExtra(map[string]string{"other": "x"}) },
		"was":    func(s *shop.Session) { s.SetStyle("bold") },
	}
	for name, f := range fill {
		t.Run(name, func(t *testing.T) {
			b := newApp(t, nil).browser()
			b.see(func(s *shop.Session) { f(s); s.SetRoles([]string{"a", "b"}) })
			b.see(func(s *shop.Session) { s.Roles()[1] = "B" })
			b.sees("role", func(s *shop.Session) any { return s.Roles()[1] }, "B")
		})
	}
	t.Run("in the rest field", func(t *testing.T) {
		b := newApp(t, nil).browser()
		b.see(func(s *shop.Session) { s.SetRoles([]string{"a"}); s.SetExtra(map[string]string{"other": "x"}) })
		b.see(func(s *shop.Session) { s.Extra()["other"] = "y" })
		b.sees("extra", func(s *shop.Session) any { return s.Extra()["other"] }, "y")
	})
}
