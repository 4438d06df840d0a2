package runtime

import (
	"net/http"
	"time"
)

// canSend tells whether a cookie can still be sent; a session without request needs none.
func (c *conn) canSend() bool { return c.w == nil || !c.w.began }

// undeliverable tells whether the commit would make a token that reaches nobody:
// a login's or a renewal's whose request's context has ended. Clearing a
// principal is a logout, which is done all the same.
func (c *conn) undeliverable(dirty bits) bool {
	wanted := c.setsPrincipal(dirty) || c.renew && c.stored && !c.login(dirty)
	return wanted && c.r != nil && c.r.Context().Err() != nil
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
	if s := c.m.sender; s != nil {
		own := *meta
		err := s.Send(c.w.inner, c.r, token, &own)
		if err == nil {
			c.w.told(func(_ Transport, w http.ResponseWriter) { _ = s.Send(w, c.r, token, &own) })
		}
		return err
	}
	age := c.age(meta)
	err := c.m.transport.Set(c.w.inner, token, age)
	if err == nil {
		c.w.told(func(t Transport, w http.ResponseWriter) { _ = t.Set(w, token, age) })
	}
	return err
}

// deleteToken makes the client forget its token, if there is a request to answer.
func (c *conn) deleteToken() {
	if c.w == nil || !c.canSend() {
		return
	}
	if s := c.m.sender; s != nil {
		var meta Meta
		c.edit(&meta)
		s.Forget(c.w.inner, c.r, &meta)
		c.w.told(func(_ Transport, w http.ResponseWriter) { s.Forget(w, c.r, &meta) })
	} else {
		c.m.transport.Delete(c.w.inner)
		c.w.told(func(t Transport, w http.ResponseWriter) { t.Delete(w) })
	}
}
