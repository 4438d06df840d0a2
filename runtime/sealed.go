package runtime

import "math/rand/v2"

// commitSealed commits to a store that keeps the whole session in the token:
// of parallel responses the last one wins, and no record can end.
func (c *conn) commitSealed(dirty bits) error {
	present := !c.fields.bag().present.empty()
	now := c.now()
	change := !dirty.empty() && (present || c.stored && !c.destroy) || c.asked() && c.stored && !c.destroy || c.always && !c.stored
	meta := c.meta
	moved := meta.use(now)
	due := c.stored && !c.destroy && (c.resend && c.used || moved > 0 && (c.touch || c.used && moved*10 >= meta.Idle))
	switch {
	case !change && !c.destroy && !c.discard && !due:
		return nil
	case !c.canSend() && !change && !c.destroy:
		return nil // the rest can wait for the next response
	case !c.canSend():
		return ErrHeadersSent
	case change && c.stored && !c.destroy && c.expired(now) && !c.login(dirty) && !c.restart:
		return ErrDestroyed
	}
	forget := c.destroy || c.discard
	if c.destroy {
		c.forget()
	}
	if forget && !present {
		c.deleteToken()
		return nil
	}
	id := c.meta.Stamp
	if !c.stored || c.renew || c.login(dirty) {
		id = rand.Uint64()
	}
	meta = c.nextMeta(c.meta, dirty)
	meta.Stamp = id
	data, err := c.m.encode(c.base.Data, &meta, c.fields, dirty)
	if err != nil {
		return err
	}
	sealed, err := c.m.parts.Sealer.Seal(nil, data)
	if err != nil {
		return err
	}
	c.token = string(sealed)
	c.committed(c.m.record(data, &meta, nil), meta)
	c.key = sealedID(id)
	return c.send(c.token, &meta)
}

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

// openSealed loads a session from its token.
func (c *conn) openSealed(token string) error {
	data, reseal, err := c.m.parts.Sealer.Open(token)
	if err != nil {
		return err
	}
	rec, now := Record{Data: data}, c.now()
	if err := c.m.decodeAt(&rec, &c.meta, c.fields, now); err != nil {
		return err
	}
	rec.Stamp = c.meta.Stamp
	c.base, c.stored, c.baseAt, c.token, c.resend, c.isNew = rec, true, now, token, reseal, false
	c.key = sealedID(c.meta.Stamp)
	return nil
}
