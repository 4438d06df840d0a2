package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// What one process of two does in the checks below.
const (
	processWriters = 8
	processAdds    = 20
	processKeys    = 60
)

// allJobs returns what a second process can do, by name.
func allJobs() map[string]func(*kit, job, func(reply)) reply {
	return map[string]func(*kit, job, func(reply)) reply{
		"create": func(k *kit, j job, _ func(reply)) reply {
			k.create(j.Key, k.record("0", k.later(), ann))
			return reply{}
		},
		"add": func(k *kit, j job, _ func(reply)) reply {
			k.want(k.add(k.records, j.Key), nil, "an add")
			return reply{}
		},
		"miss": func(k *kit, j job, _ func(reply)) reply {
			k.wantGone(j.Key)
			k.want(k.add(k.records, j.Key), runtime.ErrNotFound, "an add to a record that another process has deleted")
			return reply{}
		},
		"adds": func(k *kit, j job, _ func(reply)) reply {
			k.addAll(j.Key)
			return reply{}
		},
		"adds until logout": func(k *kit, j job, step func(reply)) reply {
			k.addUntilGone(j.Key, func() { step(reply{}) })
			return reply{}
		},
		"contend": func(k *kit, j job, _ func(reply)) reply { return reply{Keys: k.contend(j.Key, j.Keys)} },
		"create until killed": func(k *kit, _ job, step func(reply)) reply {
			for i := 0; ; i++ {
				key := "key" + strconv.Itoa(i)
				k.create(key, k.record("0", k.later(), ann))
				k.want(k.add(k.records, key), nil, "an add")
				step(reply{Keys: []string{key}})
			}
		},
		"storm":  stormJob,
		"logins": loginsJob,
	}
}

// addAll adds to the number under key from many goroutines.
func (k *kit) addAll(key string) {
	together(processWriters, func(int) {
		for range processAdds {
			k.want(k.add(k.records, key), nil, "an add")
		}
	})
}

// addUntilGone adds until the record has gone; began is called when it does.
func (k *kit) addUntilGone(key string, began func()) {
	var once atomic.Bool
	end := time.Now().Add(min(k.patience, 15*time.Second))
	together(processWriters, func(int) {
		for {
			if time.Now().After(end) {
				k.Errorf("adds go on long after the logout")
				return
			}
			err := k.add(k.records, key)
			if errors.Is(err, runtime.ErrNotFound) {
				return
			}
			if !errors.Is(err, runtime.ErrConflict) && !k.want(err, nil, "an add beside a logout") {
				return
			}
			if once.CompareAndSwap(false, true) {
				began()
			}
		}
	})
}

// contend does the same to each of keys, which others do too, and returns where it
// was first.
func (k *kit) contend(what string, keys []string) (won []string) {
	for _, key := range keys {
		there, err := k.records.Load(k.ctx, key)
		mine := k.record("mine", k.later())
		switch {
		case what == "Create":
			err = k.records.Create(k.ctx, key, mine)
		case err != nil:
		case k.text(there) != "there":
			continue // somebody was first
		case what == "Update":
			err = k.records.Update(k.ctx, key, there, mine)
		case what == "Delete":
			err = k.records.Delete(k.ctx, key, there)
		}
		switch {
		case err == nil:
			won = append(won, key)
		case !errors.Is(err, runtime.ErrExists) && !errors.Is(err, runtime.ErrConflict) && !errors.Is(err, runtime.ErrNotFound):
			k.want(err, nil, "%s, beside another process", what)
		}
	}
	return won
}

var processChecks = []check{
	{"ProcessesShare", func(k *kit) {
		p := k.newProcess()
		p.do(job{Name: "create", Key: "a"})
		k.want(k.add(k.records, "a"), nil, "an add to a record of another process")
		p.do(job{Name: "add", Key: "a"})
		r, err := k.records.Load(k.ctx, "a")
		k.want(err, nil, "Load of a record of another process")
		if got := k.text(r); got != "2" {
			k.Errorf("after an add in each of two processes the sum is %q", got)
		}
		if _, ok := k.records.(runtime.Finder); ok {
			k.wantFound(ann, "a")
		}
		if _, ok := k.records.(runtime.Lister); ok {
			k.wantListed("a")
		}
		k.want(k.records.Delete(k.ctx, "a", runtime.Record{}), nil, "Delete")
		p.do(job{Name: "miss", Key: "a"})
		k.wantGone("a")
	}},
	{"ProcessesUpdate", func(k *kit) {
		p := k.newProcess()
		k.create("a", k.record("0", k.later()))
		p.begin(job{Name: "adds", Key: "a"})
		k.addAll("a")
		p.wait(nil)
		r, err := k.records.Load(k.ctx, "a")
		k.want(err, nil, "Load")
		if got := k.text(r); got != strconv.Itoa(2*processWriters*processAdds) {
			k.Errorf("after %d adds in each of two processes the sum is %s: updates were lost", processWriters*processAdds, got)
		}
	}},
	{"ProcessesContend", func(k *kit) {
		p := k.newProcess()
		for _, what := range []string{"Create", "Update", "Delete"} {
			keys := make([]string, processKeys)
			for i := range keys {
				keys[i] = fmt.Sprintf("%s%d", what, i)
				if what != "Create" {
					k.create(keys[i], k.record("there", k.later()))
				}
			}
			p.begin(job{Name: "contend", Key: what, Keys: keys})
			won := make(map[string]int)
			for _, key := range k.contend(what, keys) {
				won[key]++
			}
			for _, key := range p.wait(nil).Keys {
				won[key]++
			}
			for _, key := range keys {
				if won[key] != 1 {
					k.Errorf("%s of one record works in %d of two processes, want 1", what, won[key])
				}
				if what == "Delete" {
					k.wantGone(key)
				}
			}
		}
	}},
	{"ProcessesLogout", func(k *kit) {
		p := k.newProcess()
		for round := range 10 {
			key := fmt.Sprintf("key%d", round)
			k.create(key, k.record("0", k.later(), ann))
			p.begin(job{Name: "adds until logout", Key: key})
			p.wait(func(reply) bool { return false }) // the first add
			k.want(k.records.Delete(k.ctx, key, runtime.Record{}), nil, "the logout")
			p.wait(nil)
			k.wantGone(key)
			if k.Failed() {
				return
			}
		}
		if _, ok := k.records.(runtime.Finder); ok {
			k.wantFound(ann)
		}
	}},
	// What an application was told to be done is done, whatever becomes of it.
	{"ProcessKilled", func(k *kit) {
		p := k.newProcess()
		p.begin(job{Name: "create until killed"})
		var done []string
		p.wait(func(r reply) bool {
			done = append(done, r.Keys...)
			return len(done) < 20
		})
		p.kill()
		for _, key := range done {
			r, err := k.records.Load(k.ctx, key)
			if k.want(err, nil, "Load of a record whose process was killed") && k.text(r) != "1" {
				k.Errorf("the process that was killed had added 1, and the sum is %q", k.text(r))
			}
			k.want(k.add(k.records, key), nil, "an add after the process was killed")
		}
		if _, ok := k.records.(runtime.Finder); ok {
			found := 0
			for _, err := range k.records.(runtime.Finder).Find(k.ctx, ann) {
				k.want(err, nil, "Find")
				found++
			}
			if found < len(done) {
				k.Errorf("Find yields %d keys after the process was killed, which had created %d", found, len(done))
			}
		}
	}},
}
