package runtime

import (
	"context"
	"errors"
	"time"
)

// lately is the time as far as a touch needs to know it: that of the load, so
// that most requests do not read the clock again, but the clock's for those that
// may have taken long.
func (c *conn) lately() int64 {
	if c.touch || c.w == nil || c.lasts {
		return c.now()
	}
	return c.baseAt
}

// touchRecord moves the record's expiry, at most once in a tenth of the idle timeout.
func (c *conn) touchRecord(ctx context.Context) error {
	meta := c.meta
	c.edit(&meta)
	moved := meta.use(c.lately())
	if moved > 0 && (c.touch || c.used && moved*10 >= meta.Idle) {
		bound, cancel := c.m.bound(ctx)
		defer cancel()
		err := c.m.records.Touch(bound, c.key, c.base, time.UnixMilli(meta.Expires))
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
		return c.send(c.token, &meta)
	}
	return nil
}
