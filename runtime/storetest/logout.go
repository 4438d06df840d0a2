package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/sessiongen/sessiongen/runtime"
)

var logoutChecks = []check{
	// Requests that loaded the record before a logout come after it, in every
	// order, each with what it knew.
	{"LogoutInEveryOrder", func(k *kit) {
		for _, order := range orders("update", "another update", "touch", "logout", "logout if unchanged") {
			key := strings.Join(order, ",")
			loaded := k.record("data", k.later())
			k.create(key, loaded)
			there, gone := loaded, false
			for _, step := range order {
				var err, wanted error
				switch {
				case gone:
					wanted = runtime.ErrNotFound
				case step != "logout" && there.Stamp != loaded.Stamp:
					wanted = runtime.ErrConflict
				}
				switch step {
				case "update", "another update":
					new := k.record("new", k.later())
					if err = k.records.Update(k.ctx, key, loaded, new); err == nil {
						there = new
					}
				case "touch":
					err = k.records.Touch(k.ctx, key, loaded, k.in(100))
				case "logout":
					err = k.records.Delete(k.ctx, key, runtime.Record{})
					gone = true
				case "logout if unchanged":
					if err = k.records.Delete(k.ctx, key, loaded); err == nil {
						gone = true
					}
				}
				k.want(err, wanted, "%s in the order %s", step, key)
			}
			k.wantGone(key)
		}
	}},
	{"LogoutUnderLoad", func(k *kit) {
		const requests, rounds = 12, 25
		stores := k.several(requests + 1)
		for round := range rounds {
			key := fmt.Sprintf("key%d", round)
			k.create(key, k.record("0", k.later(), ann))
			var started atomic.Int32
			together(requests+1, func(i int) {
				if i == requests {
					for started.Load() < requests/2 {
					}
					k.want(stores[i].Delete(k.ctx, key, runtime.Record{}), nil, "the logout")
					return
				}
				for n := range 20 {
					var err error
					if i%3 == 0 {
						var r runtime.Record
						if r, err = stores[i].Load(k.ctx, key); err == nil {
							err = stores[i].Touch(k.ctx, key, r, k.later())
						}
					} else {
						err = k.add(stores[i], key)
					}
					if n == 0 {
						started.Add(1)
					}
					if errors.Is(err, runtime.ErrNotFound) {
						return
					}
					if !errors.Is(err, runtime.ErrConflict) {
						k.want(err, nil, "a request beside the logout")
					}
				}
			})
			k.wantGone(key)
		}
		if _, ok := k.records.(runtime.Finder); ok {
			k.wantFound(ann)
		}
	}},
}

// orders returns all orders of steps.
func orders(steps ...string) [][]string {
	if len(steps) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i, first := range steps {
		var others []string
		others = append(append(others, steps[:i]...), steps[i+1:]...)
		for _, rest := range orders(others...) {
			all = append(all, append([]string{first}, rest...))
		}
	}
	return all
}
