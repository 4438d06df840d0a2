package runtime

import (
	"cmp"
	"encoding"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// The functions of this file append one value in MessagePack to b and return
// the extended slice. Generated code calls them; applications have no need to.
// They are generic so that generated code needs neither conversions nor the
// import of a MessagePack library.

type signed interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64
}

type unsigned interface {
	~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

type number interface {
	signed | unsigned | ~float32 | ~float64
}

// AppendBool appends a bool.
func AppendBool[T ~bool](b []byte, v T) []byte { return msgp.AppendBool(b, bool(v)) }

// AppendInt appends a signed integer in its shortest form.
func AppendInt[T signed](b []byte, v T) []byte {
	if v >= 0 && int64(v) < 0x80 { // most numbers
		return append(b, byte(v))
	}
	return msgp.AppendInt64(b, int64(v))
}

// AppendUint appends an unsigned integer in its shortest form.
func AppendUint[T unsigned](b []byte, v T) []byte { return msgp.AppendUint64(b, uint64(v)) }

// AppendFloat32 appends a float32.
func AppendFloat32[T ~float32](b []byte, v T) []byte { return msgp.AppendFloat32(b, float32(v)) }

// AppendFloat64 appends a float64.
func AppendFloat64[T ~float64](b []byte, v T) []byte { return msgp.AppendFloat64(b, float64(v)) }

// AppendString appends a string.
func AppendString[T ~string](b []byte, v T) []byte {
	if len(v) < 32 { // most strings
		return append(append(b, fixString|byte(len(v))), v...)
	}
	return msgp.AppendString(b, string(v))
}

// AppendBytes appends binary data; nil is kept apart from empty.
func AppendBytes[T ~[]byte](b []byte, v T) []byte {
	if v == nil {
		return msgp.AppendNil(b)
	}
	return msgp.AppendBytes(b, v)
}

// AppendTime appends an instant as MessagePack's timestamp extension, to the nanosecond.
func AppendTime(b []byte, v time.Time) []byte {
	// Whole seconds from 1970 to 2106, and instants up to 2514, are written here:
	// the library's way takes six times as long.
	switch sec, nanos := v.Unix(), v.Nanosecond(); {
	case nanos == 0 && sec > 0 && sec <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, fixExt4, timestamp), uint32(sec))
	case sec >= 0 && sec < 1<<34:
		return binary.BigEndian.AppendUint64(append(b, fixExt8, timestamp), uint64(sec)|uint64(nanos)<<34)
	}
	return msgp.AppendTimeExt(b, v)
}

// encodeError carries a marshaler's error out of the append functions, which
// return bytes alone so that they stay straight-line; encode recovers it.
type encodeError struct{ err error }

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

// AppendBinary appends what v's MarshalBinary returns.
func AppendBinary(b []byte, v encoding.BinaryMarshaler) []byte {
	data, err := v.MarshalBinary()
	if err != nil {
		panic(encodeError{&marshalError{fmt.Sprintf("%T", v), "MarshalBinary", err}})
	}
	return msgp.AppendBytes(b, data)
}

// AppendText appends what v's MarshalText returns.
func AppendText(b []byte, v encoding.TextMarshaler) []byte {
	text, err := v.MarshalText()
	if err != nil {
		panic(encodeError{&marshalError{fmt.Sprintf("%T", v), "MarshalText", err}})
	}
	return msgp.AppendStringFromBytes(b, text)
}

// AppendSlice appends a slice, or an array sliced whole, element by element;
// nil is kept apart from empty.
func AppendSlice[S ~[]E, E any](b []byte, v S, one func([]byte, E) []byte) []byte {
	if v == nil {
		return msgp.AppendNil(b)
	}
	b = msgp.AppendArrayHeader(b, uint32(len(v)))
	for _, e := range v {
		b = one(b, e)
	}
	return b
}

// AppendMap appends a map in key order, so that equal maps have equal bytes;
// nil is kept apart from empty.
func AppendMap[M ~map[K]V, K cmp.Ordered, V any](b []byte, v M, key func([]byte, K) []byte, value func([]byte, V) []byte) []byte {
	if v == nil {
		return msgp.AppendNil(b)
	}
	b = msgp.AppendMapHeader(b, uint32(len(v)))
	keys := make([]K, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = value(key(b, k), v[k])
	}
	return b
}

// AppendPointer appends what v points to, or nil.
func AppendPointer[T any](b []byte, v *T, one func([]byte, *T) []byte) []byte {
	if v == nil {
		return msgp.AppendNil(b)
	}
	return one(b, v)
}

// maxRecursive bounds the encoding of a type that reaches itself: a cycle of
// pointers, which would never end, is far past it before the stack is.
const maxRecursive = 1 << 20

// ErrCycle is the cause of a failed commit whose field holds a cycle of
// pointers, or a recursive value of over 1 MiB.
var ErrCycle = fmt.Errorf("a recursive value has a cycle or over %d bytes: a session can't store it; break the cycle or keep the value elsewhere", maxRecursive)

// Recursive is called first by the row function of a type that reaches itself.
func Recursive(b []byte) []byte {
	if len(b) > maxRecursive {
		panic(encodeError{ErrCycle})
	}
	return b
}
