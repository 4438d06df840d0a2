package runtime_test

import (
	"maps"
	"slices"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func absent(v any) bool { return v == nil }

// has returns v, or nil if the field is not set.
func has(set bool, v any) any {
	if !set {
		return nil
	}
	return v
}

func or[T any](v any, fallback T) T {
	if v == nil {
		return fallback
	}
	return v.(T)
}

func to(v any) func(any) any { return func(any) any { return v } }

// clear is a clear of any field.
func clearing(do func(*shop.Session)) step {
	return step{"clear", do, assign, to(nil), absent}
}

func mapSteps[V any](set func(*shop.Session, map[string]V), get func(*shop.Session) map[string]V, clear func(*shop.Session),
	put func(*shop.Session, string, V), del func(*shop.Session, string), update func(*shop.Session, func(map[string]V) map[string]V), v [4]V) []step {
	change := func(f func(map[string]V)) func(any) any {
		return func(v any) any {
			m := maps.Clone(or[map[string]V](v, nil))
			if m == nil {
				m = map[string]V{}
			}
			f(m)
			return m
		}
	}
	putStep := func(name, key string, value V) step {
		return step{name, func(s *shop.Session) { put(s, key, value) }, relative, change(func(m map[string]V) { m[key] = value }), nil}
	}
	return []step{
		{"set", func(s *shop.Session) { set(s, map[string]V{"z": v[0]}) }, assign, to(map[string]V{"z": v[0]}), nil},
		clearing(clear),
		putStep("put", "a", v[1]),
		putStep("put new", "c", v[2]),
		{"delete", func(s *shop.Session) { del(s, "a") }, relative, func(v any) any {
			if v == nil {
				return nil
			}
			return change(func(m map[string]V) { delete(m, "a") })(v)
		}, func(v any) bool { _, there := or[map[string]V](v, nil)["a"]; return !there }},
		{"in place", func(s *shop.Session) {
			if m := get(s); m != nil {
				m["d"] = v[3]
			}
		}, relative, change(func(m map[string]V) { m["d"] = v[3] }), func(v any) bool {
			_, there := or[map[string]V](v, nil)["d"] // with that value: nothing changes
			return v == nil || there
		}},
		{"update", func(s *shop.Session) {
			update(s, func(m map[string]V) map[string]V {
				n := maps.Clone(m)
				if n == nil {
					n = map[string]V{}
				}
				n["u"] = v[0]
				delete(n, "b")
				return n
			})
		}, relative, change(func(m map[string]V) { m["u"] = v[0]; delete(m, "b") }), nil},
	}
}

func fieldKinds() []fieldKind {
	number := func(v any) int { return or(v, 0) }
	list := func(v any) []string { return or[[]string](v, nil) }
	adds := func(name string, more ...string) func(any) any {
		return func(v any) any { return slices.Concat(list(v), more) }
	}
	cart := func(v any) []shop.Item { return or[[]shop.Item](v, nil) }
	var kinds []fieldKind
	numbers := func(name string, first int, before, set, clear, add, update func(*shop.Session), get func(*shop.Session) any, zero int) {
		k := fieldKind{name, before, any(first), get, []step{
			{"set", set, assign, to(5), nil},
			clearing(clear),
			{"add", add, relative, func(v any) any { return or(v, zero) + 3 }, nil},
			{"update", update, relative, func(v any) any { return 2*or(v, zero) + 1 }, nil},
		}}
		if before == nil {
			k.first = nil
		}
		kinds = append(kinds, k)
	}
	double := func(n int) int { return 2*n + 1 }
	for _, before := range []func(*shop.Session){nil, func(s *shop.Session) { s.SetVisits(10) }} {
		numbers("number", 10, before, func(s *shop.Session) { s.SetVisits(5) }, func(s *shop.Session) { s.ClearVisits() },
			func(s *shop.Session) { s.AddVisits(3) }, func(s *shop.Session) { s.UpdateVisits(double) },
			func(s *shop.Session) any { return has(s.HasVisits(), s.Visits()) }, 0)
	}
	for _, before := range []func(*shop.Session){nil, func(s *shop.Session) { s.SetLimit(20) }} {
		numbers("number with a default", 20, before, func(s *shop.Session) { s.SetLimit(5) }, func(s *shop.Session) { s.ClearLimit() },
			func(s *shop.Session) { s.AddLimit(3) }, func(s *shop.Session) { s.UpdateLimit(func(n int64) int64 { return 2*n + 1 }) },
			func(s *shop.Session) any { return has(s.HasLimit(), int(s.Limit())) }, 10)
	}
	numbers("number that lapses", 10, func(s *shop.Session) { s.SetTries(10) }, func(s *shop.Session) { s.SetTries(5) }, func(s *shop.Session) { s.ClearTries() },
		func(s *shop.Session) { s.AddTries(3) }, func(s *shop.Session) { s.UpdateTries(double) },
		func(s *shop.Session) any { return has(s.HasTries(), number(s.Tries())) }, 0)

	roles := []step{
		{"set", func(s *shop.Session) { s.SetRoles([]string{"s"}) }, assign, to([]string{"s"}), nil},
		clearing(func(s *shop.Session) { s.ClearRoles() }),
		{"append", func(s *shop.Session) { s.AppendRoles("x", "y") }, relative, adds("append", "x", "y"), nil},
		{"update", func(s *shop.Session) {
			s.UpdateRoles(func(r []string) []string { return append(slices.Clone(r[min(1, len(r)):]), "u") })
		}, relative, func(v any) any { r := list(v); return slices.Concat(r[min(1, len(r)):], []string{"u"}) }, nil},
		{"in place", func(s *shop.Session) {
			if r := s.Roles(); len(r) > 0 {
				r[0] += "!"
			}
		}, assign, func(v any) any { r := slices.Clone(list(v)); r[0] += "!"; return r }, func(v any) bool { return len(list(v)) == 0 }},
	}
	kinds = append(kinds,
		fieldKind{"slice", func(s *shop.Session) { s.SetRoles([]string{"a", "b"}) }, []string{"a", "b"},
			func(s *shop.Session) any { return has(s.HasRoles(), s.Roles()) }, roles},
		fieldKind{"absent slice", nil, nil, func(s *shop.Session) any { return has(s.HasRoles(), s.Roles()) }, roles[:4]},
		fieldKind{"slice of structs", func(s *shop.Session) { s.SetCart([]shop.Item{{SKU: "a"}}) }, []shop.Item{{SKU: "a"}},
			func(s *shop.Session) any { return has(s.HasCart(), s.Cart()) }, []step{
				{"set", func(s *shop.Session) { s.SetCart([]shop.Item{}) }, assign, to([]shop.Item{}), nil},
				clearing(func(s *shop.Session) { s.ClearCart() }),
				{"append", func(s *shop.Session) { s.AppendCart(shop.Item{SKU: "x"}) }, relative,
					func(v any) any { return slices.Concat(cart(v), []shop.Item{{SKU: "x"}}) }, nil},
				{"update", func(s *shop.Session) {
					s.UpdateCart(func(c []shop.Item) []shop.Item { return append(slices.Clone(c), shop.Item{Qty: len(c)}) })
				}, relative, func(v any) any { return slices.Concat(cart(v), []shop.Item{{Qty: len(cart(v))}}) }, nil},
				{"in place", func(s *shop.Session) {
					if c := s.Cart(); len(c) > 0 {
						c[0].Qty += 9
					}
				}, assign, func(v any) any { c := slices.Clone(cart(v)); c[0].Qty += 9; return c }, func(v any) bool { return len(cart(v)) == 0 }},
			}},
		fieldKind{"map of numbers", func(s *shop.Session) { s.SetQty(map[string]int{"a": 1, "b": 2}) }, map[string]int{"a": 1, "b": 2},
			func(s *shop.Session) any { return has(s.HasQty(), s.Qty()) },
			append(mapSteps((*shop.Session).SetQty, (*shop.Session).Qty, (*shop.Session).ClearQty, (*shop.Session).PutQty, (*shop.Session).DeleteQty, (*shop.Session).UpdateQty, [4]int{9, 7, 5, 6}),
				step{"add", func(s *shop.Session) { s.AddQty("a", 3) }, relative, func(v any) any {
					m := maps.Clone(or[map[string]int](v, nil))
					if m == nil {
						m = map[string]int{}
					}
					m["a"] += 3
					return m
				}, nil})},
		fieldKind{"map", func(s *shop.Session) { s.SetLabels(map[string]string{"a": "1", "b": "2"}) }, map[string]string{"a": "1", "b": "2"},
			func(s *shop.Session) any { return has(s.HasLabels(), s.Labels()) },
			mapSteps((*shop.Session).SetLabels, (*shop.Session).Labels, (*shop.Session).ClearLabels, (*shop.Session).PutLabels, (*shop.Session).DeleteLabels, (*shop.Session).UpdateLabels, [4]string{"9", "7", "5", "6"})},
		fieldKind{"rest", func(s *shop.Session) { s.SetExtra(map[string]string{"a": "1", "b": "2"}) }, map[string]string{"a": "1", "b": "2"},
			func(s *shop.Session) any { return has(s.HasExtra() && s.Extra() != nil, s.Extra()) },
			mapSteps((*shop.Session).SetExtra, (*shop.Session).Extra, (*shop.Session).ClearExtra, (*shop.Session).PutExtra, (*shop.Session).DeleteExtra, (*shop.Session).UpdateExtra, [4]string{"9", "7", "5", "6"})},
		fieldKind{"pointer", func(s *shop.Session) { s.SetAddress(&shop.Address{City: "Oxford"}) }, shop.Address{City: "Oxford"},
			func(s *shop.Session) any {
				if a := s.Address(); a != nil {
					return *a
				}
				return nil
			}, []step{
				{"set", func(s *shop.Session) { s.SetAddress(&shop.Address{City: "Bath"}) }, assign, to(shop.Address{City: "Bath"}), nil},
				clearing(func(s *shop.Session) { s.ClearAddress() }),
				{"update", func(s *shop.Session) {
					s.UpdateAddress(func(a *shop.Address) *shop.Address {
						if a == nil {
							a = &shop.Address{}
						}
						return &shop.Address{City: a.City + "u", Street: a.Street}
					})
				}, relative, func(v any) any { a := or(v, shop.Address{}); a.City += "u"; return a }, nil},
				{"in place", func(s *shop.Session) {
					if a := s.Address(); a != nil {
						a.Street += "!"
					}
				}, assign, func(v any) any { a := v.(shop.Address); a.Street += "!"; return a }, absent},
			}},
		fieldKind{"flash", func(s *shop.Session) { s.SetNotice("old") }, "old",
			func(s *shop.Session) any { return has(s.HasNotice(), peek(s, "notice")) }, []step{
				{"set", func(s *shop.Session) { s.SetNotice("new") }, assign, to("new"), nil},
				clearing(func(s *shop.Session) { s.ClearNotice() }),
				{"take", func(s *shop.Session) { s.TakeNotice() }, take, to(nil), absent},
			}},
		fieldKind{"flash slice", func(s *shop.Session) { s.SetNotices([]string{"a", "b"}) }, []string{"a", "b"},
			func(s *shop.Session) any { return has(s.HasNotices(), peek(s, "notices")) }, []step{
				{"set", func(s *shop.Session) { s.SetNotices([]string{"s"}) }, assign, to([]string{"s"}), nil},
				clearing(func(s *shop.Session) { s.ClearNotices() }),
				{"append", func(s *shop.Session) { s.AppendNotices("x") }, relative, adds("append", "x"), nil},
				{"take", func(s *shop.Session) { s.TakeNotices() }, take, to(nil), absent},
			}},
		fieldKind{"string with a default", nil, nil, func(s *shop.Session) any { return has(s.HasTheme(), s.Theme()) }, []step{
			{"set", func(s *shop.Session) { s.SetTheme("dark") }, assign, to("dark"), nil},
			clearing(func(s *shop.Session) { s.ClearTheme() }),
			{"update", func(s *shop.Session) { s.UpdateTheme(func(t string) string { return t + "u" }) }, relative,
				func(v any) any { return or(v, "light") + "u" }, nil},
		}},
		fieldKind{"time", nil, nil, func(s *shop.Session) any { return has(s.HasLoginAt(), s.LoginAt()) }, []step{
			{"set", func(s *shop.Session) { s.SetLoginAt(time.Unix(5, 0)) }, assign, to(time.Unix(5, 0).UTC()), nil},
			clearing(func(s *shop.Session) { s.ClearLoginAt() }),
			{"update", func(s *shop.Session) { s.UpdateLoginAt(func(t time.Time) time.Time { return t.Add(time.Hour) }) }, relative,
				func(v any) any { return or(v, time.Time{}).Add(time.Hour) }, nil},
		}},
		fieldKind{"index", func(s *shop.Session) { s.SetTeam("red") }, "red", func(s *shop.Session) any { return has(s.HasTeam(), s.Team()) }, []step{
			{"set", func(s *shop.Session) { s.SetTeam("blue") }, assign, to("blue"), nil},
			clearing(func(s *shop.Session) { s.ClearTeam() }),
			{"update", func(s *shop.Session) { s.UpdateTeam(func(t string) string { return t + "u" }) }, relative,
				func(v any) any { return or(v, "") + "u" }, nil},
		}},
	)
	return kinds
}

// peek returns a flash field's value without taking it.
func peek(s *shop.Session, wire string) any {
	for name, value := range s.All() {
		if name == wire {
			return value
		}
	}
	return nil
}
