package runtime

import (
	"context"
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
	case !b.present.has(i):
		return zero, false, nil
	}
	value := Take(b, i, v)
	lost, err := c.commitTakes(ctx)
	if err != nil || lost.has(i) {
		return zero, false, err
	}
	return value, true, nil
}
