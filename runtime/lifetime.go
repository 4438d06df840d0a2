package runtime

import (
	"math/rand/v2"
	"time"
)

// nextMeta returns what meta becomes by this commit, with a new stamp.
func (c *conn) nextMeta(meta Meta, dirty bits) Meta {
	now := c.now()
	if login := c.login(dirty); c.fresh(&meta) || login || c.restart {
		idle, kept := meta.Idle, meta.MaxAge && !login
		c.start(&meta, now)
		if kept { // remembered, and the same user: as long again
			meta.MaxAge, meta.Idle, meta.Deadline = true, idle, min(now+idle, maxInstant)
		}
	}
	if c.ageSet {
		meta.MaxAge, meta.Idle = true, min(c.maxAge.Milliseconds(), maxIdle)
		meta.Deadline = min(now+c.maxAge.Milliseconds(), maxInstant)
	}
	c.edit(&meta)
	meta.use(now)
	meta.Stamp = rand.Uint64()
	return meta
}

// fresh tells whether meta is that of a session that was not stored yet: one of
// ours says when it was created, another program's may not.
func (c *conn) fresh(meta *Meta) bool {
	return meta.Created == 0 && (c.m.parts.Policy == nil || meta.Idle == 0 && meta.Shared == nil)
}

// newEntryMeta is the header of what is noted of sessions that have ended.
func newEntryMeta(at, expires int64) Meta {
	return Meta{Stamp: rand.Uint64(), Created: at, Expires: expires}
}

// tombstone marks a session that was renewed or destroyed, for a minute: it
// keeps neither data nor where the session went.
func (m *manager) tombstone(now int64) Record {
	meta := newEntryMeta(now, now+tombstoneLife.Milliseconds())
	return m.record(appendHeader(nil, &meta), &meta, []IndexEntry{})
}

const tombstoneLife = time.Minute

// start begins the clocks of a session.
func (c *conn) start(meta *Meta, now int64) {
	m := c.m
	*meta = Meta{Stamp: meta.Stamp, Created: meta.Created}
	if meta.Created == 0 {
		meta.Created = now
	}
	if p := m.parts.Policy; p != nil && p.Start != nil {
		own := *meta // so that meta itself stays on the stack
		p.Start(c.r, &own, now)
		*meta = own
		return
	}
	if d := m.cfg.IdleTimeout; d != Never {
		meta.Idle = min(d.Milliseconds(), maxIdle)
	}
	if d := m.cfg.AbsoluteTimeout; d != Never {
		meta.Deadline = min(now+d.Milliseconds(), maxInstant)
	}
}

// use moves a session's end as a use at now does, and returns by how much.
func (meta *Meta) use(now int64) int64 {
	before := meta.Expires
	meta.Expires = meta.Deadline
	if meta.Idle != 0 && (meta.Deadline == 0 || now+meta.Idle < meta.Deadline) {
		meta.Expires = min(now+meta.Idle, maxInstant)
	}
	return meta.Expires - before
}

// lastUse is the last use that has moved the session's end; 0 if the end is not
// one that use moves.
func (meta *Meta) lastUse() int64 {
	if meta.Idle == 0 || meta.Deadline != 0 && meta.Expires >= meta.Deadline {
		return 0
	}
	return max(meta.Expires-meta.Idle, 0)
}
