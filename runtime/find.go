package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
)

// FindBy yields the sessions whose field i is value; generated FindBy methods
// call it. What an index still says of a session that has changed is passed over.
//
// A session that can't be loaded, or is not readable ([ErrCorrupt],
// [ErrNewerFormat]), is yielded as an error with a nil session, and the caller
// that goes on gets the ones after it. An index that can't answer ends the
// iteration with an error that is [ErrUnavailable]. The order is the store's.
func FindBy[T, V any](ctx context.Context, s *Sessions[T], i uint8, value V) iter.Seq2[*T, error] {
	q, err := newQuery(s, i, value)
	if err != nil {
		return failed[T](err)
	}
	return s.loadAll(ctx, q.keys(ctx), q.match)
}

// query is a look-up by the value of an indexed field.
type query struct {
	m      *manager
	finder Finder
	spec   *Spec
	field  uint8
	wanted []byte // the value, encoded
}

func newQuery[T, V any](s *Sessions[T], i uint8, value V) (*query, error) {
	finder, ok := s.m.parts.Records.(Finder)
	if !ok {
		return nil, fmt.Errorf("sessiongen: field %s: %w", s.m.spec.Fields[i].Name, ErrNoIndex)
	}
	wanted, err := encodeValue(s, i, value)
	return &query{m: s.m, finder: finder, spec: s.m.spec, field: i, wanted: wanted}, err
}

// encodeValue returns value as field i's is stored.
func encodeValue[T, V any](s *Sessions[T], i uint8, value V) (raw []byte, err error) {
	probe := s.typed(new(T)).SessionFields()
	*probe.Pointer(int(i)).(*V) = value
	err = catch(func() { raw = probe.Append(int(i), nil) })
	return raw, err
}

// keys yields the keys that the index has, each once: a field with an older
// name stands in the index under both.
func (q *query) keys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		seen := map[string]bool{}
		for _, name := range q.spec.names(q.field) {
			for key, err := range q.find(ctx, indexEntry(name, q.wanted)) {
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

func (q *query) find(ctx context.Context, entry IndexEntry) iter.Seq2[string, error] {
	return q.m.observedKeys(ctx, func(ctx context.Context) iter.Seq2[string, error] { return q.finder.Find(ctx, entry) })
}

func (q *query) match(f Fields) bool { return bytes.Equal(appendField(f, q.field, nil), q.wanted) }

// DestroyOption limits what a DestroyBy method destroys.
type DestroyOption func(*destroyOptions)

type destroyOptions struct {
	except map[string]bool // ids
	began  []int64         // when sealed sessions began, which stands for them
}

// Except leaves a session out: "log out everywhere else".
func Except(session Typed) DestroyOption {
	return func(o *destroyOptions) {
		if o.except == nil {
			o.except = map[string]bool{}
		}
		b := session.SessionFields().bag()
		o.except[b.ID()] = true
		if b.conn != nil && b.conn.meta.Created != 0 {
			o.began = append(o.began, b.conn.meta.Created)
		}
	}
}

// destroyPasses bounds how often DestroyBy looks again.
const destroyPasses = 10

// DestroyBy destroys the sessions whose field i is value and returns how many
// it destroyed; generated DestroyBy methods call it. A session that is renewed
// meanwhile is found under its new key: it looks again until there is nothing
// left. It goes on after an error and returns all of them. The session of the
// request at hand is destroyed too, unless Except names it; a handler that goes
// on to set something calls its Destroy as well.
//
// Sealed sessions can't be found or counted. Where their store has a revocation
// list, those of a principal end all the same: every one that began by now, but
// for those that Except names; the result is then 0. A field that is only an
// index is [ErrNoIndex] there.
func DestroyBy[T, V any](ctx context.Context, s *Sessions[T], i uint8, value V, options ...DestroyOption) (int, error) {
	var o destroyOptions
	for _, option := range options {
		option(&o)
	}
	if s.m.parts.Revoked != nil && s.m.spec.principal.has(i) {
		wanted, err := encodeValue(s, i, value)
		if err != nil {
			return 0, err
		}
		own := new(request[T])
		s.attach(own)
		return 0, own.conn.revokePrincipal(ctx, i, wanted, o.began)
	}
	q, err := newQuery(s, i, value)
	if err != nil {
		return 0, err
	}
	n, done := 0, map[string]bool{}
	for range destroyPasses {
		var errs []error
		again := false
		for key, err := range q.keys(ctx) {
			if err != nil {
				errs = append(errs, unavailable(err))
				continue
			}
			if o.except[key] || done[key] {
				continue
			}
			destroyed, err := destroyMatch(ctx, s, key, q)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			done[key], again = true, true
			if destroyed {
				n++
			}
		}
		if len(errs) > 0 || !again {
			return n, errors.Join(errs...)
		}
	}
	return n, fmt.Errorf("sessiongen: field %s: sessions with the value keep coming: %w", s.m.spec.Fields[i].Name, ErrConflict)
}

// destroyMatch destroys the session under key if it still matches, or can't be
// read, and tells whether it did.
func destroyMatch[T any](ctx context.Context, s *Sessions[T], key string, q *query) (bool, error) {
	session, err := s.Load(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrNewerFormat):
	case err != nil:
		return false, err
	case !q.match(s.typed(session).SessionFields()):
		return false, nil
	}
	err = s.Destroy(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
