package storetest

import "github.com/sessiongen/sessiongen/runtime"

var updateChecks = []check{
	{"Update", func(k *kit) {
		first := k.record("first", k.in(2))
		k.create("a", first)
		second := k.record("the second, which is longer", k.in(5))
		k.want(k.records.Update(k.ctx, "a", first, second), nil, "Update")
		k.wantRecord("a", second)
		k.pass(3)
		third := k.record("3", k.later())
		k.want(k.records.Update(k.ctx, "a", second, third), nil, "Update past the first expiry")
		k.wantRecord("a", third)
	}},
	{"UpdateLoaded", func(k *kit) {
		k.create("a", k.record("first", k.later()))
		loaded, err := k.records.Load(k.ctx, "a")
		k.want(err, nil, "Load")
		r := k.record("second", k.later())
		k.want(k.records.Update(k.ctx, "a", loaded, r), nil, "Update of what Load returned")
		k.wantRecord("a", r)
	}},
	{"UpdateConflict", func(k *kit) {
		first := k.record("first", k.later())
		k.create("a", first)
		second := k.record("second", k.later())
		k.want(k.records.Update(k.ctx, "a", first, second), nil, "Update")
		k.want(k.records.Update(k.ctx, "a", first, k.record("third", k.later())), runtime.ErrConflict, "Update of a record that was replaced")
		k.wantRecord("a", second)
		k.want(k.records.Update(k.ctx, "a", k.record("other", k.later()), k.record("third", k.later())), runtime.ErrConflict, "Update of a record that never was")
		k.wantRecord("a", second)
	}},
	{"UpdateNeverCreates", func(k *kit) {
		k.want(k.records.Update(k.ctx, "a", k.record("old", k.later()), k.record("new", k.later())), runtime.ErrNotFound, "Update of nothing")
		k.wantGone("a")
		k.want(k.records.Update(k.ctx, "a", runtime.Record{}, k.record("new", k.later())), runtime.ErrNotFound, "Update of nothing, from the zero record")
		k.wantGone("a")
	}},
	{"UpdateAfterDelete", func(k *kit) {
		r := k.record("data", k.later())
		k.create("a", r)
		k.want(k.records.Delete(k.ctx, "a", runtime.Record{}), nil, "Delete")
		k.want(k.records.Update(k.ctx, "a", r, k.record("late", k.later())), runtime.ErrNotFound, "Update after Delete")
		k.wantGone("a")
	}},
}

var touchChecks = []check{
	{"Touch", func(k *kit) {
		r := k.record("data", k.in(2))
		k.create("a", r)
		for range 2 { // a touch leaves the stamp, so the old record is good for another
			r2 := r
			r2.Expires = k.in(4)
			k.want(k.records.Touch(k.ctx, "a", r, r2.Expires), nil, "Touch")
			k.wantRecord("a", r2)
			k.pass(3)
		}
		k.pass(2)
		k.wantGone("a")
	}},
	{"TouchEarlier", func(k *kit) {
		r := k.record("data", k.later())
		k.create("a", r)
		k.want(k.records.Touch(k.ctx, "a", r, k.in(1)), nil, "Touch")
		k.pass(2)
		k.wantGone("a")
	}},
	{"TouchConflict", func(k *kit) {
		first := k.record("first", k.later())
		k.create("a", first)
		second := k.record("second", k.later())
		k.want(k.records.Update(k.ctx, "a", first, second), nil, "Update")
		k.want(k.records.Touch(k.ctx, "a", first, k.in(1)), runtime.ErrConflict, "Touch of a record that was replaced")
		k.wantRecord("a", second)
	}},
	{"TouchNeverRevives", func(k *kit) {
		k.want(k.records.Touch(k.ctx, "a", k.record("data", k.later()), k.later()), runtime.ErrNotFound, "Touch of nothing")
		k.wantGone("a")
		r := k.record("data", k.later())
		k.create("a", r)
		k.want(k.records.Delete(k.ctx, "a", r), nil, "Delete")
		k.want(k.records.Touch(k.ctx, "a", r, k.later()), runtime.ErrNotFound, "Touch after Delete")
		k.wantGone("a")
		r = k.record("data", k.in(1))
		k.create("a", r)
		k.pass(2)
		k.want(k.records.Touch(k.ctx, "a", r, k.later()), runtime.ErrNotFound, "Touch after expiry")
		k.wantGone("a")
	}},
}

var deleteChecks = []check{
	{"Delete", func(k *kit) {
		r := k.record("data", k.later())
		k.create("a", r)
		k.create("b", r)
		k.want(k.records.Delete(k.ctx, "a", r), nil, "Delete")
		k.wantGone("a")
		k.wantRecord("b", r)
	}},
	{"DeleteConflict", func(k *kit) {
		first := k.record("first", k.later())
		k.create("a", first)
		second := k.record("second", k.later())
		k.want(k.records.Update(k.ctx, "a", first, second), nil, "Update")
		k.want(k.records.Delete(k.ctx, "a", first), runtime.ErrConflict, "Delete of a record that was replaced")
		k.wantRecord("a", second)
	}},
	{"DeleteWhateverIsThere", func(k *kit) {
		k.create("a", k.record("data", k.later()))
		k.want(k.records.Delete(k.ctx, "a", runtime.Record{}), nil, "Delete of the zero record")
		k.wantGone("a")
	}},
	{"DeleteMissing", func(k *kit) {
		k.want(k.records.Delete(k.ctx, "a", runtime.Record{}), runtime.ErrNotFound, "Delete of nothing")
		k.want(k.records.Delete(k.ctx, "a", k.record("data", k.later())), runtime.ErrNotFound, "Delete of a record that never was")
		r := k.record("data", k.later())
		k.create("a", r)
		k.want(k.records.Delete(k.ctx, "a", r), nil, "Delete")
		k.want(k.records.Delete(k.ctx, "a", r), runtime.ErrNotFound, "Delete a second time")
	}},
}
