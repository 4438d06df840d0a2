package nodejson

import (
	"encoding"
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// maxDepth bounds the nesting of what is written: a cycle of pointers is far
// past it, and no text is nested so deep that it could be read again.
const maxDepth = 5000

// canonical appends v's text, as if nothing had been stored before.
func canonical(b []byte, v reflect.Value) ([]byte, error) { return appendValue(b, nil, v, 0) }

// appendValue appends the text of v, which is addressable, in place of base, the
// text that stands for it so far; nil for none. What of it is still true stays
// as it is, with what the type does not know.
func appendValue(b, base []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, runtime.ErrCycle
	}
	p := planOf(v.Type())
	if p.form == plainForm {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				return append(b, "null"...), nil
			}
			return appendValue(b, base, v.Elem(), depth+1)
		case reflect.Slice:
			if v.IsNil() {
				return append(b, "null"...), nil
			}
			return appendList(b, base, v, depth)
		case reflect.Array:
			return appendList(b, base, v, depth)
		case reflect.Map:
			if v.IsNil() {
				return append(b, "null"...), nil
			}
			return appendMap(b, base, v, depth)
		case reflect.Struct:
			return appendStruct(b, base, v, p, depth)
		}
	}
	start := len(b)
	b, err := appendScalar(b, base, v, p)
	if err == nil && base != nil && kept(base, b[start:], v) {
		b = append(b[:start], base...)
	}
	return b, err
}

// kept tells whether base, which is not text, says the same: another program's
// way to write a value is left alone.
func kept(base, text []byte, v reflect.Value) bool {
	if string(base) == string(text) {
		return true
	}
	was := reflect.New(v.Type()).Elem()
	if !fits(base, was) {
		return false
	}
	again, err := appendScalar(nil, nil, was, planOf(v.Type()))
	plain, err2 := appendScalar(nil, nil, v, planOf(v.Type()))
	return err == nil && err2 == nil && string(again) == string(plain)
}

// appendScalar appends a value without parts. A time that was a number, and
// bytes that were a Buffer, stay so: the program that wrote them expects it.
func appendScalar(b, base []byte, v reflect.Value, p *plan) ([]byte, error) {
	switch p.form {
	case timeForm:
		t := *v.Addr().Interface().(*time.Time)
		if base != nil && kindOf(base) == '0' && t.Nanosecond()%int(time.Millisecond) == 0 {
			return appendInt(b, t.UnixMilli()), nil
		}
		return appendTime(b, t)
	case durationForm:
		return appendDuration(b, time.Duration(v.Int())), nil
	case textForm:
		return appendMarshaled(b, v, p)
	case binaryForm:
		raw, err := v.Addr().Interface().(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return b, &marshalError{v.Type().String(), "MarshalBinary", err}
		}
		return appendBytes(b, base, raw), nil
	case bytesForm:
		if v.Kind() == reflect.Slice && v.IsNil() {
			return append(b, "null"...), nil
		}
		return appendBytes(b, base, v.Bytes()), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.String:
		return AppendString(b, v.String())
	case reflect.Float32, reflect.Float64:
		return appendFloat(b, v.Float())
	}
	switch {
	case v.CanInt():
		return appendInt(b, v.Int()), nil
	case v.CanUint():
		return appendUint(b, v.Uint()), nil
	}
	return b, fmt.Errorf("%s has no form in JSON", v.Type())
}

// appendMarshaled appends what MarshalText returns. Where the type has a binary
// form too the text must say as much.
func appendMarshaled(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	text, err := v.Addr().Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return b, &marshalError{v.Type().String(), "MarshalText", err}
	}
	if p.lossy {
		again := reflect.New(v.Type())
		if err := again.Interface().(encoding.TextUnmarshaler).UnmarshalText(text); err != nil || !sameBinary(v.Addr(), again) {
			return b, fmt.Errorf("%s: its text says less than its MarshalBinary, and JSON holds the text; use a type whose text is complete", v.Type())
		}
	}
	return AppendString(b, string(text))
}

func sameBinary(a, b reflect.Value) bool {
	x, err := a.Interface().(encoding.BinaryMarshaler).MarshalBinary()
	y, err2 := b.Interface().(encoding.BinaryMarshaler).MarshalBinary()
	return err == nil && err2 == nil && string(x) == string(y)
}

// marshalError says which type failed, and wraps why without printing it: the
// text of a foreign error may hold the value.
type marshalError struct {
	typ, method string
	err         error
}

func (e *marshalError) Error() string {
	return e.typ + ": its " + e.method + " failed: correct the value before it is set, or unwrap this error for the cause"
}

func (e *marshalError) Unwrap() error { return e.err }

// appendBytes appends base64, or a Buffer's JSON where base is one.
func appendBytes(b, base, raw []byte) []byte {
	if base != nil && kindOf(base) == '{' {
		b = append(b, `{"type":"Buffer","data":[`...)
		for i, c := range raw {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(c), 10)
		}
		return append(b, "]}"...)
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, raw)
	return append(b, '"')
}

// keyName returns the name of a map's key, which is a string or an integer.
func keyName(key reflect.Value) string {
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10)
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10)
	}
	return key.String()
}
