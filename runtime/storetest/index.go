package storetest

import "github.com/sessiongen/sessiongen/runtime"

var (
	ann  = entry("user_id", 1)
	bob  = entry("user_id", 2)
	team = entry("team", 1) // the same sum as ann's
)

// indexed is a check for stores with an index.
func indexed(name string, run func(*kit)) check {
	return check{name, func(k *kit) {
		if _, ok := k.records.(runtime.Finder); !ok {
			k.Log("the store has no Find")
			return
		}
		run(k)
	}}
}

var indexChecks = []check{
	indexed("IndexFinds", func(k *kit) {
		k.wantFound(ann)
		k.create("a", k.record("data", k.later(), ann))
		k.create("b", k.record("data", k.later()))
		k.create("sess:c", k.record("data", k.later(), bob))
		k.wantFound(ann, "a")
		k.wantFound(bob, "sess:c")
		k.wantFound(team)
	}),
	indexed("IndexOfManyRecords", func(k *kit) {
		var keys []string
		for i := range 300 {
			key := string(rune('a'+i%26)) + string(rune('a'+i/26))
			k.create(key, k.record("data", k.later(), ann))
			keys = append(keys, key)
		}
		k.wantFound(ann, keys...)
	}),
	indexed("IndexOfSeveralFields", func(k *kit) {
		k.create("a", k.record("data", k.later(), ann, team))
		k.create("b", k.record("data", k.later(), bob, team))
		k.wantFound(ann, "a")
		k.wantFound(bob, "b")
		k.wantFound(team, "a", "b")
	}),
	indexed("IndexStaysWhenNil", func(k *kit) {
		first := k.record("first", k.later(), ann, team)
		k.create("a", first)
		second := k.record("second", k.later())
		k.want(k.records.Update(k.ctx, "a", first, second), nil, "Update")
		k.want(k.records.Touch(k.ctx, "a", second, k.later()), nil, "Touch")
		k.wantFound(ann, "a")
		k.wantFound(team, "a")
	}),
	indexed("IndexReplaced", func(k *kit) {
		first := k.record("first", k.later(), ann, team)
		k.create("a", first)
		second := k.record("second", k.later(), bob, team)
		k.want(k.records.Update(k.ctx, "a", first, second), nil, "Update")
		k.wantFound(bob, "a")
		k.wantFound(team, "a")
		k.wantFound(ann)
		third := k.record("third", k.later())
		third.Index = []runtime.IndexEntry{}
		k.want(k.records.Update(k.ctx, "a", second, third), nil, "Update to an empty index")
		k.wantFound(bob)
		k.wantFound(team)
		fourth := k.record("fourth", k.later(), ann)
		k.want(k.records.Update(k.ctx, "a", third, fourth), nil, "Update")
		k.wantFound(ann, "a")
	}),
	indexed("IndexAfterFailure", func(k *kit) {
		first := k.record("first", k.later(), ann)
		k.create("a", first)
		k.want(k.records.Create(k.ctx, "a", k.record("data", k.later(), bob)), runtime.ErrExists, "Create")
		k.want(k.records.Update(k.ctx, "a", k.record("x", k.later()), k.record("data", k.later(), bob)), runtime.ErrConflict, "Update")
		k.want(k.records.Update(k.ctx, "b", first, k.record("data", k.later(), bob)), runtime.ErrNotFound, "Update")
		k.want(k.records.Delete(k.ctx, "a", k.record("x", k.later())), runtime.ErrConflict, "Delete")
		k.wantFound(ann, "a")
		k.wantFound(bob)
	}),
	indexed("IndexOfGoneRecords", func(k *kit) {
		r := k.record("data", k.later(), ann)
		k.create("deleted", r)
		k.create("expired", k.record("data", k.in(1), ann))
		k.create("live", k.record("data", k.later(), ann))
		k.want(k.records.Delete(k.ctx, "deleted", r), nil, "Delete")
		k.pass(2)
		k.wantFound(ann, "live")
		// A new record under an old key has none of the old entries.
		k.create("deleted", k.record("data", k.later(), bob))
		k.create("expired", k.record("data", k.later()))
		k.wantFound(ann, "live")
		k.wantFound(bob, "deleted")
	}),
}
