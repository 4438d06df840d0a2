package runtime

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// committed notes that rec is what the store has now.
func (c *conn) committed(rec Record, meta Meta) {
	c.base, c.meta, c.stored, c.buried, c.always = rec, meta, true, false, false
	c.baseAt = c.now()
}

// attempt is what a commit tries to store: the session, or after a conflict
// what others committed with this request's changes merged in.
type attempt struct {
	base   Record // what it is based on
	meta   Meta
	fields Fields
	lost   bits
}

func (c *conn) attempt() attempt { return attempt{base: c.base, meta: c.meta, fields: c.fields} }

// rebase merges the session's changes into what key holds now. The session
// itself stays as it is until a commit succeeds.
func (c *conn) rebase(ctx context.Context, dirty bits) (attempt, error) {
	var a attempt
	c.retries++
	rec, err := c.m.load(ctx, c.key)
	if errors.Is(err, ErrNotFound) {
		return a, ErrDestroyed
	}
	if err != nil {
		return a, err
	}
	a.base, a.fields = rec, c.freshFields()
	if err := c.m.decode(&rec, &a.meta, a.fields); err != nil {
		if errors.Is(err, ErrNotFound) {
			err = ErrDestroyed
		}
		return a, err
	}
	base, err := c.baseFields()
	if err != nil {
		return a, err
	}
	if dirty, err = c.exactly(dirty); err != nil {
		return a, err
	}
	err = catch(func() { a.lost = merge(base, c.fields, a.fields, dirty) })
	return a, err
}

// freshFields returns empty fields with the manager's clock.
func (c *conn) freshFields() Fields {
	f := c.fields.Fresh()
	f.bag().conn = &conn{m: c.m, fields: f}
	return f
}

// baseFields returns what the session was loaded as.
func (c *conn) baseFields() (Fields, error) {
	f := c.freshFields()
	if !c.stored {
		return f, nil
	}
	var meta Meta
	base := c.base
	base.Expires = time.Time{} // it counts even if it has expired since
	err := c.m.decodeAt(&base, &meta, f, c.baseAt)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return f, err
}

// adopt makes the session what was committed.
func (c *conn) adopt(a attempt, rec Record, meta Meta) {
	if a.fields != c.fields {
		c.replaceFields(a.fields)
	}
	c.committed(rec, meta)
}

// pause waits before a commit is tried again: not at first, then longer and longer.
func pause(ctx context.Context, try int) error {
	if try < 2 {
		return nil
	}
	limit := min(time.Duration(try)*200*time.Microsecond, 10*time.Millisecond)
	timer := time.NewTimer(rand.N(limit))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
}
