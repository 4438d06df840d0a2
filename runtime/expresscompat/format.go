package expresscompat

import (
	"fmt"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
)

// format reads and writes express-session's JSON: the session's properties, and
// among them "cookie".
type format struct {
	o   *Options
	now func() time.Time
}

const cookieName = "cookie"

// dropped are the names that express-session drops when it loads a record: those
// of its session's own properties and methods, and those that every object of
// JavaScript has.
var dropped = []string{
	"id", "req", "regenerate", "destroy", "reload", "save", "touch", "resetMaxAge",
	"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf",
	"__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
}

// reserved are the names that no field may have.
var reserved = append([]string{cookieName}, dropped...)

// parse reads a record, without what express-session drops.
func (f format) parse(data []byte) (*nodejson.Object, Cookie, error) {
	o, err := nodejson.Parse(data)
	if err != nil {
		return nil, Cookie{}, fmt.Errorf("%w; it was written by something else than express-session, or cut", err)
	}
	c, err := f.o.parseCookie(o.Get(cookieName))
	if err != nil {
		return nil, Cookie{}, err
	}
	for _, name := range dropped {
		o.Delete(name)
	}
	return o, c, nil
}

// Decode fills m and fields. The stored end may have passed, since a touch moves
// the life of the key alone: a record that is there is alive.
func (f format) Decode(data []byte, m *runtime.Meta, fields runtime.Fields) error {
	o, c, err := f.parse(data)
	if err != nil {
		return err
	}
	*m = runtime.Meta{Idle: c.idle(), Shared: c}
	if c.Persistent && c.Expires.After(f.now()) {
		m.Expires = c.Expires.UnixMilli()
	}
	nodejson.Decode(o, fields, reserved...)
	return nil
}

// Encode writes what base holds with the fields changed in their places.
func (f format) Encode(dst, base []byte, m *runtime.Meta, fields runtime.Fields) ([]byte, error) {
	o := new(nodejson.Object)
	o.Set(cookieName, nil)
	if base != nil {
		var err error
		if o, _, err = f.parse(base); err != nil {
			return nil, err
		}
	}
	c := cookieIn(m)
	text, err := c.appendJSON(nil, c.end(m, f.now()))
	if err != nil {
		return nil, err
	}
	o.Set(cookieName, text)
	if err := nodejson.Encode(o, fields, reserved...); err != nil {
		return nil, err
	}
	return o.Append(dst)
}
