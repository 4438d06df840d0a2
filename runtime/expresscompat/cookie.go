package expresscompat

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
)

// Cookie is what a record says of its session's cookie: its part "cookie". A
// Cookie is read with [CookieOf] and changed with [EditCookie].
type Cookie struct {
	// MaxAge is originalMaxAge: how long the session lives from its last use, to
	// the millisecond. It counts if Persistent is set; otherwise the cookie ends
	// with the browser, and the record after Options.TTL.
	MaxAge     time.Duration
	Persistent bool
	// Expires is the end that the record had when it was stored. A touch moves
	// the life of the key alone, so that it may have passed. It is written anew
	// with every write; a change of it has no effect.
	Expires time.Time

	Path        string   // "" for absent
	Domain      string   // "" for absent
	HTTPOnly    Flag     // absent counts as true
	Secure      Flag     // absent counts as false
	Partitioned Flag     // absent counts as false
	Priority    string   // "" for absent
	SameSite    SameSite // SameSiteAbsent for absent

	ttl time.Duration // how long the record lives if the cookie has no age
}

// CookieOf returns the cookie part of the session's record, or of the record
// that it gets if it is stored now.
func CookieOf(session runtime.Typed) Cookie {
	meta := runtime.PeekMeta(session)
	return cookieIn(&meta)
}

// cookieIn is the cookie part of a session's meta; SetMaxAge may have chosen its age.
func cookieIn(m *runtime.Meta) Cookie {
	c, _ := m.Shared.(Cookie)
	if m.MaxAge {
		c.MaxAge, c.Persistent = time.Duration(m.Idle)*time.Millisecond, true
	}
	return c
}

// end is when a session with this cookie ends that was used at now.
func (c *Cookie) end(m *runtime.Meta, now time.Time) time.Time {
	if c.MaxAge <= 0 {
		return now.Add(c.MaxAge)
	}
	return time.UnixMilli(m.Expires)
}

// EditCookie changes the cookie part of the session's record, as a handler in
// Node does that assigns to req.session.cookie: the new MaxAge counts for this
// request's touch too, but the change alone neither stores the session nor
// sends the cookie. f is called again after a conflict; it must be pure.
func EditCookie(session runtime.Typed, f func(*Cookie)) {
	runtime.EditMeta(session, func(m *runtime.Meta) {
		c, ok := m.Shared.(Cookie)
		if !ok {
			return
		}
		before := c
		f(&c)
		m.Shared = c
		if c.MaxAge != before.MaxAge || c.Persistent != before.Persistent {
			m.MaxAge, m.Deadline, m.Idle = false, 0, c.idle()
		}
	})
}

// newCookie is the cookie of a session that begins at now.
func (o *Options) newCookie(opts CookieOptions, secure bool, now int64) Cookie {
	c := Cookie{Path: opts.Path, Domain: opts.Domain, HTTPOnly: True, Partitioned: opts.Partitioned, Priority: opts.Priority, SameSite: opts.SameSite, ttl: o.TTL}
	if c.Path == "" {
		c.Path = "/"
	}
	if opts.NoHTTPOnly {
		c.HTTPOnly = False
	}
	switch opts.Secure {
	case SecureFalse:
		c.Secure = False
	case SecureTrue:
		c.Secure = True
	case SecureAuto:
		if c.Secure = False; secure {
			c.Secure = True
		}
	}
	if opts.SameSite == SameSiteAuto {
		if c.SameSite = SameSiteLax; secure {
			c.SameSite = SameSiteNone
		}
	}
	switch {
	case opts.MaxAge != 0:
		c.MaxAge, c.Persistent = opts.MaxAge.Truncate(time.Millisecond), true
	case !opts.Expires.IsZero():
		c.MaxAge, c.Persistent = time.Duration(opts.Expires.UnixMilli()-now)*time.Millisecond, true
	}
	return c
}

// idle is the idle timeout of the session in milliseconds, for the runtime: 0
// there is for never, so that what has expired at once is a millisecond ago.
func (c *Cookie) idle() int64 {
	if !c.Persistent {
		return int64((c.ttl + time.Second - 1) / time.Second * 1000)
	}
	if ms := c.MaxAge.Milliseconds(); ms != 0 {
		return ms
	}
	return -1
}

// date is how JavaScript writes an instant: UTC, to the millisecond.
const date = `"2006-01-02T15:04:05.000Z"`

// appendJSON appends the cookie part, its members in the order in which
// express-session writes them, with the session's end at expires.
func (c *Cookie) appendJSON(b []byte, expires time.Time) ([]byte, error) {
	b = append(b, `{"originalMaxAge":`...)
	if c.Persistent {
		b = strconv.AppendInt(b, c.MaxAge.Milliseconds(), 10)
	} else {
		b = append(b, "null"...)
	}
	b = appendFlag(b, `,"partitioned":`, c.Partitioned)
	var err error
	if b, err = appendText(b, `,"priority":`, c.Priority); err != nil {
		return nil, err
	}
	b = append(b, `,"expires":`...)
	if c.Persistent {
		b = expires.UTC().AppendFormat(b, date)
	} else {
		b = append(b, "null"...)
	}
	b = appendFlag(b, `,"secure":`, c.Secure)
	b = appendFlag(b, `,"httpOnly":`, c.HTTPOnly)
	if b, err = appendText(b, `,"domain":`, c.Domain); err != nil {
		return nil, err
	}
	if b, err = appendText(b, `,"path":`, c.Path); err != nil {
		return nil, err
	}
	switch c.SameSite {
	case SameSiteTrue, SameSiteFalse:
		b = append(append(b, `,"sameSite":`...), c.SameSite...)
	default:
		if b, err = appendText(b, `,"sameSite":`, string(c.SameSite)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendFlag(b []byte, name string, f Flag) []byte {
	if f == Absent {
		return b
	}
	return strconv.AppendBool(append(b, name...), f == True)
}

func appendText(b []byte, name, text string) ([]byte, error) {
	if text == "" {
		return b, nil
	}
	return nodejson.AppendString(append(b, name...), text)
}

var errCookie = fmt.Errorf("%w: express-session's part \"cookie\" is missing or damaged", runtime.ErrCorrupt)

// parseCookie reads the cookie part. It reads what express-session writes, and
// passes over members that it does not know.
func (o *Options) parseCookie(text []byte) (Cookie, error) {
	if text == nil {
		return Cookie{}, fmt.Errorf("%w: the record has none; it was written by something else than express-session, or under another prefix", errCookie)
	}
	part, err := nodejson.Parse(text)
	if err != nil {
		return Cookie{}, fmt.Errorf("%w: it is no object", errCookie)
	}
	c := Cookie{Path: "/", HTTPOnly: True, ttl: o.TTL}
	var errs []error
	bad := func(name string) { errs = append(errs, fmt.Errorf("%w: its %s has another type", errCookie, name)) }
	text = part.Get("originalMaxAge")
	if ms, ok := number(text); ok {
		c.MaxAge, c.Persistent = milliseconds(ms), true
	} else if !null(text) {
		bad("originalMaxAge")
	}
	if text = part.Get("expires"); !null(text) {
		if c.Expires, err = time.Parse(time.RFC3339, unquoted(text)); err != nil && string(text) != "false" {
			bad("expires")
		}
	}
	flag := func(name string, f *Flag) {
		switch text := part.Get(name); {
		case string(text) == "true":
			*f = True
		case string(text) == "false":
			*f = False
		case !null(text):
			bad(name)
		}
	}
	str := func(name string, s *string) {
		switch text := part.Get(name); {
		case len(text) > 0 && text[0] == '"':
			if json.Unmarshal(text, s) != nil {
				bad(name)
			}
		case !null(text):
			bad(name)
		}
	}
	flag("httpOnly", &c.HTTPOnly)
	flag("secure", &c.Secure)
	flag("partitioned", &c.Partitioned)
	str("path", &c.Path)
	str("domain", &c.Domain)
	str("priority", &c.Priority)
	switch text := part.Get("sameSite"); string(text) {
	case "true", "false":
		c.SameSite = SameSite(text)
	default:
		str("sameSite", (*string)(&c.SameSite))
	}
	return c, errors.Join(errs...)
}

func null(text []byte) bool { return text == nil || string(text) == "null" }

func unquoted(text []byte) string {
	if len(text) < 2 || text[0] != '"' {
		return ""
	}
	var s string
	if json.Unmarshal(text, &s) != nil {
		return ""
	}
	return s
}

func number(text []byte) (float64, bool) {
	if len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(text), 64)
	return v, err == nil
}

// milliseconds is a JavaScript number of milliseconds as a duration, as far as
// one reaches: 292 years.
func milliseconds(ms float64) time.Duration {
	const limit = math.MaxInt64 / int64(time.Millisecond)
	switch {
	case ms >= float64(limit):
		return time.Duration(limit) * time.Millisecond
	case ms <= -float64(limit):
		return -time.Duration(limit) * time.Millisecond
	}
	return time.Duration(int64(ms)) * time.Millisecond
}
