package storetest

import (
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

var expiryChecks = []check{
	{"Expiry", func(k *kit) {
		calls := map[string]func(key string, r runtime.Record) error{
			"Load": func(key string, _ runtime.Record) error { _, err := k.records.Load(k.ctx, key); return err },
			"Update": func(key string, r runtime.Record) error {
				return k.records.Update(k.ctx, key, r, k.record("new", k.later()))
			},
			"Touch":  func(key string, r runtime.Record) error { return k.records.Touch(k.ctx, key, r, k.later()) },
			"Delete": func(key string, r runtime.Record) error { return k.records.Delete(k.ctx, key, r) },
			"Delete of whatever is there": func(key string, _ runtime.Record) error {
				return k.records.Delete(k.ctx, key, runtime.Record{})
			},
		}
		r := k.record("data", k.in(4))
		for name := range calls {
			k.create(name, r)
		}
		k.pass(2)
		for name := range calls {
			k.wantRecord(name, r)
		}
		k.pass(3)
		for name, call := range calls {
			k.want(call(name, r), runtime.ErrNotFound, "%s of an expired record", name)
			k.wantGone(name)
		}
	}},
	{"ExpiryToTheMillisecond", func(k *kit) {
		if k.clock.running {
			k.Log("not with a clock that runs")
			return
		}
		r := k.record("data", k.in(1))
		k.create("a", r)
		k.clock.now = r.Expires.Add(-time.Millisecond)
		k.wantRecord("a", r)
		k.clock.now = r.Expires
		k.wantGone("a")
	}},
	{"NeverExpires", func(k *kit) {
		r := k.record("data", time.Time{})
		k.create("a", r)
		touched := k.record("data", k.in(1))
		k.create("b", touched)
		k.want(k.records.Touch(k.ctx, "b", touched, time.Time{}), nil, "Touch with the zero time")
		touched.Expires = time.Time{}
		k.pass(3)
		k.wantRecord("a", r)
		k.wantRecord("b", touched)
	}},
}
