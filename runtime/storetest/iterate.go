package storetest

import (
	"context"
	"iter"

	"github.com/sessiongen/sessiongen/runtime"
)

// sequences returns what the store can yield, of records that are all under ann.
func (k *kit) sequences(ctx context.Context) map[string]iter.Seq2[string, error] {
	s := make(map[string]iter.Seq2[string, error])
	if f, ok := k.records.(runtime.Finder); ok {
		s["Find"] = f.Find(ctx, ann)
	}
	if l, ok := k.records.(runtime.Lister); ok {
		s["List"] = l.List(ctx)
	}
	return s
}

var iterateChecks = []check{
	{"List", func(k *kit) {
		if _, ok := k.records.(runtime.Lister); !ok {
			k.Log("the store has no List")
			return
		}
		k.wantListed()
		var keys []string
		for i := range 300 {
			key := string(rune('a'+i%26)) + string(rune('a'+i/26))
			k.create(key, k.record("data", k.later()))
			keys = append(keys, key)
		}
		r := k.record("data", k.later())
		k.create("deleted", r)
		k.create("expired", k.record("data", k.in(1)))
		k.want(k.records.Delete(k.ctx, "deleted", r), nil, "Delete")
		k.pass(2)
		k.wantListed(keys...)
	}},
	{"StopIterating", func(k *kit) {
		for _, key := range []string{"a", "b", "c", "d"} {
			k.create(key, k.record("data", k.later(), ann))
		}
		for name, seq := range k.sequences(k.ctx) {
			for range 2 { // a sequence can be used again
				n := 0
				seq(func(string, error) bool {
					n++
					return n < 2
				})
				if n != 2 {
					k.Errorf("%s yields %d keys to a loop that ends at the second", name, n)
				}
			}
		}
	}},
	{"UseWhileIterating", func(k *kit) {
		for _, key := range []string{"a", "b", "c", "d"} {
			k.create(key, k.record("data", k.later(), ann))
		}
		for name, seq := range k.sequences(k.ctx) {
			k.within("a loop over "+name+" that uses the store", func() {
				for key, err := range seq {
					k.want(err, nil, "%s", name)
					old, err := k.records.Load(k.ctx, key)
					k.want(err, nil, "Load inside of a loop over %s", name)
					new := k.record("new", k.later(), ann)
					k.want(k.records.Update(k.ctx, key, old, new), nil, "Update inside of a loop over %s", name)
					k.want(k.records.Delete(k.ctx, key, new), nil, "Delete inside of a loop over %s", name)
					k.want(k.records.Create(k.ctx, key+name, new), nil, "Create inside of a loop over %s", name)
					if len(key) > len("aFindList") {
						break // it yields what the loop creates, which it may
					}
				}
			})
		}
	}},
}
