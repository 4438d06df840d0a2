package movestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Store is two stores, from one of which sessions move to the other. It does not
// close them.
type Store struct {
	fromStore, toStore runtime.Store
	moves              bool

	from, to runtime.Records
	bound    atomic.Bool
}

// New returns a store that moves sessions from old to new. All processes must
// have one of [Prepare] or New before.
func New(old, new runtime.Store) *Store { return &Store{fromStore: old, toStore: new, moves: true} }

// Prepare returns a store that keeps sessions in old, and finds those that
// processes with [New] have moved. Processes that know old alone may run beside it.
func Prepare(old, new runtime.Store) *Store { return &Store{fromStore: old, toStore: new} }

// Bind implements [runtime.Store]. It returns a [runtime.ConfigError] if one of
// the stores keeps no records of the runtime's own format.
func (s *Store) Bind(setup runtime.Setup) (runtime.Parts, error) {
	var all [2]runtime.Parts
	for i, store := range []runtime.Store{s.fromStore, s.toStore} {
		which := [...]string{"old", "new"}[i]
		if store == nil {
			return runtime.Parts{}, &runtime.ConfigError{Setting: "movestore", Reason: "the " + which + " store is nil; pass the store itself"}
		}
		var err error
		if all[i], err = store.Bind(setup); err != nil {
			return runtime.Parts{}, fmt.Errorf("the %s store: %w", which, err)
		}
		if p := all[i]; p.Records == nil || p.Format != nil || p.Tokens != nil {
			return runtime.Parts{}, &runtime.ConfigError{Setting: "movestore", Reason: fmt.Sprintf("the %s store, %T, keeps no records of the runtime's own format and keys, which can't be moved; move between stores such as memstore, redisstore and sqlstore", which, store)}
		}
	}
	if s.fromStore == s.toStore {
		return runtime.Parts{}, &runtime.ConfigError{Setting: "movestore", Reason: "the old and the new store are the same; pass two"}
	}
	s.from, s.to = all[0].Records, all[1].Records
	s.bound.Store(true)
	parts := runtime.Parts{Records: s, Local: all[0].Local && all[1].Local}
	finds, lists := true, true
	for _, p := range all {
		_, one := p.Records.(runtime.Finder)
		_, other := p.Records.(runtime.Lister)
		finds, lists = finds && one, lists && other
	}
	switch {
	case finds && lists:
		parts.Records = struct {
			*Store
			finder
			lister
		}{s, finder{s}, lister{s}}
	case finds:
		parts.Records = struct {
			*Store
			finder
		}{s, finder{s}}
	case lists:
		parts.Records = struct {
			*Store
			lister
		}{s, lister{s}}
	}
	return parts, nil
}

// Load implements [runtime.Records].
func (s *Store) Load(ctx context.Context, key string) (runtime.Record, error) {
	p, err := s.locate(ctx, key)
	return p.rec, err
}

// Create implements [runtime.Records].
func (s *Store) Create(ctx context.Context, key string, new runtime.Record) error {
	switch _, err := s.locate(ctx, key); {
	case err == nil:
		return runtime.ErrExists
	case !errors.Is(err, runtime.ErrNotFound):
		return err
	}
	if !s.moves {
		switch _, marked, err := s.inOld(ctx, key); {
		case err != nil:
			return err
		case !marked: // else the place in the old store is taken
			return s.from.Create(ctx, key, new)
		}
	}
	return s.to.Create(ctx, key, new)
}

// Update implements [runtime.Records].
func (s *Store) Update(ctx context.Context, key string, old, new runtime.Record) error {
	return s.write(ctx, key, old, func(r runtime.Records, old runtime.Record) error { return r.Update(ctx, key, old, new) })
}

// Touch implements [runtime.Records].
func (s *Store) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	return s.write(ctx, key, old, func(r runtime.Records, old runtime.Record) error { return r.Touch(ctx, key, old, expires) })
}

// Delete implements [runtime.Records].
func (s *Store) Delete(ctx context.Context, key string, old runtime.Record) error {
	if old.Stamp != 0 || old.Data != nil {
		return s.write(ctx, key, old, func(r runtime.Records, old runtime.Record) error { return r.Delete(ctx, key, old) })
	}
	// Whatever is there, but not a mark: that would be lost data, or a record
	// that comes back.
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return err
		}
		p, err := s.locate(ctx, key)
		if err != nil {
			return err
		}
		if err := p.records.Delete(ctx, key, p.rec); !lost(err) {
			return err
		}
	}
	return errBusy()
}

// write does a conditional write where the record is; where sessions move, it is
// moved before. The store in which it most likely is is asked at once.
func (s *Store) write(ctx context.Context, key string, old runtime.Record, do func(runtime.Records, runtime.Record) error) error {
	first := s.from
	if s.moves {
		first = s.to
	}
	err := do(first, old)
	for try := 0; lost(err) && try < maxTries; try++ {
		if err := pause(ctx, try); err != nil {
			return err
		}
		p, lerr := s.locate(ctx, key)
		switch {
		case lerr != nil:
			return lerr
		case !same(p.rec, old):
			return runtime.ErrConflict
		case p.old && s.moves:
			if merr := s.move(ctx, key, p.rec); merr != nil {
				return merr
			}
			err = do(s.to, old)
		default:
			err = do(p.records, old)
		}
	}
	if lost(err) {
		return errBusy()
	}
	return err
}

// same tells whether two records are one writing.
func same(a, b runtime.Record) bool {
	if a.Stamp != 0 || b.Stamp != 0 {
		return a.Stamp == b.Stamp
	}
	return bytes.Equal(a.Data, b.Data)
}

// MoveAll moves every session that is still in the old store, which must be able
// to list its keys, and returns how many it moved. It goes on after an error
// and returns all of them; when it returns none, the old store holds nothing that
// lives. It may run beside requests, and in several processes.
func (s *Store) MoveAll(ctx context.Context) (n int, err error) {
	if !s.bound.Load() || !s.moves {
		return 0, errors.New("movestore: MoveAll needs a store from New that a manager uses: pass it to NewSessions first")
	}
	list, ok := s.from.(runtime.Lister)
	if !ok {
		return 0, fmt.Errorf("movestore: %T can't list its keys: wait for the absolute timeout instead", s.fromStore)
	}
	var errs []error
	for key, err := range list.List(ctx) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		was, err := s.moveOne(ctx, key)
		if err != nil {
			errs = append(errs, err)
			if ctx.Err() != nil {
				break
			}
		}
		if was {
			n++
		}
	}
	return n, errors.Join(errs...)
}

// moveOne moves the record under key, and tells whether it was there to be moved.
func (s *Store) moveOne(ctx context.Context, key string) (was bool, err error) {
	for range maxTries {
		p, err := s.locate(ctx, key)
		switch {
		case errors.Is(err, runtime.ErrNotFound), err == nil && !p.old:
			return was, nil
		case err != nil:
			return was, err
		}
		was = true
		if err := s.move(ctx, key, p.rec); err != nil {
			return was, err
		}
	}
	return was, errBusy()
}

// finder finds in both stores.
type finder struct{ s *Store }

// Find implements [runtime.Finder]. The new store is asked last: what moves
// meanwhile is found there.
func (f finder) Find(ctx context.Context, e runtime.IndexEntry) iter.Seq2[string, error] {
	return both(f.s.from.(runtime.Finder).Find(ctx, e), f.s.to.(runtime.Finder).Find(ctx, e))
}

// lister lists both stores.
type lister struct{ s *Store }

// List implements [runtime.Lister]. A key whose record moves while it is listed
// may come twice.
func (l lister) List(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range l.s.from.(runtime.Lister).List(ctx) {
			if err == nil {
				var p place
				if p, _, err = l.s.inOld(ctx, key); err == nil && p.records == nil {
					continue // gone, or the new store lists it
				}
			}
			if !yield(key, err) {
				return
			}
		}
		for key, err := range l.s.to.(runtime.Lister).List(ctx) {
			if !yield(key, err) {
				return
			}
		}
	}
}

// both yields the keys of a and of b, each once.
func both(a, b iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		seen := map[string]bool{}
		for _, keys := range []iter.Seq2[string, error]{a, b} {
			for key, err := range keys {
				if err == nil && seen[key] {
					continue
				}
				seen[key] = true
				if !yield(key, err) {
					return
				}
			}
		}
	}
}
