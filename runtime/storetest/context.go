package storetest

import (
	"context"
	"errors"

	"github.com/sessiongen/sessiongen/runtime"
)

var contextChecks = []check{
	{"Cancelled", func(k *kit) {
		ctx, cancel := context.WithCancel(k.ctx)
		cancel()
		// worked tells whether a call did; otherwise it must say that it was cancelled.
		worked := func(what string, err error) bool {
			if err != nil {
				k.want(err, context.Canceled, "%s with a cancelled context", what)
			}
			return err == nil
		}
		r := k.record("data", k.later(), ann)
		if worked("Create", k.records.Create(ctx, "a", r)) {
			k.wantRecord("a", r)
		} else {
			k.wantGone("a")
			k.create("a", r)
		}
		if got, err := k.records.Load(ctx, "a"); worked("Load", err) && !k.sameData(got.Data, r.Data) {
			k.Errorf("Load with a cancelled context: data %s without an error", brief(got.Data))
		}
		second := k.record("second", k.later())
		if worked("Update", k.records.Update(ctx, "a", r, second)) {
			r = second
		}
		k.wantRecord("a", r)
		touched := k.in(10)
		if worked("Touch", k.records.Touch(ctx, "a", r, touched)) {
			r.Expires = touched
		}
		k.wantRecord("a", r)
		if worked("Delete", k.records.Delete(ctx, "a", r)) {
			k.wantGone("a")
			k.create("a", r)
		}
		k.wantRecord("a", r)
	}},
	{"CancelledIteration", func(k *kit) {
		const n = 500
		for i := range n {
			key := string(rune('a'+i%26)) + string(rune('a'+i/26))
			k.create(key, k.record("data", k.later(), ann))
		}
		ctx, cancel := context.WithCancel(k.ctx)
		cancel()
		for name, seq := range k.sequences(ctx) {
			yielded, failed := 0, false
			for _, err := range seq {
				if err != nil {
					failed = true
					k.want(err, context.Canceled, "%s with a cancelled context", name)
					continue // there must be no more
				}
				yielded++
				if failed {
					k.Errorf("%s yields a key after an error", name)
				}
			}
			if !failed && yielded < n {
				k.Errorf("%s with a cancelled context yields %d of %d keys and no error", name, yielded, n)
			}
		}
	}},
}

var closeChecks = []check{
	{"Close", func(k *kit) {
		c, ok := k.records.(interface{ Close() error })
		if !ok {
			if c, ok = k.store.(interface{ Close() error }); !ok {
				k.Log("the store has no Close")
				return
			}
		}
		r := k.record("data", k.later(), ann)
		k.create("a", r)
		k.want(c.Close(), nil, "Close")
		k.want(c.Close(), nil, "Close a second time")
		_, err := k.records.Load(k.ctx, "a")
		k.want(err, runtime.ErrClosed, "Load after Close")
		k.want(k.records.Create(k.ctx, "b", r), runtime.ErrClosed, "Create after Close")
		k.want(k.records.Update(k.ctx, "a", r, r), runtime.ErrClosed, "Update after Close")
		k.want(k.records.Touch(k.ctx, "a", r, k.later()), runtime.ErrClosed, "Touch after Close")
		k.want(k.records.Delete(k.ctx, "a", r), runtime.ErrClosed, "Delete after Close")
		for name, seq := range k.sequences(k.ctx) {
			var last error
			for _, last = range seq {
			}
			if !errors.Is(last, runtime.ErrClosed) {
				k.Errorf("%s after Close: error %v, want %v", name, last, runtime.ErrClosed)
			}
		}
	}},
}
