package fastifycompat

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
)

// stampName is the member that says when the session was last set or touched, in
// Unix seconds. It is the plugin's own.
const stampName = "__ts"

// The notes of SetMaxAge.
const (
	deadlineNote = "deadline"
	maxAgeNote   = "maxAge"
)

// format implements [runtime.Format].
type format struct {
	expiry time.Duration
	now    func() time.Time
}

// Decode implements [runtime.Format].
func (t *format) Decode(data []byte, m *runtime.Meta, f runtime.Fields) error {
	o, err := nodejson.Parse(data)
	if err != nil {
		return err
	}
	*m = t.meta(o)
	nodejson.Decode(o, f, stampName)
	return nil
}

// meta returns what a session's JSON says beside its fields.
func (t *format) meta(o *nodejson.Object) runtime.Meta {
	m := runtime.Meta{Idle: t.expiry.Milliseconds(), Expires: t.end(o.Get(stampName))}
	deadline, has := nodejson.NotedInt(o, deadlineNote)
	idle, remembered := nodejson.NotedInt(o, maxAgeNote)
	if has && remembered && deadline > 0 && idle > 0 {
		m.MaxAge, m.Deadline, m.Idle = true, min(deadline, maxInstant), min(idle, m.Idle)
		if m.Expires == 0 || m.Deadline < m.Expires {
			m.Expires = m.Deadline
		}
	}
	return m
}

// maxInstant is the last one that a runtime.Meta holds.
const maxInstant = 1<<48 - 1

// end returns the end of a session with a stamp, in Unix milliseconds, 0 for
// never: what makes (__ts + expiry) * 1000 - Date.now() <= 0 true in JavaScript.
// A stamp that is not there, as before release 7.3 of the plugin, or is no number
// ends nothing; before a string + is no sum.
func (t *format) end(stamp []byte) int64 {
	expiry := t.expiry.Seconds()
	var seconds float64
	var err error
	switch text := string(stamp); {
	case stamp == nil:
		return 0
	case text == "null", text == "false":
		seconds = expiry
	case text == "true":
		seconds = 1 + expiry
	case text[0] == '"':
		joined := strings.TrimSpace(strings.Trim(text, `"`)) + strconv.FormatFloat(expiry, 'f', -1, 64)
		seconds, err = strconv.ParseFloat(joined, 64)
	default:
		if seconds, err = strconv.ParseFloat(text, 64); err == nil {
			seconds += expiry
		}
	}
	if err != nil || math.IsNaN(seconds) {
		return 0
	}
	return int64(math.Ceil(max(1, min(seconds*1000, maxInstant))))
}

// Encode implements [runtime.Format].
func (t *format) Encode(dst, base []byte, m *runtime.Meta, f runtime.Fields) ([]byte, error) {
	o := new(nodejson.Object)
	if base != nil {
		var err error
		if o, err = nodejson.Parse(base); err != nil {
			return dst, err
		}
	}
	// The end that a session had is that of a session which is sealed anew under
	// another key; every other end is a new stamp's.
	if base == nil || o.Get(stampName) == nil || t.meta(o).Expires != m.Expires {
		seconds := math.Floor(float64(t.now().UnixMilli())/1000 + 0.5) // Math.round
		o.Set(stampName, strconv.AppendInt(nil, int64(seconds), 10))
	}
	if m.MaxAge && m.Idle > t.expiry.Milliseconds() {
		return dst, fmt.Errorf("SetMaxAge(%v) is longer than Options.Expiry, %v, after which both programs end a session: raise Expiry in both", time.Duration(m.Idle)*time.Millisecond, t.expiry)
	}
	if err := nodejson.Encode(o, f, stampName); err != nil {
		return dst, err
	}
	if m.MaxAge {
		nodejson.NoteInt(o, deadlineNote, m.Deadline)
		nodejson.NoteInt(o, maxAgeNote, m.Idle)
	} else {
		nodejson.NoteInt(o, deadlineNote, 0)
		nodejson.NoteInt(o, maxAgeNote, 0)
	}
	m.Expires = t.meta(o).Expires
	return o.Append(dst)
}
