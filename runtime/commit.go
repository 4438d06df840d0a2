package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxTries bounds how often a commit merges with what others committed first;
// the package comment states it. A lock a key makes conflicts come from other
// processes alone.
const maxTries = 100

// commit stores what the session's request did. It is the only place where
// conflicts, stamps and cookies are decided. After it the committed state is
// the base, so that a second commit, also a late one, is correct by itself.
func (c *conn) commit(ctx context.Context) error {
	_, err := c.commitTakes(ctx)
	return err
}

// commitTakes is commit; it also returns the flash fields whose take came too
// late, because another request had taken the value first.
func (c *conn) commitTakes(ctx context.Context) (lost bits, err error) {
	if c.ended.Load() {
		return lost, c.m.refused(ctx, ErrEnded)
	}
	if c.committing {
		return lost, fmt.Errorf("session %s: %w: a commit before this one has panicked", c.m.spec.Name, ErrUnclear)
	}
	c.committing = true // and stays so after a panic
	lost, err = c.commitChanges(ctx)
	c.committing = false
	return lost, err
}

// commitChanges commits if there is something to commit.
func (c *conn) commitChanges(ctx context.Context) (lost bits, err error) {
	if c.abandoned {
		return lost, nil
	}
	b := c.fields.bag()
	if b.extra != nil {
		b.endDeadlines(c.m.spec)
		for i := range b.extra.deadlines {
			b.dropLapsed(c.fields, i)
		}
	}
	dirty, err := c.dirtyFields()
	if err != nil {
		return lost, c.m.refused(ctx, fmt.Errorf("session %s: %w", c.m.spec.Name, err))
	}
	if p := c.m.parts.Policy; p != nil && p.IgnoreSame {
		if dirty, err = c.narrow(dirty); err != nil {
			return lost, c.m.refused(ctx, fmt.Errorf("session %s: %w", c.m.spec.Name, err))
		}
	}
	return c.commitObserved(ctx, dirty)
}

// commitDirty commits a change of dirty fields and what was asked for.
func (c *conn) commitDirty(ctx context.Context, dirty bits) (lost bits, err error) {
	if c.ageSet && c.maxAge < time.Millisecond {
		return lost, ErrMaxAge
	}
	if c.unavailable {
		if !dirty.empty() || c.asked() {
			return lost, ErrUnavailable
		}
		return lost, nil
	}
	switch {
	case c.m.parts.Sealer != nil:
		ctx, cancel := c.limited(ctx)
		defer cancel()
		lost, err = c.commitSealed(ctx, dirty)
	case c.m.parts.Foreign != nil:
		lost, err = c.commitForeign(ctx, dirty)
	case dirty.empty() && !c.asked() && !c.always && !c.rewrite:
		lost, err = c.commitRecord(ctx, dirty) // nothing to write, but perhaps a touch
	default:
		ctx, cancel := c.limited(ctx)
		defer cancel()
		lost, err = c.commitRecord(ctx, dirty)
	}
	if err == nil {
		c.settled()
	}
	return lost, err
}

// limited bounds a whole commit, its waits and tries included. A client that
// disconnects does not end it; a deadline of the caller's does.
func (c *conn) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if c.r != nil && ctx.Done() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	if c.m.parts.Local {
		return ctx, func() {}
	}
	limit := time.Now().Add(commitTimeouts * min(c.m.cfg.StoreTimeout, Never/commitTimeouts))
	if !ok || limit.Before(deadline) {
		deadline = limit
	}
	return context.WithDeadline(ctx, deadline)
}

// commitTimeouts is how many times the limit of a call a commit may take.
const commitTimeouts = 2

// asked tells whether a method of the session asked for something.
func (c *conn) asked() bool { return c.destroy || c.renew || c.restart || c.ageSet }

// login tells whether the change of dirty sets or clears a principal.
func (c *conn) login(dirty bits) bool { return dirty.meets(&c.m.spec.principal) }

// setsPrincipal tells whether a principal was set, not merely cleared.
func (c *conn) setsPrincipal(dirty bits) bool {
	set := dirty.and(c.m.spec.principal)
	return set.meets(&c.fields.bag().present)
}

// commitRecord commits to a store of records.
func (c *conn) commitRecord(ctx context.Context, dirty bits) (lost bits, err error) {
	present := !c.fields.bag().present.empty() || c.always
	forget := c.destroy || c.discard
	if c.destroy {
		if err := c.bury(ctx); err != nil {
			return lost, err
		}
	}
	if forget && !present {
		c.deleteToken()
	}
	switch {
	case !c.stored && !present:
		return lost, nil
	case !c.stored && c.buried && !c.setsPrincipal(dirty):
		return lost, c.refuseBuried()
	case !c.canSend() && (!c.stored || c.renew || c.ageSet || c.login(dirty)):
		return lost, ErrHeadersSent
	case c.undeliverable(dirty):
		return lost, ErrNoClient
	case !c.stored:
		return lost, c.create(ctx)
	case c.w == nil && c.token == "" && (c.renew || c.login(dirty)):
		return lost, fmt.Errorf("session %s: a session loaded by its id can't get a new token: set the principal in a request, or use Destroy", c.m.spec.Name)
	case c.renew || c.login(dirty):
		return c.replace(ctx, dirty)
	case !dirty.empty() || c.ageSet || c.rewrite:
		return c.update(ctx, dirty)
	default:
		return lost, c.touchRecord(ctx)
	}
}

// refuseBuried refuses what was set in a session that ended a moment ago.
func (c *conn) refuseBuried() error {
	if c.left { // a logout that came twice
		c.m.report(c.r, ErrDestroyed, "what was set after a repeated Destroy is not saved")
		return nil
	}
	return ErrDestroyed
}

// create stores a session that has no record yet.
func (c *conn) create(ctx context.Context) error {
	meta := c.nextMeta(Meta{}, bits{})
	data, err := c.m.encode(nil, &meta, c.fields, bits{})
	if err != nil {
		return err
	}
	rec := c.m.record(data, &meta, c.m.indexOf(data, c.fields))
	token, key, err := c.insert(ctx, rec)
	if err != nil {
		return err
	}
	c.token, c.key = token, key
	c.committed(rec, meta)
	return c.send(token, &meta)
}

// insert stores rec under a new token.
func (c *conn) insert(ctx context.Context, rec Record) (token, key string, err error) {
	for try := 0; ; try++ {
		c.prepare()
		token, key = c.pending.token, c.pending.key
		c.pending.token, c.pending.key = "", ""
		if key == "" {
			return "", "", fmt.Errorf("session %s: no token could be made", c.m.spec.Name)
		}
		err = c.write(ctx, key, Record{}, rec)
		if errors.Is(err, ErrExists) && try < 3 {
			continue
		}
		return token, key, err
	}
}

// update replaces the record under the session's key.
func (c *conn) update(ctx context.Context, dirty bits) (lost bits, err error) {
	unlock, err := c.m.locks.lock(ctx, c.key)
	if err != nil {
		return lost, err
	}
	defer unlock()
	a := c.attempt()
	for try := range maxTries {
		meta := c.nextMeta(a.meta, dirty)
		data, err := c.m.encode(a.base.Data, &meta, a.fields, dirty)
		if err != nil {
			return lost, err
		}
		rec, old := c.m.record(data, &meta, nil), a.base
		if reindexes(a.fields, dirty) {
			rec.Index = c.m.indexOf(data, a.fields)
			old.Index = c.oldIndex(a.base)
		}
		switch err = c.write(ctx, c.key, old, rec); {
		case err == nil:
			c.adopt(a, rec, meta)
			if c.ageSet || c.resends(dirty, &meta) {
				err = c.send(c.token, &meta)
			}
			return a.lost, err
		case errors.Is(err, ErrNotFound):
			return lost, ErrDestroyed
		case !errors.Is(err, ErrConflict):
			return lost, err
		}
		if err := pause(ctx, try); err != nil {
			return lost, err
		}
		if a, err = c.rebase(ctx, dirty); err != nil {
			return lost, err
		}
	}
	return lost, fmt.Errorf("session %s: %w, %d times in a row", c.m.spec.Name, ErrConflict, maxTries)
}

// oldIndex is the index of a record that is about to be replaced.
func (c *conn) oldIndex(rec Record) []IndexEntry {
	if rec.Index != nil {
		return rec.Index
	}
	f := c.fields
	if c.m.parts.Format != nil {
		if base, err := c.baseFields(); err == nil {
			f = base
		}
	}
	return c.m.indexOf(rec.Data, f)
}
