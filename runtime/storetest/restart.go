package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// counter is one record that a writer counts up.
type counter struct {
	key              string
	last             runtime.Record
	tried, confirmed int
}

// count adds one to the counter; after a failure it looks at what is there first.
func (c *counter) count(k *kit, records runtime.Records, unclear *bool) {
	ctx, cancel := context.WithTimeout(k.ctx, runtime.DefaultStoreTimeout)
	defer cancel()
	if *unclear {
		r, err := records.Load(ctx, c.key)
		if err != nil {
			if verdict(err) && k.durable {
				k.Errorf("Load of a record of a durable store around a restart: %v", err)
			}
			time.Sleep(5 * time.Millisecond)
			return
		}
		n, err := strconv.Atoi(k.text(r))
		if err != nil || n < c.confirmed && k.durable || n > c.tried {
			k.Errorf("around a restart a counter is %q, which was told to be %d and was tried to be %d", k.text(r), c.confirmed, c.tried)
		}
		c.last, c.confirmed, c.tried, *unclear = r, n, n, false
	}
	next := k.record(strconv.Itoa(c.confirmed+1), k.later(), ann)
	c.tried = c.confirmed + 1
	switch err := records.Update(ctx, c.key, c.last, next); {
	case err == nil:
		c.last, c.confirmed = next, c.tried
	default:
		*unclear = true
		time.Sleep(5 * time.Millisecond)
	}
}

var restartChecks = []check{
	{"RestartUnderLoad", func(k *kit) {
		const writers = 8
		stores := k.several(writers)
		counters := make([]*counter, writers)
		for i := range counters {
			counters[i] = &counter{key: fmt.Sprintf("counter%d", i), last: k.record("0", k.later(), ann)}
			k.create(counters[i].key, counters[i].last)
		}
		var stop atomic.Bool
		var busy sync.WaitGroup
		var work sync.WaitGroup
		busy.Add(writers)
		for i, c := range counters {
			work.Go(func() {
				ready := sync.OnceFunc(busy.Done)
				unclear := false
				for n := 0; !stop.Load(); n++ {
					c.count(k, stores[i], &unclear)
					if n == 5 {
						ready()
					}
				}
			})
		}
		busy.Wait()
		k.restart(k.TB)
		for _, s := range stores[:min(writers, 4)] {
			k.recovers(s)
		}
		time.Sleep(20 * time.Millisecond) // some work more
		stop.Store(true)
		work.Wait()
		for _, c := range counters {
			r, err := k.records.Load(k.ctx, c.key)
			if errors.Is(err, runtime.ErrNotFound) && !k.durable {
				continue
			}
			if !k.want(err, nil, "Load after a restart") {
				continue
			}
			if n, err := strconv.Atoi(k.text(r)); err != nil || n < c.confirmed && k.durable || n > c.tried {
				k.Errorf("after a restart a counter is %q, which was told to be %d and was tried to be %d", k.text(r), c.confirmed, c.tried)
			}
			if k.durable {
				k.indexed(c.key, []runtime.IndexEntry{ann}, "a restart")
			}
		}
		for _, o := range k.operations("then ") {
			if k.want(o.call(k.ctx, k.records), nil, "%s after a restart", o.name) && !k.done(o, "a restart") {
				k.Errorf("%s after a restart returns no error and has not taken place", o.name)
			}
		}
	}},
	{"RestartOfSessions", func(k *kit) {
		sites := k.sites(2)
		token := sites[0].login("ann")
		l := &ledger{k: k, mayForget: !k.durable}
		var stop atomic.Bool
		var busy, work sync.WaitGroup
		const clients = 6
		busy.Add(clients)
		for client := range clients {
			work.Go(func() {
				ready := sync.OnceFunc(busy.Done)
				for n := 0; !stop.Load() && n < 1000; n++ {
					l.add(sites[client%2], token, fmt.Sprintf("%d-%d", client, n))
					if n == 3 {
						ready()
					}
				}
			})
		}
		busy.Wait()
		k.restart(k.TB)
		l.returns(sites[0], token)
		l.returns(sites[1], token)
		time.Sleep(20 * time.Millisecond)
		stop.Store(true)
		work.Wait()
		if l.seenAsGone == 0 {
			if k.durable || !k.gone(sites[0], token) {
				l.check(sites[1], token, "a restart")
			}
		}
		token = sites[1].login("bob")
		l = &ledger{k: k}
		l.add(sites[0], token, "after the restart")
		l.check(sites[1], token, "a restart")
	}},
}

// gone tells whether no session is there.
func (k *kit) gone(s *site, token string) bool {
	_, err := s.sessions.Open(k.ctx, token)
	return errors.Is(err, runtime.ErrNotFound)
}

var durableChecks = []check{
	{"Reopen", func(k *kit) {
		first := k.record("first", k.later(), ann)
		second := k.record("second", k.later(), bob)
		k.create("a", k.record("deleted", k.later(), bob))
		k.create("b", first)
		k.want(k.records.Update(k.ctx, "b", first, second), nil, "Update")
		never := k.record("never expires", time.Time{}, ann)
		k.create("c", never)
		k.want(k.records.Delete(k.ctx, "a", runtime.Record{}), nil, "Delete")
		for _, v := range []any{k.records, k.store} {
			if c, ok := v.(interface{ Close() error }); ok {
				k.want(c.Close(), nil, "Close")
				break
			}
		}
		k.store, k.parts = k.open(k.factory)
		k.records = k.parts.Records
		k.wantGone("a")
		k.wantRecord("b", second)
		k.wantRecord("c", never)
		if _, ok := k.records.(runtime.Finder); ok {
			k.wantFound(ann, "c")
			k.wantFound(bob, "b")
		}
	}},
}
