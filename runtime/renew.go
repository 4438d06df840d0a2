package runtime

import (
	"context"
	"errors"
	"fmt"
)

// replace stores the session under a new token and ends the old record, in
// this order: a failure in between leaves the old session whole. If the old
// one turns out to be gone, somebody logged out meanwhile, and the new record
// is removed again.
func (c *conn) replace(ctx context.Context, dirty bits) (lost bits, err error) {
	unlock, err := c.m.locks.lock(ctx, c.key)
	if err != nil {
		return lost, err
	}
	defer unlock()
	a := c.attempt()
	var token, key string
	var rec Record // under the new key
	withdraw := func(cause error) (bits, error) {
		if key != "" {
			c.remove(ctx, key, rec)
		}
		if errors.Is(cause, ErrDestroyed) && c.setsPrincipal(dirty) {
			return c.beginAgain(ctx, dirty)
		}
		return lost, cause
	}
	for try := range maxTries {
		meta := c.nextMeta(a.meta, dirty)
		data, err := c.m.encode(a.base.Data, &meta, a.fields, dirty)
		if err != nil {
			return withdraw(err)
		}
		next := c.m.record(data, &meta, c.m.indexOf(data, a.fields))
		if key == "" {
			token, key, err = c.insert(ctx, next)
		} else {
			err = c.write(ctx, key, rec, next)
		}
		if err != nil {
			return withdraw(err)
		}
		rec = next
		switch err = c.end(ctx, a.base); {
		case err == nil:
			c.token, c.key = token, key
			c.adopt(a, rec, meta)
			return a.lost, c.send(token, &meta)
		case errors.Is(err, ErrNotFound):
			return withdraw(ErrDestroyed)
		case !errors.Is(err, ErrConflict):
			return withdraw(err)
		}
		if err := pause(ctx, try); err != nil {
			return withdraw(err)
		}
		if a, err = c.rebase(ctx, dirty); err != nil {
			return withdraw(err)
		}
	}
	return withdraw(fmt.Errorf("session %s: %w, %d times in a row", c.m.spec.Name, ErrConflict, maxTries))
}

// end ends the record under the session's key if it is still old: a tombstone
// takes its place, or nothing where the format is not ours.
func (c *conn) end(ctx context.Context, old Record) error {
	old.Index = c.oldIndex(old)
	if c.m.parts.Format == nil {
		err := c.write(ctx, c.key, old, c.m.tombstone(c.now()))
		if errors.Is(err, ErrUnclear) {
			err = ErrConflict // nobody writes over a tombstone: it was not written
		}
		return err
	}
	bound, cancel := c.m.bound(ctx)
	defer cancel()
	err := c.m.records.Delete(bound, c.key, old)
	if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrConflict) {
		err = unavailable(err)
	}
	return err
}

// bury ends the record that Destroy was called on, whatever it has become
// meanwhile, and makes the session a new one.
func (c *conn) bury(ctx context.Context) error {
	unlock, err := c.m.locks.lock(ctx, c.key)
	if err != nil {
		return err
	}
	defer unlock()
	old := c.base
	for try := range maxTries {
		err = c.end(ctx, old)
		if err == nil || errors.Is(err, ErrNotFound) {
			c.forget()
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
		c.retries++
		if old, err = c.m.load(ctx, c.key); errors.Is(err, ErrNotFound) {
			c.forget()
			return nil
		} else if err != nil {
			return err
		}
	}
	return fmt.Errorf("session %s: %w, %d times in a row", c.m.spec.Name, ErrConflict, maxTries)
}

// forget makes the session one that was never stored.
func (c *conn) forget() {
	c.token, c.key, c.base, c.meta = "", "", Record{}, Meta{}
	c.stored, c.buried, c.destroy, c.resend = false, false, false, false
}

// beginAgain stores what a login set in a session of its own.
func (c *conn) beginAgain(ctx context.Context, dirty bits) (lost bits, err error) {
	if lost, err = c.leave(dirty); err != nil {
		return lost, err
	}
	return lost, c.create(ctx)
}

// leave keeps what a login set and nothing else: the session that it began from
// has ended meanwhile, and nothing of that one comes back.
func (c *conn) leave(dirty bits) (lost bits, err error) {
	base, err := c.baseFields()
	if err != nil {
		return lost, err
	}
	if dirty, err = c.exactly(dirty); err != nil {
		return lost, err
	}
	own := c.freshFields()
	if err := catch(func() { lost = merge(base, c.fields, own, dirty) }); err != nil {
		return lost, err
	}
	c.replaceFields(own)
	c.forget()
	return lost, nil
}

// destroyKey ends the record under key, whatever it holds.
func (c *conn) destroyKey(ctx context.Context, key string) error {
	rec, err := c.m.load(ctx, key)
	if err != nil {
		return err
	}
	ctx, cancel := c.limited(ctx)
	defer cancel()
	c.key, c.base, c.stored, c.baseAt = key, rec, true, c.now()
	return c.bury(ctx)
}

// remove takes back a record that nobody has the token of. If the store can't
// answer, it expires.
func (c *conn) remove(ctx context.Context, key string, rec Record) {
	bound, cancel := c.m.bound(context.WithoutCancel(ctx))
	defer cancel()
	if err := c.m.records.Delete(bound, key, rec); err != nil && !errors.Is(err, ErrNotFound) {
		c.m.report(c.r, unavailable(err), "a record without token could not be removed; it will expire")
	}
}
