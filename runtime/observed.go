package runtime

import (
	"context"
	"iter"
	"time"
)

// observedRecords are a store's records whose calls an observer is told of.
// Without one, nothing stands between the manager and its store.
type observedRecords struct {
	m     *manager
	inner Records
}

func (o observedRecords) Load(ctx context.Context, key string) (rec Record, err error) {
	w, ctx := o.m.watch(ctx, OpLoad)
	outcome := Panicked
	defer func() { w.end(outcome, 0) }()
	rec, err = o.inner.Load(ctx, key)
	if outcome = outcomeOf(err, Failed); err == nil && o.ends(rec) {
		outcome = Ended
	}
	return rec, err
}

func (o observedRecords) Create(ctx context.Context, key string, new Record) error {
	return o.m.watched(ctx, o.kind(OpCreate, new), Failed, func(ctx context.Context) error {
		return o.inner.Create(ctx, key, new)
	})
}

func (o observedRecords) Update(ctx context.Context, key string, old, new Record) error {
	return o.m.watched(ctx, o.kind(OpUpdate, new), Failed, func(ctx context.Context) error {
		return o.inner.Update(ctx, key, old, new)
	})
}

func (o observedRecords) Touch(ctx context.Context, key string, old Record, expires time.Time) error {
	return o.m.watched(ctx, OpTouch, Failed, func(ctx context.Context) error {
		return o.inner.Touch(ctx, key, old, expires)
	})
}

func (o observedRecords) Delete(ctx context.Context, key string, old Record) error {
	return o.m.watched(ctx, OpDelete, Failed, func(ctx context.Context) error {
		return o.inner.Delete(ctx, key, old)
	})
}

// ends tells whether a record stands for the end of a session: a tombstone, or
// an entry of a revocation list.
func (o observedRecords) ends(rec Record) bool {
	return o.m.parts.Format == nil && (isTombstone(rec.Data) || o.m.parts.Revoked != nil)
}

// kind is op, or OpDelete if rec ends a session.
func (o observedRecords) kind(op Op, rec Record) Op {
	if o.ends(rec) {
		return OpDelete
	}
	return op
}

// observedKeys yields what keys yield and tells the observer how that ended.
func (m *manager) observedKeys(ctx context.Context, keys func(context.Context) iter.Seq2[string, error]) iter.Seq2[string, error] {
	if m.cfg.Observer == nil {
		return keys(ctx)
	}
	return func(yield func(string, error) bool) {
		w, ctx := m.watch(ctx, OpFind)
		outcome := Panicked
		defer func() { w.end(outcome, 0) }()
		var failure error
		for key, err := range keys(ctx) {
			if err != nil {
				failure = err
			}
			before := time.Now()
			more := yield(key, err)
			w.start = w.start.Add(time.Since(before)) // the caller's time is not the store's
			if !more {
				break
			}
		}
		outcome = outcomeOf(failure, Failed)
	}
}

// open loads the session of a token.
func (c *conn) open(ctx context.Context, token string) error {
	if c.m.cfg.Observer == nil {
		return c.openToken(ctx, token)
	}
	w, ctx := c.m.watch(ctx, OpOpen)
	outcome := Panicked
	defer func() { w.end(outcome, 0) }()
	err := c.openToken(ctx, token)
	switch outcome = outcomeOf(err, Invalid); {
	case c.forged:
		outcome = Forged
	case err == nil && c.resend:
		outcome = OldKey
	}
	return err
}

// commitObserved is commitDirty; the observer is told of it if there is
// something to do.
func (c *conn) commitObserved(ctx context.Context, dirty bits) (lost bits, err error) {
	if c.m.cfg.Observer == nil || dirty.empty() && !c.asked() && !c.always {
		return c.commitDirty(ctx, dirty)
	}
	w, ctx := c.m.watch(ctx, OpCommit)
	outcome := Panicked
	c.retries = 0
	defer func() { w.end(outcome, int(c.retries)) }()
	lost, err = c.commitDirty(ctx, dirty)
	outcome = outcomeOf(err, Invalid)
	return lost, err
}

// refused tells the observer of a commit that is refused before it begins, and
// returns why.
func (m *manager) refused(ctx context.Context, why error) error {
	w, _ := m.watch(ctx, OpCommit)
	w.end(outcomeOf(why, Invalid), 0)
	return why
}

// seal seals data with the first key.
func (c *conn) seal(ctx context.Context, data []byte) (token []byte, err error) {
	if c.m.cfg.Observer == nil {
		return c.m.parts.Sealer.Seal(nil, data)
	}
	w, _ := c.m.watch(ctx, OpSeal)
	outcome := Panicked
	defer func() { w.end(outcome, 0) }()
	token, err = c.m.parts.Sealer.Seal(nil, data)
	if outcome = outcomeOf(err, Invalid); err == nil && c.resend {
		outcome = OldKey
	}
	return token, err
}
