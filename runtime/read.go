package runtime

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/tinylib/msgp/msgp"
)

// Reader reads MessagePack values one after the other. Its error is sticky:
// after the first one every read does nothing but zero its target, so that
// generated code needs no check between reads.
//
// Strings that are read share the record's memory, which is never changed;
// byte slices are copied.
type Reader struct {
	b       []byte
	err     error
	partial bool // the value would be written otherwise: it has unknown columns, or another type's form
}

// errMalformed is the root of every error about a value that does not read.
var errMalformed = errors.New("malformed value")

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Failed tells whether a read has failed.
func (r *Reader) Failed() bool { return r.err != nil }

func (r *Reader) isNil() bool {
	if r.err == nil && len(r.b) > 0 && r.b[0] == mnil {
		r.b = r.b[1:]
		return true
	}
	return false
}

// Leading bytes of MessagePack's nil, its 32-bit float, and its unsigned and signed integers.
const (
	mnil     = 0xc0
	mfloat32 = 0xca
	mfloat64 = 0xcb
	muint8   = 0xcc
	muint64  = 0xcf
	mint8    = 0xd0
	mint64   = 0xd3
)

// ReadBool reads a bool.
func ReadBool[T ~bool](r *Reader, v *T) {
	*v = false
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadBoolBytes(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	*v, r.b = T(x), rest
}

// ReadInt reads an integer that fits T.
func ReadInt[T signed](r *Reader, v *T) {
	*v = 0
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadInt64Bytes(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	if c := r.b[0]; c >= muint8 && c <= muint64 {
		r.partial = true
	}
	if int64(T(x)) != x {
		r.fail(fmt.Errorf("%w: %d overflows %T", errMalformed, x, *v))
		return
	}
	*v, r.b = T(x), rest
}

// ReadUint reads an integer that fits T.
func ReadUint[T unsigned](r *Reader, v *T) {
	*v = 0
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadUint64Bytes(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	if c := r.b[0]; c >= mint8 && c <= mint64 {
		r.partial = true
	}
	if uint64(T(x)) != x {
		r.fail(fmt.Errorf("%w: %d overflows %T", errMalformed, x, *v))
		return
	}
	*v, r.b = T(x), rest
}

// ReadFloat64 reads a float64, or an integer or float32 that a float64 holds exactly.
func ReadFloat64[T ~float64](r *Reader, v *T) {
	var x float64
	readFloat(r, &x, mfloat64)
	*v = T(x)
}

// readFloat reads a number that a float64 holds exactly; own is the leading
// byte that the type it is for is written with.
func readFloat(r *Reader, v *float64, own byte) {
	*v = 0
	if r.err != nil {
		return
	}
	if len(r.b) > 0 && r.b[0] != own {
		r.partial = true // an older program still needs the form that it wrote
	}
	switch msgp.NextType(r.b) {
	case msgp.IntType, msgp.UintType:
		var n int64
		ReadInt(r, &n)
		if r.err == nil && (n > 1<<53 || n < -1<<53) {
			r.fail(fmt.Errorf("%w: %d has no exact float64", errMalformed, n))
			return
		}
		*v = float64(n)
		return
	}
	x, rest, err := msgp.ReadFloat64Bytes(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	*v, r.b = x, rest
}

// ReadFloat32 reads a float32, or a float64 that a float32 holds exactly.
func ReadFloat32[T ~float32](r *Reader, v *T) {
	var x float64
	readFloat(r, &x, mfloat32)
	*v = T(x)
	if r.err == nil && float64(*v) != x && !math.IsNaN(x) {
		*v = 0
		r.fail(fmt.Errorf("%w: %g has no exact float32", errMalformed, x))
	}
}

// ReadString reads a string; it shares the record's memory.
func ReadString[T ~string](r *Reader, v *T) {
	*v = ""
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadStringZC(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	r.b = rest
	*v = T(unsafe.String(unsafe.SliceData(x), len(x)))
}

// ReadBytes reads binary data into memory of its own.
func ReadBytes[T ~[]byte](r *Reader, v *T) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	x, rest, err := msgp.ReadBytesZC(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	*v, r.b = append(make(T, 0, len(x)), x...), rest
}

// ReadByteArray reads binary data of exactly v's length.
func ReadByteArray(r *Reader, v []byte) {
	clear(v)
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadBytesZC(r.b)
	if err == nil && len(x) != len(v) {
		err = fmt.Errorf("%w: %d bytes for an array of %d", errMalformed, len(x), len(v))
	}
	if err != nil {
		r.fail(err)
		return
	}
	copy(v, x)
	r.b = rest
}

// ReadTime reads an instant, in UTC.
func ReadTime(r *Reader, v *time.Time) {
	*v = time.Time{}
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadTimeUTCBytes(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	*v, r.b = x, rest
}

// ReadBinary reads a value by its UnmarshalBinary, which gets a copy of the bytes.
func ReadBinary[T any, P interface {
	*T
	encoding.BinaryUnmarshaler
}](r *Reader, v *T) {
	var zero T
	*v = zero
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadBytesBytes(r.b, nil)
	if err == nil {
		err = P(v).UnmarshalBinary(x)
	}
	if err != nil {
		*v = zero
		r.fail(err)
		return
	}
	r.b = rest
}

// ReadText reads a value by its UnmarshalText, which gets a copy of the text.
func ReadText[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](r *Reader, v *T) {
	var zero T
	*v = zero
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadStringAsBytes(r.b, nil)
	if err == nil {
		err = P(v).UnmarshalText(x)
	}
	if err != nil {
		*v = zero
		r.fail(err)
		return
	}
	r.b = rest
}

// skip passes over one value.
func (r *Reader) skip() {
	if r.err != nil {
		return
	}
	rest, err := msgp.Skip(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	r.b = rest
}
