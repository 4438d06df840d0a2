package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A sealed session can't be taken back from the client. What has ended is
// therefore noted on the server, where the store offers [Parts].Revoked: the id
// of each session that was destroyed or got a new id, and for each principal
// that was logged out everywhere the instant before which its sessions began.

// revocable tells whether sealed sessions can be ended on the server.
func (m *manager) revocable() bool { return m.parts.Revoked != nil || m.parts.NotBefore != nil }

// revocableLife ends a revocable sealed session so long after it began, whatever
// the timeouts say, so that what is noted of it can end too. It is as long as
// browsers keep a cookie.
const revocableLife = maxCookieAge

// capped returns meta with the end that a revocable session has in any case.
func (meta Meta) capped() Meta {
	end := meta.Created + revocableLife.Milliseconds()
	if meta.Deadline == 0 || meta.Deadline > end {
		meta.Deadline = end
	}
	if meta.Expires == 0 || meta.Expires > end {
		meta.Expires = end
	}
	return meta
}

// admit returns ErrNotFound if the sealed session with meta and f was ended on
// the server, errBuried if that was a moment ago; else the instant before which
// its principals' sessions may not have begun, unless they are excepted.
func (c *conn) admit(ctx context.Context, meta *Meta, f Fields) (instant int64, err error) {
	now := c.now()
	if meta.capped().Expires <= now {
		return 0, errExpired
	}
	if c.m.parts.Revoked == nil {
		return 0, nil
	}
	rec, err := c.m.listed(ctx, sealedID(meta.Stamp))
	if err != nil {
		return 0, err
	}
	if rec.Data != nil {
		return 0, endedAt(createdAt(rec.Data), now)
	}
	for _, key := range c.m.guards(f, c.m.spec.principal) {
		rec, err := c.m.listed(ctx, key)
		if err != nil {
			return 0, err
		}
		at := createdAt(rec.Data)
		if meta.Created < at && !slices.Contains(exceptions(rec.Data), meta.Created) {
			return 0, endedAt(at, now)
		}
		instant = max(instant, at)
	}
	return instant, nil
}

// notBefore returns ErrNotFound if the application says that the session, which
// began with meta, has ended.
func (c *conn) notBefore(ctx context.Context, meta *Meta) error {
	if c.m.parts.NotBefore == nil {
		return nil
	}
	ctx, cancel := c.m.bound(ctx)
	defer cancel()
	switch at, err := c.m.parts.NotBefore(ctx, c.session); {
	case errors.Is(err, ErrNotFound):
		return errOver
	case err != nil:
		return unavailable(err)
	case !at.IsZero() && meta.Created < at.UnixMilli():
		return endedAt(at.UnixMilli(), c.now())
	}
	return nil
}

// endedAt is the error of a session that ended at an instant.
func endedAt(at, now int64) error {
	if now < at+tombstoneLife.Milliseconds() {
		return errBuried
	}
	return errOver
}

// listed returns what the revocation list has under key, the zero Record for
// nothing. An entry that can't be read is an error: it may end the session.
func (m *manager) listed(ctx context.Context, key string) (Record, error) {
	rec, err := m.load(ctx, key)
	switch {
	case errors.Is(err, errBuried), err == nil && len(rec.Data) >= headerSize && rec.Data[0] == recordVersion:
		return rec, nil
	case errors.Is(err, ErrNotFound):
		return Record{}, nil
	case err == nil:
		err = fmt.Errorf("%w: an entry of the revocation list is not one that this program knows: keep nothing else under its keys, or update the program", ErrUnavailable)
	}
	return Record{}, err
}

// An entry is a record's header: created is when the session ended, or the
// instant before which a principal's sessions began. Behind it stand the
// instants, of 6 bytes, at which sessions began that are excepted. A session
// keeps that instant when it is renewed.
func entry(at, expires int64, except []int64) Record {
	meta := newEntryMeta(at, expires)
	data := appendHeader(nil, &meta)
	for _, began := range except {
		var b [6]byte
		putUint48(b[:], began)
		data = append(data, b[:]...)
	}
	return Record{Data: data, Stamp: meta.Stamp, Expires: time.UnixMilli(expires), Index: []IndexEntry{}}
}

// createdAt reads an entry's instant, 0 if there is no entry.
func createdAt(data []byte) int64 {
	if len(data) < headerSize {
		return 0
	}
	return uint48(data[offCreated:])
}

func exceptions(data []byte) (except []int64) {
	for at := headerSize; at+6 <= len(data); at += 6 {
		except = append(except, uint48(data[at:]))
	}
	return except
}

// guards are the keys under which the list may have an instant for f's principals.
func (m *manager) guards(f Fields, principals bits) (keys []string) {
	for i := range principals.and(f.bag().present).all() {
		keys = append(keys, m.guardsOf(i, f.Append(int(i), nil))...)
	}
	return keys
}

// guardsOf are the keys for one principal's value, under each name of its field.
func (m *manager) guardsOf(i uint8, value []byte) (keys []string) {
	for _, name := range m.spec.names(i) {
		sum := indexEntry(name, value).Sum
		keys = append(keys, randomTokens{"not before " + m.cookie}.key(sum[:]))
	}
	return keys
}

// revoke notes that the sealed session under key has ended; expires is when its
// last cookie does. It returns ErrNotFound if it was noted before.
func (c *conn) revoke(ctx context.Context, key string, expires int64) error {
	err := c.write(ctx, key, Record{}, entry(c.now(), expires, nil))
	if errors.Is(err, ErrExists) || errors.Is(err, ErrUnclear) { // another request's entry is there
		return ErrNotFound
	}
	return err
}

// lastExpiry is when no cookie of the session opens any more: each was sent by
// now, and a change of the timeouts gives the session a new id.
func (c *conn) lastExpiry(now int64) int64 {
	meta := c.meta
	meta.use(now)
	meta.Expires = max(meta.Expires, c.meta.Expires)
	return meta.capped().Expires
}

// revokePrincipal notes that no session of the principal in field i that has
// begun by now opens, but for the excepted.
func (c *conn) revokePrincipal(ctx context.Context, i uint8, value []byte, except []int64) error {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	for _, key := range c.m.guardsOf(i, value) {
		if err := c.raise(ctx, key, except); err != nil {
			return fmt.Errorf("sessiongen: field %s: %w", c.m.spec.Fields[i].Name, err)
		}
	}
	return nil
}

// raise moves the instant under key to now, never back.
func (c *conn) raise(ctx context.Context, key string, except []int64) error {
	for try := range maxTries {
		old, err := c.m.listed(ctx, key)
		if err != nil {
			return err
		}
		now := c.now()
		at := max(now+1, createdAt(old.Data)) // what began in this millisecond ends too
		err = c.write(ctx, key, old, entry(at, now+revocableLife.Milliseconds(), except))
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, ErrExists) && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrUnclear):
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w, %d times in a row", ErrConflict, maxTries)
}

// begunAfter returns began, or the instant before which the sessions of the
// principals just set may not have begun if that is later: a login in the
// millisecond of "log out everywhere", or by a clock that is slow, comes after it.
func (c *conn) begunAfter(ctx context.Context, began int64, dirty bits) (int64, error) {
	if c.m.parts.Revoked == nil {
		return began, nil
	}
	for _, key := range c.m.guards(c.fields, dirty.and(c.m.spec.principal)) {
		rec, err := c.m.listed(ctx, key)
		if err != nil {
			return 0, err
		}
		began = max(began, createdAt(rec.Data))
	}
	return began, nil
}
