package runtime

import (
	"bytes"
	"net/http"
)

// Policy is how the sessions of a store behave where another program that
// shares them decides it: when a session is stored, touched and sent, how long
// it lives and what its cookie looks like. Without one a manager does what its
// [Config] and the package documentation say.
type Policy struct {
	// Transport carries the token in place of Config.Cookie and
	// Config.Transport, which must then be unset. If it is a [Sender], Send and
	// Forget are called and not Set and Delete. Cookie is the name of its cookie as sent, "" for none:
	// two managers of one request must differ in it.
	Transport Transport
	Cookie    string

	// Start sets the clocks of a session that begins at now, Unix milliseconds,
	// in place of Config.IdleTimeout and Config.AbsoluteTimeout, which must then
	// be unset: m.Idle, m.Deadline, and m.Shared if the format needs it. It is
	// called again when a principal is set. r is nil without a request.
	Start func(r *http.Request, m *Meta, now int64)

	// Admit tells whether a request has a session; nil for every one. Where it
	// has none, Middleware calls the next handler as Config.Skip does, and
	// Handler, whose function needs a session, answers with an error.
	Admit func(*http.Request) bool

	SaveNew   bool // store a new session although nothing is set
	SaveRead  bool // store a session again although nothing was changed
	TouchRead bool // move the end of a session with every request, not once in a tenth of its idle timeout
	Resend    bool // send the token of an existing session with every response

	// TouchAsked, beside a Sealer, moves the end of a session where something is
	// set or [Bag.Touch] asks for it, always then, and not because it was used. A
	// session that an old key sealed is sealed anew with the end that it has.
	TouchAsked bool

	// IgnoreSame makes a field that was set to the value which it was loaded with
	// count as unchanged, unless it is a principal or lapses.
	IgnoreSame bool

	// ResendChanged tells whether the token is sent again when a session with
	// this meta was changed; nil for never.
	ResendChanged func(*Meta) bool
}

// Sender is a [Transport] of a [Policy] that looks at the request and the
// session when it sends a token.
type Sender interface {
	Transport
	// Send sends the token of the session that m belongs to. r is the request as
	// it came to the manager. It must set the same headers if it is called again.
	Send(w http.ResponseWriter, r *http.Request, token string, m *Meta) error
	// Forget tells the client of the request to forget its token; of m it gets
	// what [EditMeta] was given since the session was destroyed.
	Forget(w http.ResponseWriter, r *http.Request, m *Meta)
}

// RequestTokens is implemented by [Tokens] whose tokens depend on the request.
type RequestTokens interface {
	// NewFor is New; r is nil without a request.
	NewFor(r *http.Request) (token, key string, err error)
}

// PeekMeta returns what the session's record says beside the fields, or will
// say if it is stored now, its end apart; the zero Meta for a session without manager.
func PeekMeta(session Typed) Meta {
	c := session.SessionFields().bag().conn
	if c == nil {
		return Meta{}
	}
	meta := c.meta
	if c.fresh(&meta) {
		c.start(&meta, c.now())
	}
	c.edit(&meta)
	return meta
}

// EditMeta changes what the session's record says beside the fields. f is
// called when the session is touched or stored, again after each conflict, and
// by [PeekMeta]; the change alone makes nothing be stored.
func EditMeta(session Typed, f func(*Meta)) {
	if c := session.SessionFields().bag().conn; c != nil {
		if c.edits == nil {
			c.edits = new([]func(*Meta))
		}
		*c.edits = append(*c.edits, f)
	}
}

// StoreEmpty makes the session be stored although nothing is set.
func StoreEmpty(session Typed) {
	if c := session.SessionFields().bag().conn; c != nil {
		c.always = true
	}
}

// Abandon ends the session's part in this request: nothing of it is stored,
// touched or sent any more. What Save has stored stands.
func Abandon(session Typed) {
	if c := session.SessionFields().bag().conn; c != nil {
		c.abandoned = true
	}
}

// follow asks for what the store's policy wants of every request.
func (c *conn) follow() {
	p := c.m.parts.Policy
	switch {
	case p == nil || c.unavailable:
	case !c.stored:
		c.always = p.SaveNew
	default:
		c.rewrite, c.touch = p.SaveRead, p.TouchRead
		if p.Resend {
			c.resend, c.used = true, true
		}
	}
}

// resends tells whether a commit of dirty sends the session's token again.
func (c *conn) resends(dirty bits, meta *Meta) bool {
	if c.resend && c.used {
		return c.canSend()
	}
	p := c.m.parts.Policy
	return p != nil && p.ResendChanged != nil && !dirty.empty() && p.ResendChanged(meta) && c.canSend()
}

// narrow returns dirty without the fields whose value is what was loaded.
func (c *conn) narrow(dirty bits) (changed bits, err error) {
	changed = dirty
	if dirty.empty() || !c.stored || c.destroy {
		return changed, nil
	}
	was, err := c.baseFields()
	if err != nil {
		return changed, err
	}
	err = catch(func() {
		for i := range dirty.without(c.m.spec.principal).all() {
			if f := &c.m.spec.Fields[i]; f.TTL != 0 || f.Flash || was.bag().hides(i) {
				continue
			}
			if c.fields.bag().present.has(i) == was.bag().present.has(i) && bytes.Equal(appendField(c.fields, i, nil), appendField(was, i, nil)) {
				changed.unset(i)
			}
		}
	})
	return changed, err
}

// hides tells whether something is stored for field i that did not become its
// value, or that has a deadline.
func (b *Bag) hides(i uint8) bool {
	if b.extra == nil {
		return false
	}
	_, lapses := b.extra.deadlines[i]
	return lapses || b.extra.misfit.has(i)
}

// edit applies what EditMeta was given.
func (c *conn) edit(meta *Meta) {
	if c.edits == nil {
		return
	}
	own := *meta // so that meta itself stays on the stack
	for _, f := range *c.edits {
		f(&own)
	}
	*meta = own
}

// checkPolicy finds settings that a store's policy leaves without effect, and
// puts its transport in place.
func (m *manager) checkPolicy(given Config) error {
	p := m.parts.Policy
	switch {
	case p == nil:
		return nil
	case p.Transport != nil && (given.Transport != nil || given.Cookie != Cookie{}):
		return &ConfigError{"Config.Cookie", "has no effect, and neither has Config.Transport: this store sends a cookie of its own; set its options and leave both unset"}
	case p.Start != nil && given.IdleTimeout != 0:
		return &ConfigError{"Config.IdleTimeout", "has no effect: this store's options say how long a session lives; set those and leave it 0"}
	case p.Start != nil && given.AbsoluteTimeout != 0:
		return &ConfigError{"Config.AbsoluteTimeout", "can't be kept: this store's records do not say when a session began; leave it 0"}
	}
	if p.Transport != nil {
		m.transport, m.sent = p.Transport, ""
		if p.Cookie != "" {
			m.sent = "cookie " + p.Cookie
		}
	}
	m.sender, _ = m.transport.(Sender)
	return nil
}

// admits tells whether the store's policy gives the request a session.
func (m *manager) admits(r *http.Request) bool {
	p := m.parts.Policy
	return p == nil || p.Admit == nil || p.Admit(r)
}

// errNotAdmitted is what a Handler answers that can't have a session.
var errNotAdmitted = &ConfigError{"Sessions.Handler", "the store gives this request no session, since its path is not under the cookie's; mount the handler below it, or look with Sessions.From"}
