package movestore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// maxTries bounds how often an operation is tried again because another process
// moves the same session, or changes it.
const maxTries = 100

// place is where a record counts.
type place struct {
	records runtime.Records
	rec     runtime.Record
	old     bool // records are those of the old store
}

// locate returns where the record under key counts now, or ErrNotFound. It
// completes a move that it comes upon.
func (s *Store) locate(ctx context.Context, key string) (place, error) {
	gone := false // a mark said that the record had moved
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return place{}, err
		}
		if !s.moves { // the old store is where nearly all is
			p, has, err := s.inOld(ctx, key)
			if p.records != nil || err != nil {
				return p, err
			}
			gone = gone || has
		}
		rec, err := s.to.Load(ctx, key)
		switch {
		case err == nil && kindOf(rec) == 0:
			return place{s.to, rec, false}, nil
		case err == nil:
			if err := s.complete(ctx, key, rec); err != nil {
				return place{}, err
			}
			continue
		case !errors.Is(err, runtime.ErrNotFound) || gone || !s.moves:
			return place{}, err
		}
		p, has, err := s.inOld(ctx, key)
		if p.records != nil || err != nil {
			return p, err
		}
		if !has {
			return place{}, runtime.ErrNotFound
		}
		gone = true // it moved since the new store was asked: ask again
	}
	return place{}, errBusy()
}

// inOld looks in the old store: for the record, and for the mark of one that has moved.
func (s *Store) inOld(ctx context.Context, key string) (p place, marked bool, err error) {
	rec, err := s.from.Load(ctx, key)
	switch {
	case errors.Is(err, runtime.ErrNotFound):
		return p, false, nil
	case err != nil:
		return p, false, err
	case kindOf(rec) == moved:
		return p, true, nil
	}
	return place{s.from, rec, true}, false, nil
}

// move moves the record under key to the new store, unless it is there or gone.
func (s *Store) move(ctx context.Context, key string, rec runtime.Record) error {
	mark := newMark(claim, rec)
	switch err := s.to.Create(ctx, key, mark); {
	case errors.Is(err, runtime.ErrExists):
		return nil // another process moves it: locate completes that
	case err != nil:
		return err
	}
	return s.complete(ctx, key, mark)
}

// complete takes a move on from the mark that is in the new store. Every step
// is conditional on what it follows from, so that many processes may do it at
// once, and one that is late does nothing.
func (s *Store) complete(ctx context.Context, key string, mark runtime.Record) error {
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return err
		}
		// The old store is asked after the claim was made: a claim that comes
		// after a move finds that there is nothing to copy any more.
		rec, err := s.from.Load(ctx, key)
		gone := errors.Is(err, runtime.ErrNotFound)
		if err != nil && !gone {
			return err
		}
		switch {
		case !gone && kindOf(rec) == 0 && kindOf(mark) == staged && original(mark) == rec.Stamp:
			old := rec
			old.Index = indexOf(rec)
			err := s.from.Update(ctx, key, old, newMark(moved, rec))
			if err != nil && !lost(err) {
				return err
			}
			continue // look at what is there now
		case !gone && kindOf(rec) == 0:
			next := newMark(staged, rec)
			if err := s.to.Update(ctx, key, mark, next); err != nil {
				return unless(err) // another process has taken it on
			}
			mark = next
			continue
		case !gone && kindOf(rec) == moved && kindOf(mark) == staged && original(mark) == original(rec):
			now := unstaged(mark)
			now.Index = indexOf(now)
			return unless(s.to.Update(ctx, key, mark, now))
		default: // it has ended, or has moved before
			return unless(s.to.Delete(ctx, key, mark))
		}
	}
	return errBusy()
}

// lost tells whether another process came first.
func lost(err error) bool {
	return errors.Is(err, runtime.ErrConflict) || errors.Is(err, runtime.ErrNotFound)
}

// unless returns err, unless it only says that another process came first.
func unless(err error) error {
	if lost(err) {
		return nil
	}
	return err
}

func indexOf(rec runtime.Record) []runtime.IndexEntry {
	if rec.Index != nil {
		return rec.Index
	}
	return runtime.RecordIndex(rec.Data)
}

func errBusy() error {
	return fmt.Errorf("movestore: %w, %d times in a row, while it was moved", runtime.ErrConflict, maxTries)
}

// pause waits before another try, longer and longer.
func pause(ctx context.Context, try int) error {
	if try < 2 {
		return nil
	}
	timer := time.NewTimer(rand.N(min(time.Duration(try)*100*time.Microsecond, 10*time.Millisecond)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
