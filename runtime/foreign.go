package runtime

import (
	"context"
	"errors"
	"fmt"
)

// commitForeign commits to a store that handles request and response itself
// and knows no compare-and-set. The session is loaded again and the change
// merged in, under a lock of this process; another process may still come in
// between.
func (c *conn) commitForeign(ctx context.Context, dirty bits) (lost bits, err error) {
	foreign := c.m.parts.Foreign
	present := !c.fields.bag().present.empty()
	if dirty.empty() && !c.asked() && !c.touch || !c.stored && !present && !c.destroy {
		return lost, nil
	}
	if c.w == nil {
		return lost, fmt.Errorf("session %s: %w: it needs a request and a response", c.m.spec.Name, ErrStateless)
	}
	if !c.canSend() {
		return lost, ErrHeadersSent
	}
	unlock, err := c.m.locks.lock(ctx, foreign.Key(c.r))
	if err != nil {
		return lost, err
	}
	defer unlock()
	if c.destroy {
		err := c.m.watched(ctx, OpDelete, Failed, func(context.Context) error { return foreign.Delete(c.w.inner, c.r) })
		if err != nil {
			return lost, unavailable(err)
		}
		c.forget()
		if !present {
			return lost, nil
		}
	}
	if c.undeliverable(dirty) {
		return lost, ErrNoClient
	}
	a := c.attempt()
	if c.stored {
		fresh := c.freshFields()
		var meta Meta
		err := c.m.watched(ctx, OpLoad, Failed, func(context.Context) error { return foreign.Load(c.r, &meta, fresh) })
		switch {
		case errors.Is(err, ErrNotFound):
			return lost, ErrDestroyed
		case err != nil:
			return lost, unavailable(err)
		}
		base, err := c.baseFields()
		if err != nil {
			return lost, err
		}
		if err := catch(func() { a.lost = merge(base, c.fields, fresh, dirty) }); err != nil {
			return lost, err
		}
		a.fields, a.meta = fresh, meta
	}
	meta := c.nextMeta(a.meta, dirty)
	op := OpUpdate
	if !c.stored {
		op = OpCreate
	}
	if err := c.m.watched(ctx, op, Failed, func(context.Context) error {
		return foreign.Save(c.w.inner, c.r, &meta, a.fields, c.stored && (c.renew || c.login(dirty)))
	}); err != nil {
		return lost, unavailable(err)
	}
	rec, err := snapshot(a.fields, &meta)
	if err != nil {
		return lost, err
	}
	c.adopt(a, rec, meta)
	return a.lost, nil
}

// openForeign loads a session through the request.
func (c *conn) openForeign() error {
	if err := c.m.watched(c.r.Context(), OpLoad, Failed, func(context.Context) error {
		return c.m.parts.Foreign.Load(c.r, &c.meta, c.fields)
	}); err != nil {
		return err
	}
	rec, err := snapshot(c.fields, &c.meta)
	if err != nil {
		return err
	}
	c.base, c.stored, c.baseAt, c.isNew = rec, true, c.now(), false
	return nil
}

// snapshot keeps what was loaded as a record of our own, for a later merge: a
// foreign store has no bytes.
func snapshot(f Fields, meta *Meta) (Record, error) {
	data, err := encode(nil, meta, f, bits{}, 0)
	return Record{Data: data, Stamp: meta.Stamp}, err
}
