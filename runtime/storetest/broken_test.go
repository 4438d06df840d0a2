package storetest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

type (
	record = runtime.Record
	ctx    = context.Context
)

// faults are stores that break one rule each, and the checks that must notice.
var faults = []struct {
	name    string
	breaks  func(f *faulty)
	noticed []string
}{
	{"Load returns another stamp", func(f *faulty) {
		f.load = func(c ctx, key string) (record, error) {
			r, err := f.Store.Load(c, key)
			r.Stamp++
			return r, err
		}
	}, []string{"CreateAndLoad", "UpdateLoaded"}},
	{"Load of nothing is an empty record", func(f *faulty) {
		f.load = func(c ctx, key string) (record, error) {
			r, err := f.Store.Load(c, key)
			if errors.Is(err, runtime.ErrNotFound) {
				err = nil
			}
			return r, err
		}
	}, []string{"LoadMissing", "Expiry", "Delete"}},
	{"Load uses one buffer", func(f *faulty) {
		var buffer []byte
		f.load = func(c ctx, key string) (record, error) {
			r, err := f.Store.Load(c, key)
			buffer = append(buffer[:0], r.Data...)
			r.Data = buffer
			return r, err
		}
	}, []string{"DataIsImmutable"}},
	{"Create overwrites", func(f *faulty) {
		f.create = func(c ctx, key string, new record) error {
			f.Store.Delete(c, key, record{})
			return f.Store.Create(c, key, new)
		}
	}, []string{"CreateTwice", "ParallelCreates", "Model"}},
	{"Create looks, then writes", func(f *faulty) {
		f.create = func(c ctx, key string, new record) error {
			if _, err := f.Store.Load(c, key); err == nil {
				return runtime.ErrExists
			}
			time.Sleep(time.Millisecond)
			f.Store.Delete(c, key, record{})
			return f.Store.Create(c, key, new)
		}
	}, []string{"ParallelCreates"}},
	{"Create refuses a key for ever", func(f *faulty) {
		seen := make(map[string]bool)
		f.create = func(c ctx, key string, new record) error {
			if seen[key] {
				return runtime.ErrExists
			}
			seen[key] = true
			return f.Store.Create(c, key, new)
		}
	}, []string{"CreateOverExpired", "CreateAfterDelete"}},
	{"Create expires a second late", func(f *faulty) {
		f.create = func(c ctx, key string, new record) error {
			new.Expires = new.Expires.Add(time.Second)
			return f.Store.Create(c, key, new)
		}
	}, []string{"ExpiryToTheMillisecond"}},
	{"Create without an expiry expires in a minute", func(f *faulty) {
		f.create = func(c ctx, key string, new record) error {
			if new.Expires.IsZero() {
				new.Expires = time.Now().Add(time.Minute)
			}
			return f.Store.Create(c, key, new)
		}
	}, []string{"NeverExpires"}},
	{"data ends at a zero byte", func(f *faulty) {
		f.create = func(c ctx, key string, new record) error {
			new.Data, _, _ = bytes.Cut(new.Data, []byte{0})
			return f.Store.Create(c, key, new)
		}
	}, []string{"BinaryData"}},
	{"data ends at 64 KiB", func(f *faulty) {
		f.update = func(c ctx, key string, old, new record) error {
			new.Data = new.Data[:min(len(new.Data), 1<<16-1)]
			return f.Store.Update(c, key, old, new)
		}
	}, []string{"BinaryData", "Model"}},
	{"keys ignore case", func(f *faulty) { f.keys(strings.ToLower) }, []string{"Keys", "Model"}},
	{"keys ignore blanks", func(f *faulty) { f.keys(strings.TrimSpace) }, []string{"Keys"}},

	{"Update keeps the expiry", func(f *faulty) {
		f.update = func(c ctx, key string, old, new record) error {
			new.Expires = old.Expires
			return f.Store.Update(c, key, old, new)
		}
	}, []string{"Update"}},
	{"Update ignores the stamp", func(f *faulty) {
		f.update = func(c ctx, key string, _, new record) error {
			there, err := f.Store.Load(c, key)
			if err != nil {
				return err
			}
			return f.Store.Update(c, key, there, new)
		}
	}, []string{
		"UpdateConflict", "LogoutInEveryOrder", "ParallelUpdatesOfOne", "Model",
		"SessionsLoseNothing", "SessionsStayDestroyed", "SessionsLogoutStorm",
	}},
	{"Update creates", func(f *faulty) {
		f.update = func(c ctx, key string, old, new record) error {
			err := f.Store.Update(c, key, old, new)
			if errors.Is(err, runtime.ErrNotFound) {
				err = f.Store.Create(c, key, new)
			}
			return err
		}
	}, []string{"UpdateNeverCreates", "UpdateAfterDelete", "Expiry", "LogoutInEveryOrder", "LogoutUnderLoad", "Model"}},
	{"Update looks, then writes", func(f *faulty) {
		f.update = func(c ctx, key string, old, new record) error {
			there, err := f.Store.Load(c, key)
			if err == nil && there.Stamp != old.Stamp {
				err = runtime.ErrConflict
			}
			if err != nil {
				return err
			}
			goruntime.Gosched()
			f.Store.Delete(c, key, record{})
			return f.Store.Create(c, key, new)
		}
	}, []string{"ParallelUpdates", "ParallelUpdatesOfOne", "LogoutUnderLoad"}},
	{"one update in a hundred is lost", func(f *faulty) {
		n := 0
		f.update = func(c ctx, key string, old, new record) error {
			if n++; n%100 == 0 {
				return nil
			}
			return f.Store.Update(c, key, old, new)
		}
	}, []string{"Model"}},
	{"Update has worked although it reports that it was cancelled", func(f *faulty) {
		f.update = func(c ctx, key string, old, new record) error {
			return errors.Join(f.Store.Update(c, key, old, new), c.Err())
		}
	}, []string{"Cancelled"}},
	{"a cancelled Load has an error of its own", func(f *faulty) {
		f.load = func(c ctx, key string) (record, error) {
			if c.Err() != nil {
				return record{}, errors.New("broken pipe")
			}
			return f.Store.Load(c, key)
		}
	}, []string{"Cancelled"}},

	{"Touch does nothing", func(f *faulty) {
		f.touch = func(ctx, string, record, time.Time) error { return nil }
	}, []string{"Touch", "TouchEarlier", "TouchNeverRevives"}},
	{"Touch changes the stamp", func(f *faulty) {
		f.touch = func(c ctx, key string, old record, expires time.Time) error {
			new := old
			new.Stamp++
			new.Expires = expires
			return f.Store.Update(c, key, old, new)
		}
	}, []string{"Touch"}},
	{"Touch ignores the stamp", func(f *faulty) {
		f.touch = func(c ctx, key string, _ record, expires time.Time) error {
			there, err := f.Store.Load(c, key)
			if err != nil {
				return err
			}
			return f.Store.Touch(c, key, there, expires)
		}
	}, []string{"TouchConflict", "LogoutInEveryOrder"}},
	{"Touch revives", func(f *faulty) {
		f.touch = func(c ctx, key string, old record, expires time.Time) error {
			err := f.Store.Touch(c, key, old, expires)
			if errors.Is(err, runtime.ErrNotFound) {
				old.Expires = expires
				err = f.Store.Create(c, key, old)
			}
			return err
		}
	}, []string{"TouchNeverRevives", "LogoutInEveryOrder"}},
	{"Touch writes the record back", func(f *faulty) {
		f.touch = func(c ctx, key string, old record, expires time.Time) error {
			there, err := f.Store.Load(c, key)
			if err == nil && there.Stamp != old.Stamp {
				err = runtime.ErrConflict
			}
			if err != nil {
				return err
			}
			for range 200 { // until somebody has written in between
				now, err := f.Store.Load(c, key)
				if err != nil || now.Stamp != there.Stamp {
					break
				}
				time.Sleep(100 * time.Microsecond)
			}
			there.Expires = expires
			f.Store.Delete(c, key, record{})
			return f.Store.Create(c, key, there)
		}
	}, []string{"ParallelTouches"}},

	{"Delete does nothing", func(f *faulty) {
		f.delete = func(ctx, string, record) error { return nil }
	}, []string{"Delete", "CreateAfterDelete", "LogoutUnderLoad"}},
	{"Delete ignores the stamp", func(f *faulty) {
		f.delete = func(c ctx, key string, _ record) error { return f.Store.Delete(c, key, record{}) }
	}, []string{"DeleteConflict", "LogoutInEveryOrder"}},
	{"Delete insists on a stamp", func(f *faulty) {
		f.delete = func(c ctx, key string, old record) error {
			old.Data = []byte{}
			return f.Store.Delete(c, key, old)
		}
	}, []string{"DeleteWhateverIsThere", "Model"}},
	{"Delete of nothing works", func(f *faulty) {
		f.delete = func(c ctx, key string, old record) error {
			if err := f.Store.Delete(c, key, old); !errors.Is(err, runtime.ErrNotFound) {
				return err
			}
			return nil
		}
	}, []string{"DeleteMissing", "ParallelDeletes", "Expiry"}},
	{"nothing expires", func(f *faulty) {
		f.clock = func() time.Time { return time.Unix(0, 0) }
	}, []string{"Expiry", "CreateOverExpired", "ExpiryToTheMillisecond", "IndexOfGoneRecords", "List"}},

	{"Find finds nothing", func(f *faulty) {
		f.find = func(ctx, runtime.IndexEntry) iter.Seq2[string, error] {
			return func(func(string, error) bool) {}
		}
	}, []string{"IndexFinds", "IndexStaysWhenNil"}},
	{"Find and List stop at a hundred", func(f *faulty) {
		f.find = func(c ctx, e runtime.IndexEntry) iter.Seq2[string, error] { return first(100, f.Store.Find(c, e)) }
		f.list = func(c ctx) iter.Seq2[string, error] { return first(100, f.Store.List(c)) }
	}, []string{"IndexOfManyRecords", "List"}},
	{"the index forgets the field", func(f *faulty) {
		f.find = func(c ctx, e runtime.IndexEntry) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for _, field := range []string{"user_id", "team"} {
					for key, err := range f.Store.Find(c, runtime.IndexEntry{Field: field, Sum: e.Sum}) {
						if !yield(key, err) {
							return
						}
					}
				}
			}
		}
	}, []string{"IndexFinds"}},
	{"the index has one entry a record", func(f *faulty) {
		f.create = func(c ctx, key string, new record) error {
			new.Index = new.Index[:min(len(new.Index), 1)]
			return f.Store.Create(c, key, new)
		}
	}, []string{"IndexOfSeveralFields"}},
	{"Update without an index removes it", func(f *faulty) {
		f.update = func(c ctx, key string, old, new record) error {
			new.Index = append([]runtime.IndexEntry{}, new.Index...)
			return f.Store.Update(c, key, old, new)
		}
	}, []string{"IndexStaysWhenNil", "Model"}},
	{"index entries stay for ever", func(f *faulty) { f.hoard(true) }, []string{"IndexReplaced", "IndexOfGoneRecords", "LogoutUnderLoad"}},
	{"a failed write is indexed", func(f *faulty) { f.hoard(false) }, []string{"IndexAfterFailure"}},

	{"Find goes on after the end of the loop", func(f *faulty) {
		f.find = func(c ctx, e runtime.IndexEntry) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for key, err := range f.Store.Find(c, e) {
					yield(key, err)
				}
			}
		}
	}, []string{"StopIterating"}},
	{"List holds a lock", func(f *faulty) {
		var mu sync.Mutex
		f.load = func(c ctx, key string) (record, error) {
			mu.Lock()
			defer mu.Unlock()
			return f.Store.Load(c, key)
		}
		f.list = func(c ctx) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				mu.Lock()
				defer mu.Unlock()
				f.Store.List(c)(yield)
			}
		}
	}, []string{"UseWhileIterating"}},
	{"a cancelled List ends without a word", func(f *faulty) {
		f.list = func(c ctx) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for key, err := range f.Store.List(c) {
					if err != nil || !yield(key, nil) {
						return
					}
				}
			}
		}
	}, []string{"CancelledIteration"}},
	{"Close does nothing", func(f *faulty) {
		f.close = func() error { return nil }
	}, []string{"Close"}},
}

// keys has a faulty store change every key.
func (f *faulty) keys(change func(string) string) {
	f.load = func(c ctx, key string) (record, error) { return f.Store.Load(c, change(key)) }
	f.create = func(c ctx, key string, new record) error { return f.Store.Create(c, change(key), new) }
	f.update = func(c ctx, key string, old, new record) error { return f.Store.Update(c, change(key), old, new) }
	f.delete = func(c ctx, key string, old record) error { return f.Store.Delete(c, change(key), old) }
}

// hoard has a faulty store never forget the index entries that it was told of in
// writes that worked, or in those that did not.
func (f *faulty) hoard(worked bool) {
	var mu sync.Mutex
	hoard := make(map[runtime.IndexEntry][]string)
	note := func(key string, r record, err error) error {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range r.Index {
			if worked == (err == nil) {
				hoard[e] = append(hoard[e], key)
			}
		}
		return err
	}
	f.create = func(c ctx, key string, new record) error { return note(key, new, f.Store.Create(c, key, new)) }
	f.update = func(c ctx, key string, old, new record) error {
		return note(key, new, f.Store.Update(c, key, old, new))
	}
	f.find = func(c ctx, e runtime.IndexEntry) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for key, err := range f.Store.Find(c, e) {
				if !yield(key, err) {
					return
				}
			}
			for _, key := range hoard[e] {
				if !yield(key, nil) {
					return
				}
			}
		}
	}
}

func first(n int, seq iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		i := 0
		for key, err := range seq {
			if i++; i > n || !yield(key, err) {
				return
			}
		}
	}
}

// TestBrokenStores shows that no check is vain: for each there is a store that it
// finds fault with, by a rule that the store breaks on purpose.
func TestBrokenStores(t *testing.T) {
	vain := make(map[string]check)
	for _, c := range checks(options{}) {
		vain[c.name] = c
	}
	all := checks(options{})
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			broken := func(tb testing.TB, place string) runtime.Store {
				f := &faulty{Store: memory(tb, place).(*memstore.Store)}
				fault.breaks(f)
				return f
			}
			for _, name := range fault.noticed {
				if noticed(t, all, name, broken, options{exact: true, seed: 1, patience: time.Second}) {
					delete(vain, name)
				}
			}
		})
	}
	for name := range vain {
		t.Errorf("no broken store is noticed by %s", name)
	}
}
