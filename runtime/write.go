package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// unclearTries is how often a write is tried whose outcome the store did not tell.
const unclearTries = 3

// write stores rec under key in place of old, or as a new record if old is
// zero. A failure whose outcome is not known is looked up by rec's stamp: a
// write that took place is never tried again on top of itself. It returns
// ErrExists, ErrConflict and ErrNotFound as the store does.
func (c *conn) write(ctx context.Context, key string, old, rec Record) error {
	create := old.Data == nil
	var failure error // of an earlier try that may have taken place
	for range unclearTries {
		err := c.writeOnce(ctx, key, old, rec)
		definite := errors.Is(err, ErrExists) || errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound)
		switch {
		case errors.Is(err, ErrExists) && failure == nil && c.isThere(ctx, key, rec):
			return nil // the store's client repeated the call by itself
		case err == nil, definite && failure == nil:
			return err
		case errors.Is(err, ErrFull), errors.Is(err, ErrClosed):
			return unavailable(err)
		case !definite:
			failure = err
		}
		now, err := c.m.load(context.WithoutCancel(ctx), key)
		switch {
		case (err == nil || errors.Is(err, errBuried)) && same(now, rec):
			return nil
		case errors.Is(err, ErrNotFound) && create:
		case err != nil:
			return err
		case create || !same(now, old):
			return fmt.Errorf("%w: %w", ErrUnclear, failure)
		}
		// It has not taken place, at least not yet; the same stamp tells if it does.
		if ctx.Err() != nil {
			break
		}
	}
	return unavailable(failure)
}

// isThere tells whether rec is what key holds.
func (c *conn) isThere(ctx context.Context, key string, rec Record) bool {
	now, err := c.m.load(ctx, key)
	return (err == nil || errors.Is(err, errBuried)) && same(now, rec)
}

func (c *conn) writeOnce(ctx context.Context, key string, old, rec Record) error {
	ctx, cancel := c.m.bound(ctx)
	defer cancel()
	if old.Data == nil {
		return c.m.records.Create(ctx, key, rec)
	}
	return c.m.records.Update(ctx, key, old, rec)
}

// same tells whether two records are one writing: by stamp, or by their bytes
// where one was loaded in a foreign format that has no room for a stamp.
func same(a, b Record) bool {
	if a.Stamp != 0 && b.Stamp != 0 {
		return a.Stamp == b.Stamp
	}
	return bytes.Equal(a.Data, b.Data)
}
