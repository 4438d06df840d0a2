package storetest

import "github.com/sessiongen/sessiongen/runtime"

var createChecks = []check{
	{"CreateAndLoad", func(k *kit) {
		r := k.record("hello", k.later())
		k.create("a", r)
		k.wantRecord("a", r)
		k.wantRecord("a", r)
		k.wantGone("b")
	}},
	{"CreateTwice", func(k *kit) {
		r := k.record("first", k.later())
		k.create("a", r)
		k.want(k.records.Create(k.ctx, "a", k.record("second", k.later())), runtime.ErrExists, "Create over a record")
		k.want(k.records.Create(k.ctx, "a", r), runtime.ErrExists, "Create of the same record")
		k.wantRecord("a", r)
	}},
	{"CreateOverExpired", func(k *kit) {
		k.create("a", k.record("first", k.in(1)))
		k.pass(2)
		r := k.record("second", k.later())
		k.create("a", r)
		k.wantRecord("a", r)
	}},
	{"CreateAfterDelete", func(k *kit) {
		k.create("a", k.record("first", k.later()))
		k.want(k.records.Delete(k.ctx, "a", runtime.Record{}), nil, "Delete")
		r := k.record("second", k.later())
		k.create("a", r)
		k.wantRecord("a", r)
	}},
	{"LoadMissing", func(k *kit) {
		k.wantGone("a")
		k.wantGone("")
	}},
}
