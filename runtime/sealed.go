package runtime

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
)

// commitSealed commits to a store that keeps the whole session in the token: of
// parallel responses the last one wins. Where the store notes what has ended, a
// session that has is not sent again, and a new id ends the old one first.
func (c *conn) commitSealed(ctx context.Context, dirty bits) (lost bits, err error) {
	present := !c.fields.bag().present.empty() || c.always
	change := !dirty.empty() && (present || c.stored && !c.destroy) || c.asked() && c.stored && !c.destroy || c.always && !c.stored
	meta := c.meta
	moved := meta.use(c.lately())
	asked := c.touchAsked()
	touch := moved > 0 && (c.touch || c.used && !asked && moved*10 >= meta.Idle) || asked && c.touch
	due := c.stored && !c.destroy && (c.resend && c.used || touch)
	switch {
	case !change && !c.destroy && !c.discard && !due:
		return lost, nil
	case !c.canSend() && !change && !c.destroy:
		return lost, nil // the rest can wait for the next response
	case !c.canSend():
		return lost, ErrHeadersSent
	}
	now := c.now()
	if change && c.stored && !c.destroy && c.expired(now) && !c.login(dirty) && !c.restart {
		return lost, ErrDestroyed
	}
	forget := c.destroy || c.discard
	if c.destroy {
		if err := c.revokeOwn(ctx); err != nil && !errors.Is(err, ErrNotFound) {
			return lost, err
		}
		c.forget()
	}
	if forget && !present {
		c.deleteToken()
		return lost, nil
	}
	if c.buried && !c.setsPrincipal(dirty) {
		return lost, c.refuseBuried()
	}
	began, err := c.stillAdmitted(ctx, now)
	if err == nil {
		err = c.sealNext(ctx, dirty, began)
	}
	if !errors.Is(err, ErrNotFound) {
		return lost, err
	}
	switch { // it has ended since it was opened
	case c.setsPrincipal(dirty):
		if lost, err = c.leave(dirty); err != nil {
			return lost, err
		}
		return lost, c.sealNext(ctx, dirty, now)
	case change:
		return lost, ErrDestroyed
	}
	return lost, nil
}

// sealNext seals the session as it is now and sends it; if its clocks restart
// it began at began. It returns ErrNotFound if it needs a new id and the old
// one has ended.
func (c *conn) sealNext(ctx context.Context, dirty bits, began int64) error {
	id := c.meta.Stamp
	renewed := !c.stored || c.renew || c.login(dirty) || c.ageSet && c.m.parts.Revoked != nil
	if renewed {
		id = rand.Uint64()
	}
	meta := c.nextMeta(c.meta, dirty)
	if c.login(dirty) || c.restart {
		began, err := c.begunAfter(ctx, began, dirty)
		if err != nil {
			return err
		}
		meta.Created = began
	}
	meta.Stamp = id
	if c.m.revocable() {
		meta = meta.capped()
	}
	if c.touchAsked() && c.stored && dirty.empty() && !c.touch && !c.asked() {
		meta.Expires = c.meta.Expires
	}
	data, err := c.m.encode(c.base.Data, &meta, c.fields, dirty)
	if err != nil {
		return err
	}
	sealed, err := c.seal(ctx, data)
	if err != nil {
		return err
	}
	token := string(sealed)
	if renewed && c.stored && c.m.parts.Revoked != nil {
		// What can't be sent must not end the old session.
		if err := c.m.transport.Set(discarded{}, token, c.age(&meta)); err != nil {
			return err
		}
		if err := c.revokeOwn(ctx); err != nil {
			return err
		}
	}
	c.token = token
	c.committed(c.m.record(data, &meta, nil), meta)
	c.key = c.sealedKey(id)
	return c.send(c.token, &meta)
}

// stillAdmitted returns ErrNotFound if the session that is about to be sent
// again was ended since it was opened; else when it begins if its clocks
// restart now. That instant was read before the list was: what is noted from
// here on ends the session all the same.
func (c *conn) stillAdmitted(ctx context.Context, now int64) (began int64, err error) {
	if !c.stored || !c.m.revocable() {
		return now, nil
	}
	base, err := c.baseFields()
	if err != nil {
		return 0, err
	}
	// NotBefore is not asked again: what keeps its beginning is refused by the
	// next request, and a login or Reauthenticate is what begins anew.
	instant, err := c.admit(ctx, &c.meta, base)
	return max(now, c.meta.Created, instant), err
}

// revokeOwn notes that the session as it was opened has ended. It returns
// ErrNotFound if it had ended before.
func (c *conn) revokeOwn(ctx context.Context) error {
	if c.m.parts.Revoked == nil {
		return nil
	}
	return c.revoke(ctx, c.key, c.lastExpiry(c.now()))
}

// discarded is a response that nobody gets, to see whether a token can be sent.
type discarded struct{}

func (discarded) Header() http.Header         { return http.Header{} }
func (discarded) Write(p []byte) (int, error) { return len(p), nil }
func (discarded) WriteHeader(int)             {}

// expired tells whether the session's absolute deadline has passed, which it
// may during a request.
func (c *conn) expired(now int64) bool { return c.meta.Deadline != 0 && c.meta.Deadline <= now }

// sealedID is the public handle of a sealed session: its id, hashed like a token.
func sealedID(id uint64) string {
	var raw [8]byte
	for i := range raw {
		raw[i] = byte(id >> (8 * i))
	}
	return randomTokens{"sealed"}.key(raw[:])
}

// sealedKey is sealedID, "" where another program's format has no id.
func (c *conn) sealedKey(id uint64) string {
	if c.m.parts.Format != nil {
		return ""
	}
	return sealedID(id)
}

// touchAsked tells whether the store's policy has only what is asked for move a
// session's end.
func (c *conn) touchAsked() bool { return c.m.parts.Policy != nil && c.m.parts.Policy.TouchAsked }

// openSealed loads a session from its token.
func (c *conn) openSealed(ctx context.Context, token string) error {
	data, reseal, err := c.m.parts.Sealer.Open(token)
	if err != nil {
		c.forged = errors.Is(err, ErrNotFound)
		return err
	}
	rec, now := Record{Data: data}, c.now()
	if err := c.m.decodeAt(&rec, &c.meta, c.fields, now); err != nil {
		return err
	}
	if c.m.revocable() {
		_, err := c.admit(ctx, &c.meta, c.fields)
		if err == nil {
			err = c.notBefore(ctx, &c.meta)
		}
		if err != nil {
			c.startOver() // nobody sees a session that may have ended
			return err
		}
	}
	rec.Stamp = c.meta.Stamp
	c.base, c.stored, c.baseAt, c.token, c.resend, c.isNew = rec, true, now, token, reseal, false
	c.key = c.sealedKey(c.meta.Stamp)
	return nil
}
