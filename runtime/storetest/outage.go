package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// grace is how much longer than its time limit a call may take on a busy machine.
const grace = 10 * time.Second

// far opens a store at the kit's place that reaches its server through a proxy.
func (k *kit) far() (*Proxy, runtime.Parts) {
	k.Helper()
	proxy := NewProxy(k.TB, k.server)
	_, parts := k.open(func(tb testing.TB, place string) runtime.Store { return k.through(tb, place, proxy.Addr()) })
	return proxy, parts
}

// limited runs a call with the kit's time limit, and complains if it takes longer.
func (k *kit) limited(what string, call func(context.Context) error) error {
	k.Helper()
	ctx, cancel := context.WithTimeout(k.ctx, k.limit)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- call(ctx) }()
	select {
	case err := <-result:
		return err
	case <-time.After(k.limit + min(grace, k.patience)):
		k.Errorf("%s does not end when its context does, after %v", what, k.limit)
		return context.DeadlineExceeded
	}
}

// recovers waits until a store that could not answer does by itself.
func (k *kit) recovers(records runtime.Records) {
	k.Helper()
	var err error
	for end := time.Now().Add(k.patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		err = k.limited("Load after the outage", func(ctx context.Context) error {
			_, err := records.Load(ctx, "nothing")
			return err
		})
		if errors.Is(err, runtime.ErrNotFound) {
			return
		}
	}
	k.Errorf("the store does not answer after the outage: %v", err)
}

// verdict tells whether err says something of the record, not of the store.
func verdict(err error) bool {
	return errors.Is(err, runtime.ErrNotFound) || errors.Is(err, runtime.ErrExists) || errors.Is(err, runtime.ErrConflict)
}

// operation is one write, what was there before it and what is there after it; nil
// for nothing.
type operation struct {
	name, key   string
	before, now *runtime.Record
	call        func(context.Context, runtime.Records) error
}

// operations prepares a write of each kind, of records that have the prefix.
func (k *kit) operations(prefix string) []operation {
	k.Helper()
	there := func(key string) *runtime.Record {
		r := k.record("there", k.later(), ann)
		k.create(key, r)
		return &r
	}
	created, updated := k.record("created", k.later(), bob), k.record("updated, and longer", k.later(), bob)
	u, t, d := there(prefix+"update"), there(prefix+"touch"), there(prefix+"delete")
	touched := *t
	touched.Expires = k.later().Add(time.Hour)
	return []operation{
		{"Create", prefix + "create", nil, &created, func(ctx context.Context, s runtime.Records) error {
			return s.Create(ctx, prefix+"create", created)
		}},
		{"Update", prefix + "update", u, &updated, func(ctx context.Context, s runtime.Records) error {
			return s.Update(ctx, prefix+"update", *u, updated)
		}},
		{"Touch", prefix + "touch", t, &touched, func(ctx context.Context, s runtime.Records) error {
			return s.Touch(ctx, prefix+"touch", *t, touched.Expires)
		}},
		{"Delete", prefix + "delete", d, nil, func(ctx context.Context, s runtime.Records) error {
			return s.Delete(ctx, prefix+"delete", *d)
		}},
	}
}

// done tells whether an operation has taken place, and complains if it has in part.
func (k *kit) done(o operation, why string) bool {
	k.Helper()
	r, err := k.records.Load(k.ctx, o.key)
	if err != nil && !errors.Is(err, runtime.ErrNotFound) {
		k.Errorf("Load %q: %v", o.key, err)
		return false
	}
	is := func(want *runtime.Record) bool {
		if err != nil || want == nil {
			return err != nil && want == nil
		}
		return r.Stamp == want.Stamp && k.sameData(r.Data, want.Data) && r.Expires.UnixMilli() == want.Expires.UnixMilli()
	}
	switch {
	case is(o.now):
		if o.now != nil {
			k.indexed(o.key, o.now.Index, why)
		}
		return true
	case is(o.before):
		if o.before != nil {
			k.indexed(o.key, o.before.Index, why)
		}
		return false
	}
	k.Errorf("after %s: %s %q is half done: Load returns data %s, stamp %x, expiry %v, error %v", why, o.name, o.key, brief(r.Data), r.Stamp, r.Expires, err)
	return false
}

// indexed complains unless the key is found under each entry.
func (k *kit) indexed(key string, index []runtime.IndexEntry, why string) {
	k.Helper()
	f, ok := k.records.(runtime.Finder)
	if !ok {
		return
	}
	for _, e := range index {
		found := false
		for got, err := range f.Find(k.ctx, e) {
			k.want(err, nil, "Find")
			found = found || got == key
		}
		if !found {
			k.Errorf("after %s: the record %q can be loaded and not found", why, key)
		}
	}
}

// dark has a fault strike while every operation is called.
func (k *kit) dark(fault Fault) {
	proxy, parts := k.far()
	operations := k.operations("")
	r := k.record("there", k.later(), ann)
	k.create("load", r)
	if _, err := parts.Records.Load(k.ctx, "load"); err != nil { // which leaves a connection
		k.Fatalf("Load through a proxy: %v", err)
	}
	proxy.Set(fault)
	begin := time.Now()
	together(len(operations)+1, func(i int) {
		what, call := "Load", func(ctx context.Context) error { _, err := parts.Records.Load(ctx, "load"); return err }
		if i < len(operations) {
			what = operations[i].name
			call = func(ctx context.Context) error { return operations[i].call(ctx, parts.Records) }
		}
		if err := k.limited(what, call); err == nil || verdict(err) {
			k.Errorf("%s returns the error %v during an outage (%v): it must be another one than those of a record", what, err, fault)
		}
	})
	if k.Failed() {
		proxy.Set(Nothing)
		return
	}
	for name, seq := range map[string]func(context.Context) error{
		"Find": func(ctx context.Context) error {
			if f, ok := parts.Records.(runtime.Finder); ok {
				return last(f.Find(ctx, ann))
			}
			return context.Canceled
		},
		"List": func(ctx context.Context) error {
			if l, ok := parts.Records.(runtime.Lister); ok {
				return last(l.List(ctx))
			}
			return context.Canceled
		},
	} {
		if err := k.limited(name, seq); err == nil || verdict(err) {
			k.Errorf("%s ends with the error %v during an outage (%v)", name, err, fault)
		}
	}
	if fault == Silence {
		time.Sleep(time.Until(begin.Add(k.silence)))
	}
	proxy.Set(Nothing)
	k.recovers(parts.Records)
	for _, o := range operations {
		if done := k.done(o, fault.String()); done && fault == Refuse {
			k.Errorf("%s has taken place although no connection was there", o.name)
		}
	}
	k.wantRecord("load", r)
	for _, o := range k.operations("then ") {
		if k.want(o.call(k.ctx, parts.Records), nil, "%s after an outage (%v)", o.name, fault) && !k.done(o, "the outage") {
			k.Errorf("%s after an outage (%v) returns no error and has not taken place", o.name, fault)
		}
	}
}

// last returns what a sequence ends with.
func last(seq func(func(string, error) bool)) (err error) {
	for _, err = range seq {
	}
	return err
}

var outageChecks = []check{
	{"OutageRefused", func(k *kit) { k.dark(Refuse) }},
	{"OutageReset", func(k *kit) { k.dark(ResetCommand) }},
	{"OutageSilence", func(k *kit) { k.dark(Silence) }},
	// A connection breaks around a write, once. The store may try again; what it
	// then says must be true.
	{"OutageUnclear", func(k *kit) {
		proxy, parts := k.far()
		for _, fault := range []Fault{LoseAnswer, ResetCommand} {
			for after := range 4 {
				for _, o := range k.operations("warm") { // connections, and what the server learns of
					k.want(o.call(k.ctx, parts.Records), nil, "%s", o.name)
					if err := k.records.Delete(k.ctx, o.key, runtime.Record{}); !errors.Is(err, runtime.ErrNotFound) {
						k.want(err, nil, "Delete")
					}
				}
				for _, o := range k.operations(fmt.Sprintf("%d %d ", fault, after)) {
					proxy.Once(fault, after)
					err := o.call(k.ctx, parts.Records)
					proxy.Set(Nothing)
					done := k.done(o, fault.String())
					mine := errors.Is(err, runtime.ErrExists) && o.name == "Create" ||
						errors.Is(err, runtime.ErrConflict) && o.name == "Update" ||
						errors.Is(err, runtime.ErrNotFound) && o.name == "Delete"
					switch {
					case err == nil && !done:
						k.Errorf("%s returns no error although it has not taken place: %v, at piece %d", o.name, fault, after)
					case verdict(err) && !(mine && done): // a second try meets the first
						k.Errorf("%s returns %v, which is not so: %v, at piece %d", o.name, err, fault, after)
					}
				}
			}
		}
	}},
	{"OutageOfSessions", outageOfSessions},
	{"OutageCountsOnce", outageCountsOnce},
}
