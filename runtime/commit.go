package runtime

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// maxTries bounds how often a commit merges with what others committed first.
// A lock a key makes conflicts come from other processes alone.
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
		return lost, ErrEnded
	}
	b := c.fields.bag()
	if b.extra != nil {
		for i := range b.extra.deadlines {
			b.dropLapsed(c.fields, i)
		}
	}
	dirty, err := c.dirtyFields()
	if err != nil {
		return lost, fmt.Errorf("session %s: %w", c.m.spec.Name, err)
	}
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
		err = c.commitSealed(dirty)
	case c.m.parts.Foreign != nil:
		lost, err = c.commitForeign(ctx, dirty)
	default:
		ctx, cancel := c.limited(ctx)
		lost, err = c.commitRecord(ctx, dirty)
		cancel()
	}
	if err == nil {
		c.settled()
	}
	return lost, err
}

// limited bounds a whole commit, its waits and tries included. A client that
// disconnects does not end it; a deadline of the caller's does.
func (c *conn) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.r != nil {
		deadline, ok := ctx.Deadline()
		ctx = context.WithoutCancel(ctx)
		if ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline)
			return ctx, cancel
		}
	}
	if c.m.parts.Local {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, commitTimeouts*c.m.cfg.StoreTimeout)
}

// commitTimeouts is how many times the limit of a call a commit may take.
const commitTimeouts = 2

// asked tells whether a method of the session asked for something.
func (c *conn) asked() bool { return c.destroy || c.renew || c.restart || c.ageSet }

// login tells whether the change of dirty sets or clears a principal.
func (c *conn) login(dirty bits) bool { return !dirty.and(c.m.spec.principal).empty() }

// setsPrincipal tells whether a principal was set, not merely cleared.
func (c *conn) setsPrincipal(dirty bits) bool {
	return !dirty.and(c.m.spec.principal).and(c.fields.bag().present).empty()
}

// canSend tells whether a cookie can still be sent; a session without request needs none.
func (c *conn) canSend() bool { return c.w == nil || !c.w.began }

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
		if c.left { // a logout that came twice
			c.m.report(c.r, ErrDestroyed, "what was set after a repeated Destroy is not saved")
			return lost, nil
		}
		return lost, ErrDestroyed
	case !c.canSend() && (!c.stored || c.renew || c.ageSet || c.login(dirty)):
		return lost, ErrHeadersSent
	case !c.stored:
		return lost, c.create(ctx)
	case c.w == nil && c.token == "" && (c.renew || c.login(dirty)):
		return lost, fmt.Errorf("session %s: a session loaded by its id can't get a new token: set the principal in a request, or use Destroy", c.m.spec.Name)
	case c.renew || c.login(dirty):
		return c.replace(ctx, dirty)
	case !dirty.empty() || c.ageSet:
		return c.update(ctx, dirty)
	default:
		return lost, c.touchRecord(ctx)
	}
}

// nextMeta returns what meta becomes by this commit, with a new stamp.
func (c *conn) nextMeta(meta Meta, dirty bits) Meta {
	now := c.now()
	fresh := meta.Created == 0
	if login := c.login(dirty); fresh || login || c.restart {
		idle, kept := meta.Idle, meta.MaxAge && !login
		c.m.start(&meta, now)
		if kept { // remembered, and the same user: as long again
			meta.MaxAge, meta.Idle, meta.Deadline = true, idle, min(now+idle, maxInstant)
		}
	}
	if c.ageSet {
		meta.MaxAge, meta.Idle = true, min(c.maxAge.Milliseconds(), maxIdle)
		meta.Deadline = min(now+c.maxAge.Milliseconds(), maxInstant)
	}
	meta.use(now)
	meta.Stamp = rand.Uint64()
	return meta
}

// age is how long the client shall keep the token.
func (c *conn) age(meta *Meta) time.Duration {
	if meta.Deadline == 0 {
		return maxCookieAge
	}
	left := min(meta.Deadline-c.now(), maxCookieAge.Milliseconds())
	return max(time.Duration(left)*time.Millisecond, time.Second)
}

// send sends the token, if there is a request to answer.
func (c *conn) send(token string, meta *Meta) error {
	if c.w == nil {
		return nil
	}
	age := c.age(meta)
	err := c.m.transport.Set(c.w.inner, token, age)
	if err == nil {
		c.w.sent = func(t Transport, w http.ResponseWriter) { _ = t.Set(w, token, age) }
	}
	return err
}

// deleteToken makes the client forget its token, if there is a request to answer.
func (c *conn) deleteToken() {
	if c.w != nil && c.canSend() {
		c.m.transport.Delete(c.w.inner)
		c.w.sent = func(t Transport, w http.ResponseWriter) { t.Delete(w) }
	}
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
			if c.ageSet || c.resend && c.used && c.canSend() {
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

// touchRecord moves the record's expiry, at most once in a tenth of the idle timeout.
func (c *conn) touchRecord(ctx context.Context) error {
	meta := c.meta
	moved := meta.use(c.now())
	if moved > 0 && (c.touch || c.used && moved*10 >= meta.Idle) {
		bound, cancel := c.m.bound(ctx)
		defer cancel()
		err := c.m.parts.Records.Touch(bound, c.key, c.base, time.UnixMilli(meta.Expires))
		switch {
		case err == nil:
			c.meta.Expires = meta.Expires
			c.base.Expires = time.UnixMilli(meta.Expires)
		case errors.Is(err, ErrConflict), errors.Is(err, ErrNotFound):
			// Another request wrote, which moves the expiry too, or ended the session.
		case c.optional:
			c.m.report(c.r, unavailable(err), "the session's end could not be moved")
		default:
			return unavailable(err)
		}
	}
	if c.resend && c.used && c.canSend() && c.token != "" {
		return c.send(c.token, &c.meta)
	}
	return nil
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
