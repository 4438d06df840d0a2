package runtime

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// FindBy yields the sessions whose field i is value; generated FindBy methods
// call it. What an index still says of a session that has changed is passed over.
func FindBy[T, V any](ctx context.Context, s *Sessions[T], i uint8, value V) iter.Seq2[*T, error] {
	finder, ok := s.m.parts.Records.(Finder)
	if !ok {
		return failed[T](fmt.Errorf("sessiongen: field %s: %w", s.m.spec.Fields[i].Name, ErrNoIndex))
	}
	probe := s.typed(new(T)).SessionFields()
	*probe.Pointer(int(i)).(*V) = value
	probe.bag().present.set(i)
	var wanted string
	if err := catch(func() { wanted = string(probe.Append(int(i), nil)) }); err != nil {
		return failed[T](err)
	}
	keys := func(yield func(string, error) bool) {
		seen := map[string]bool{} // a field with an older name stands in the index under both
		for _, name := range s.m.spec.names(i) {
			for key, err := range finder.Find(ctx, indexEntry(name, []byte(wanted))) {
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
	return s.loadAll(ctx, keys, func(f Fields) bool {
		return string(appendField(f, i, nil)) == wanted
	})
}

// DestroyOption limits what a DestroyBy method destroys.
type DestroyOption func(*destroyOptions)

type destroyOptions struct{ except map[string]bool }

// Except leaves a session out: "log out everywhere else".
func Except(session Typed) DestroyOption {
	return func(o *destroyOptions) {
		if o.except == nil {
			o.except = map[string]bool{}
		}
		o.except[session.SessionFields().bag().ID()] = true
	}
}

// DestroyBy destroys the sessions whose field i is value and returns how many
// it destroyed; generated DestroyBy methods call it. It goes on after an error
// and returns all of them.
func DestroyBy[T, V any](ctx context.Context, s *Sessions[T], i uint8, value V, options ...DestroyOption) (int, error) {
	var o destroyOptions
	for _, option := range options {
		option(&o)
	}
	n := 0
	var errs []error
	for session, err := range FindBy(ctx, s, i, value) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		id := s.connOf(session).key
		if o.except[id] {
			continue
		}
		switch err := s.Destroy(ctx, id); {
		case err == nil:
			n++
		case !errors.Is(err, ErrNotFound):
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}
