package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/sessiongen/sessiongen/runtime"
)

// add adds one to the number under key, however often it takes within reason. It
// returns ErrNotFound if there is no record.
func (k *kit) add(records runtime.Records, key string) error {
	for range 100_000 {
		old, err := records.Load(k.ctx, key)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(k.text(old))
		if err != nil {
			return err
		}
		err = records.Update(k.ctx, key, old, k.record(strconv.Itoa(n+1), k.later()))
		if !errors.Is(err, runtime.ErrConflict) {
			return err
		}
	}
	return runtime.ErrConflict
}

var parallelChecks = []check{
	{"ParallelUpdates", func(k *kit) {
		const writers, adds = 64, 10
		stores := k.several(writers)
		k.create("a", k.record("0", k.later()))
		together(writers, func(i int) {
			for range adds {
				k.want(k.add(stores[i], "a"), nil, "an add")
			}
		})
		r, err := k.records.Load(k.ctx, "a")
		k.want(err, nil, "Load")
		if got := k.text(r); got != strconv.Itoa(writers*adds) {
			k.Errorf("after %d writers with %d adds each the sum is %s: updates were lost", writers, adds, got)
		}
	}},
	{"ParallelTouches", func(k *kit) {
		// Touches beside updates neither lose an update nor make one fail.
		const writers, adds = 16, 10
		stores := k.several(writers)
		k.create("a", k.record("0", k.later()))
		together(writers, func(i int) {
			for range adds {
				if i%2 == 0 {
					k.want(k.add(stores[i], "a"), nil, "an add")
					continue
				}
				r, err := stores[i].Load(k.ctx, "a")
				k.want(err, nil, "Load")
				if err := stores[i].Touch(k.ctx, "a", r, k.later()); !errors.Is(err, runtime.ErrConflict) {
					k.want(err, nil, "Touch")
				}
			}
		})
		r, err := k.records.Load(k.ctx, "a")
		k.want(err, nil, "Load")
		if got := k.text(r); got != strconv.Itoa(writers/2*adds) {
			k.Errorf("after %d writers with %d adds each, beside touches, the sum is %s: updates were lost", writers/2, adds, got)
		}
	}},
	{"ParallelCreates", func(k *kit) {
		k.oneWins("Create", runtime.ErrExists, func(s runtime.Records, key string, _, mine runtime.Record) error {
			return s.Create(k.ctx, key, mine)
		}, false)
	}},
	{"ParallelDeletes", func(k *kit) {
		k.oneWins("Delete", runtime.ErrNotFound, func(s runtime.Records, key string, there, _ runtime.Record) error {
			return s.Delete(k.ctx, key, there)
		}, true)
	}},
	{"ParallelUpdatesOfOne", func(k *kit) {
		k.oneWins("Update", runtime.ErrConflict, func(s runtime.Records, key string, there, mine runtime.Record) error {
			return s.Update(k.ctx, key, there, mine)
		}, true)
	}},
}

// oneWins has many callers try the same at once: one must succeed and the others
// get the error wanted.
func (k *kit) oneWins(what string, wanted error, call func(s runtime.Records, key string, there, mine runtime.Record) error, exists bool) {
	k.Helper()
	const callers, rounds = 16, 20
	stores := k.several(callers)
	for round := range rounds {
		key := fmt.Sprintf("key%d", round)
		there := k.record("there", k.later())
		if exists {
			k.create(key, there)
		}
		var won atomic.Int32
		var winner atomic.Pointer[runtime.Record]
		together(callers, func(i int) {
			mine := k.record(strconv.Itoa(i), k.later())
			if err := call(stores[i], key, there, mine); err != nil {
				k.want(err, wanted, "%s, beside others", what)
				return
			}
			won.Add(1)
			winner.Store(&mine)
		})
		if n := won.Load(); n != 1 {
			k.Errorf("%d of %d parallel calls of %s succeed, want 1", n, callers, what)
		} else if what == "Delete" {
			k.wantGone(key)
		} else {
			k.wantRecord(key, *winner.Load())
		}
	}
}
