package runtime

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// conn joins a session to its manager and to what is stored of it.
type conn struct {
	m      *manager
	fields Fields
	// session is what the application sees; nil in what a merge works on.
	session Typed
	meta    Meta

	token  string // the bearer secret; "" if it is not known or there is none yet
	key    string // of the stored record; also the public handle
	base   Record // what was loaded or committed last
	stored bool   // base is what the store has under key, as far as known
	baseAt int64  // when base was loaded or committed, which decides what had lapsed in it

	pending struct{ token, key string } // made early for ID, used when a record is created

	used        bool        // somebody asked for the session
	lasts       bool        // the request may take long: it streams, or saves on its own
	buried      bool        // the request's token was renewed or destroyed a moment ago
	optional    bool        // the handler can do without the store
	unavailable bool        // the store could not answer
	ended       atomic.Bool // the request is over; a goroutine that outlives it may ask
	resend      bool        // the token is to be sent anew: an old key made it
	committing  bool        // a commit is under way, or has panicked
	retries     uint8       // of the commit under way, for the observer
	isNew       bool
	forged      bool // the request's token is none of ours
	stale       bool // the request's token opens nothing, and did not a moment ago either

	// What was asked for and is done by the next commit.
	destroy bool // end the record under key
	discard bool // make the client forget a stale token
	left    bool // Destroy was called on a session that had ended a moment before
	always  bool // store the session even if nothing is set
	rewrite bool // store it even if nothing was changed
	renew   bool
	restart bool // the clocks
	touch   bool
	maxAge  time.Duration
	ageSet  bool
	edits   *[]func(*Meta) // nil, as for nearly every request, for none

	abandoned bool // nothing more is stored or sent

	w *writer       // nil without a request
	r *http.Request // nil without a request
}

func (c *conn) now() int64 { return c.m.cfg.Now().UnixMilli() }

// ID returns the session's public handle: a hash that opens nothing, safe in
// logs, forms and job payloads. Sessions.Load, Update and Destroy take it.
// Renewal and a new principal change it. It is "" for a session without manager,
// and in a sealed cookie that another program shares, which holds no id.
func (b *Bag) ID() string {
	c := b.conn
	if c == nil {
		return ""
	}
	if c.key == "" && c.m.parts.Records != nil {
		c.prepare()
	}
	if c.key == "" {
		return c.pending.key
	}
	return c.key
}

// IsNew tells whether the request came without a session.
func (b *Bag) IsNew() bool { return b.conn == nil || b.conn.isNew }

// CreatedAt returns when the session was first stored; the zero time if it was
// not yet. A sealed session begins anew when its clocks do.
func (b *Bag) CreatedAt() time.Time { return b.instant(func(m *Meta) int64 { return m.Created }) }

// ExpiresAt returns when the session ends if it is not used: the idle timeout
// or the absolute deadline, whichever comes first. It is the zero time for
// never and for a session that was not stored yet.
func (b *Bag) ExpiresAt() time.Time { return b.instant(func(m *Meta) int64 { return m.Expires }) }

// LastSeen returns when the session was last used, as far as its record tells:
// uses less than a tenth of the idle timeout after that are not noted. For the
// request's own session it is the use before this one, until it is committed.
// Sessions.Update counts as a use.
//
// It is the zero time where that is not known because the session's end does not
// move with its use: without an idle timeout, after SetMaxAge, in the last idle
// timeout before the absolute deadline, and of a session that was not stored yet.
func (b *Bag) LastSeen() time.Time { return b.instant((*Meta).lastUse) }

func (b *Bag) instant(of func(*Meta) int64) time.Time {
	if b.conn == nil || of(&b.conn.meta) == 0 {
		return time.Time{}
	}
	return time.UnixMilli(of(&b.conn.meta)).UTC()
}

// Unavailable tells whether the store could not answer, under
// Sessions.Optional: the session is empty, and what is set is not saved.
func (b *Bag) Unavailable() bool { return b.conn != nil && b.conn.unavailable }

// Renew gives the session a new id and token when it is committed: same data,
// same absolute deadline. The old token is void from then on. If the client has
// gone by then, the commit fails with [ErrNoClient].
func (b *Bag) Renew() {
	if b.conn != nil {
		b.conn.renew = true
	}
}

// Reauthenticate is Renew after the user has proved who they are: both clocks
// restart too (NIST SP 800-63B-4, section 5.2).
func (b *Bag) Reauthenticate() {
	if b.conn != nil {
		b.conn.renew, b.conn.restart = true, true
	}
}

// Destroy ends the session: its record is gone for good and the browser's
// cookie is deleted. A set after it begins a fresh anonymous session, so that a
// logout can leave a flash message. The fields of a session without manager,
// such as a test's, stay; they only count as not set.
func (b *Bag) Destroy() {
	b.present, b.changed, b.added, b.lent = bits{}, bits{}, bits{}, bits{}
	b.extra = nil
	c := b.conn
	if c == nil {
		return
	}
	for i := range c.fields.Spec().Fields {
		c.fields.Read(i, &Reader{}) // without input a field becomes zero
	}
	c.destroy = c.destroy || c.stored || c.unavailable
	c.discard = c.discard || c.stale
	c.left = c.left || c.buried
	c.renew, c.restart, c.touch, c.ageSet = false, false, false, false
	c.always, c.edits = false, nil
	c.pending.token, c.pending.key = "", ""
}

// Touch moves the session's end as any use does, without waiting for a tenth of
// the idle timeout to pass.
func (b *Bag) Touch() {
	if b.conn != nil {
		b.conn.touch = true
	}
}

// SetMaxAge makes the session last d from now, used or not: "remember me". The
// absolute deadline becomes now+d and the idle timeout d. Renew keeps both;
// another principal ends them unless SetMaxAge is called again. A duration that
// is not positive makes the commit fail with [ErrMaxAge].
func (b *Bag) SetMaxAge(d time.Duration) {
	if b.conn != nil {
		b.conn.maxAge, b.conn.ageSet = d, true
	}
}

// Save commits the session now, before its request does. Afterwards the session
// holds what was merged with the changes of other requests; a slice, map or
// pointer that was read before is then no longer the session's.
func (b *Bag) Save(ctx context.Context) error {
	if b.conn == nil {
		return ErrNoManager
	}
	b.conn.lasts = true
	return b.conn.commit(ctx)
}

// Reload reads the session again and drops what was not saved. It returns
// [ErrNotFound] if the session has ended meanwhile. Where the store keeps no
// records on the server it only drops what was not saved, and looks at the
// revocation list if there is one.
func (b *Bag) Reload(ctx context.Context) error {
	c := b.conn
	switch {
	case c == nil:
		return ErrNoManager
	case c.ended.Load():
		return ErrEnded
	case c.unavailable:
		return ErrUnavailable
	case !c.stored:
		return ErrNotFound
	}
	rec := c.base
	if c.m.parts.Records != nil {
		var err error
		if rec, err = c.m.load(ctx, c.key); err != nil {
			return err
		}
	}
	if _, err := c.stillAdmitted(ctx, 0); err != nil {
		return err
	}
	fresh := c.fields.Fresh()
	meta, now := Meta{}, c.now()
	if err := c.m.decodeAt(&rec, &meta, fresh, now); err != nil {
		return err
	}
	c.replaceFields(fresh)
	c.base, c.meta, c.baseAt = rec, meta, now
	c.settled()
	c.follow()
	return nil
}

// prepare makes the token and key that the session will have, for ID.
func (c *conn) prepare() {
	if c.pending.key == "" {
		token, key, err := "", "", error(nil)
		if own, ok := c.m.tokens.(RequestTokens); ok {
			token, key, err = own.NewFor(c.r)
		} else {
			token, key, err = c.m.tokens.New()
		}
		if err == nil {
			c.pending.token, c.pending.key = token, key
		}
	}
}

// settled forgets what was asked for: it is done.
func (c *conn) settled() {
	b := c.fields.bag()
	b.changed, b.added = bits{}, bits{}
	if x := b.extra; x != nil {
		x.updates, x.touched, x.taken, x.restarted, x.bare = nil, nil, bits{}, bits{}, false
	}
	if c.stored { // else it is for the record to come
		c.renew, c.restart, c.ageSet = false, false, false
	}
	c.destroy, c.discard, c.touch, c.resend, c.rewrite = false, false, false, false, false
}

// replaceFields makes the session's fields those of from.
func (c *conn) replaceFields(from Fields) {
	to := c.fields
	b, fb := to.bag(), from.bag()
	for i := range to.Spec().Fields {
		// If a type does not read what it wrote, its field is empty until the
		// next request.
		if err := catch(func() { copyField(to, from, uint8(i)) }); err != nil {
			c.m.misfit(uint8(i), err)
		}
	}
	b.extra = fb.extra
	b.lent = b.lent.and(b.present)
}

// copyField makes field i of to what it is in from, unless it is that already:
// a slice or map that a caller holds stays the session's.
func copyField(to, from Fields, i uint8) {
	tb, fb := to.bag(), from.bag()
	if !fb.present.has(i) {
		if tb.present.has(i) {
			to.Read(int(i), &Reader{})
			tb.present.unset(i)
		}
		return
	}
	raw := from.Append(int(i), nil)
	same := false
	if tb.present.has(i) {
		// What can't be encoded is not the same.
		_ = catch(func() { same = string(to.Append(int(i), nil)) == string(raw) })
	}
	if !same {
		readBack(to, i, raw)
	}
}

// readBack makes field i what raw says, in place of what it is.
func readBack(f Fields, i uint8, raw []byte) {
	f.Read(int(i), &Reader{}) // a rest field keeps its entries otherwise
	r := Reader{data: raw}
	f.Read(int(i), &r)
	f.bag().present.set(i)
	if r.err != nil {
		f.bag().present.unset(i)
		panic(encodeError{fmt.Errorf("field %s: its type does not read what it wrote: %s", f.Spec().Fields[i].Name, kindOf(r.err))})
	}
}
