package nodejson

import (
	"encoding"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/sessiongen/sessiongen/internal/wirename"
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()

	textMarshaler     = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
	binaryMarshaler   = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshaler = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// form is how values of a type are written.
type form uint8

const (
	plainForm form = iota // by its kind
	timeForm
	durationForm
	textForm   // MarshalText
	binaryForm // MarshalBinary
	bytesForm  // []byte, [N]byte
)

// plan is what is known of a type.
type plan struct {
	form    form
	lossy   bool     // a text form beside a binary one, which may say more
	columns []column // of a struct
	sorted  bool     // no column is an array index, which JavaScript puts first
}

// column is one stored field of a struct.
type column struct {
	name   string
	quoted string // the name as it is written, and a colon
	index  []int
}

var plans sync.Map // reflect.Type -> *plan; as many as the specs have types

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{form: formOf(t)}
	if p.form == textForm {
		p.lossy = pairs(t, binaryMarshaler, binaryUnmarshaler)
	}
	if p.form == plainForm && t.Kind() == reflect.Struct {
		p.columns = columnsOf(t, nil)
		p.sorted = true
		for i := range p.columns {
			c := &p.columns[i]
			_, first := arrayIndex(c.name)
			p.sorted = p.sorted && !first
			if quoted, err := AppendString(nil, c.name); err == nil {
				c.quoted = string(quoted) + ":"
			} else {
				p.sorted = false // which says so when it is written
			}
		}
	}
	plans.Store(t, p)
	return p
}

// formOf prefers the text of a type that has both: a Node program can read it.
func formOf(t reflect.Type) form {
	switch {
	case t == timeType:
		return timeForm
	case t == durationType:
		return durationForm
	case t.Kind() == reflect.Pointer:
		return plainForm
	case pairs(t, textMarshaler, textUnmarshaler):
		return textForm
	case pairs(t, binaryMarshaler, binaryUnmarshaler):
		return binaryForm
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() == reflect.Uint8 && formOf(t.Elem()) == plainForm:
		return bytesForm
	}
	return plainForm
}

// pairs tells whether t can be encoded and decoded by a pair of methods.
func pairs(t, marshal, unmarshal reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshal) && p.Implements(unmarshal)
}

// columnsOf lists the fields of a struct under the names that the generator
// gives them; those of an embedded struct without a name in its tag stand for it.
func columnsOf(t reflect.Type, path []int) (columns []column) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("session"), ",")
		index := append(path[:len(path):len(path)], i)
		switch {
		case f.Name == "_", tag == "-":
		case f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct && formOf(f.Type) == plainForm:
			columns = append(columns, columnsOf(f.Type, index)...)
		case !f.IsExported():
		case tag != "":
			columns = append(columns, column{name: tag, index: index})
		default:
			columns = append(columns, column{name: wirename.Snake(f.Name), index: index})
		}
	}
	return columns
}
