package runtime

import (
	"context"
	"errors"
	"fmt"
)

// Claim takes flash field i, whose value is v, and commits at once; generated
// Claim methods call it. Of many parallel requests exactly one gets the value,
// for an OAuth state or a one-time code. It commits what else the request
// changed too.
func Claim[T any](ctx context.Context, s Fields, i uint8, v *T) (T, bool, error) {
	var zero T
	b := s.bag()
	c := b.conn
	switch {
	case c == nil:
		return zero, false, ErrNoManager
	case c.m.parts.Sealer != nil:
		return zero, false, fmt.Errorf("field %s: Claim: %w", s.Spec().Fields[i].Name, ErrStateless)
	case c.unavailable:
		return zero, false, ErrUnavailable
	case !b.present.has(i):
		return zero, false, nil
	}
	if b.added.has(i) && !b.changed.has(i) {
		// What this request appended is stored first: a claim that comes too late
		// would take it along, for nobody.
		if err := c.commit(ctx); err != nil || !b.present.has(i) {
			return zero, false, err
		}
	}
	added := b.added.has(i)
	value := Take(b, i, v)
	lost, err := c.commitTakes(ctx)
	switch {
	case err == nil && !lost.has(i):
		return value, true, nil
	case err != nil && !errors.Is(err, ErrUnclear) && !errors.Is(err, ErrDestroyed):
		// It was not taken: the next commit must not take it for nobody.
		*v = value
		b.present.set(i)
		b.extra.taken.unset(i)
		if !added {
			b.added.unset(i)
		}
	}
	return zero, false, err
}
