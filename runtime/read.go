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
	data    []byte
	at      int // what was read; a number, so that reading writes no pointer
	err     error
	partial bool // the value would be written otherwise: it has unknown columns, or another type's form
}

// NewReader returns a reader of values that were appended to one another. Nobody
// may change data as long as strings that were read are in use.
func NewReader(data []byte) *Reader { return &Reader{data: data} }

// errMalformed is the root of every error about a value that does not read.
var errMalformed = errors.New("malformed value")

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Failed tells whether a read has failed.
func (r *Reader) Failed() bool { return r.err != nil }

// rest is what is left to read.
func (r *Reader) rest() []byte { return r.data[r.at:] }

// advance passes over everything but rest, the end of what was left.
func (r *Reader) advance(rest []byte) { r.at = len(r.data) - len(rest) }

func (r *Reader) isNil() bool {
	if r.err == nil && r.at < len(r.data) && r.data[r.at] == mnil {
		r.at++
		return true
	}
	return false
}

// First bytes of MessagePack values that are read or written here.
const (
	fixString = 0xa0 // and the length, up to 31 bytes
	mnil      = 0xc0
	mfloat32  = 0xca
	mfloat64  = 0xcb
	muint8    = 0xcc // to muint64
	muint64   = 0xcf
	mint8     = 0xd0 // to mint64
	mint16    = 0xd1
	mint64    = 0xd3
	fixExt4   = 0xd6
	fixExt8   = 0xd7
	timestamp = 0xff // the type of the timestamp extension, -1
)

// ReadBool reads a bool.
func ReadBool[T ~bool](r *Reader, v *T) {
	*v = false
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadBoolBytes(r.rest())
	if err != nil {
		r.fail(err)
		return
	}
	*v = T(x)
	r.advance(rest)
}

// ReadInt reads an integer that fits T.
func ReadInt[T signed](r *Reader, v *T) {
	// Most numbers are small: one byte, or two behind a first one.
	if b, at := r.data, r.at; r.err == nil && at < len(b) {
		if b[at] < 0x80 {
			*v = T(b[at])
			r.at = at + 1
			return
		}
		if b[at] == mint16 && at+3 <= len(b) {
			if x := int16(b[at+1])<<8 | int16(b[at+2]); int64(T(x)) == int64(x) {
				*v = T(x)
				r.at = at + 3
				return
			}
		}
	}
	*v = 0
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadInt64Bytes(r.rest())
	if err != nil {
		r.fail(err)
		return
	}
	if c := r.data[r.at]; c >= muint8 && c <= muint64 {
		r.partial = true
	}
	if int64(T(x)) != x {
		r.fail(fmt.Errorf("%w: %d overflows %T", errMalformed, x, *v))
		return
	}
	*v = T(x)
	r.advance(rest)
}

// ReadUint reads an integer that fits T.
func ReadUint[T unsigned](r *Reader, v *T) {
	*v = 0
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadUint64Bytes(r.rest())
	if err != nil {
		r.fail(err)
		return
	}
	if c := r.data[r.at]; c >= mint8 && c <= mint64 {
		r.partial = true
	}
	if uint64(T(x)) != x {
		r.fail(fmt.Errorf("%w: %d overflows %T", errMalformed, x, *v))
		return
	}
	*v = T(x)
	r.advance(rest)
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
	b := r.rest()
	if len(b) > 0 && b[0] != own {
		r.partial = true // an older program still needs the form that it wrote
	}
	switch msgp.NextType(b) {
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
	x, rest, err := msgp.ReadFloat64Bytes(b)
	if err != nil {
		r.fail(err)
		return
	}
	*v = x
	r.advance(rest)
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
	// Most strings are so short that their length is in their first byte.
	if b, at := r.data, r.at; r.err == nil && at < len(b) && b[at]&0xe0 == fixString {
		if end := at + 1 + int(b[at]&0x1f); end <= len(b) {
			*v = T(shared(b[at+1 : end]))
			r.at = end
			return
		}
	}
	*v = ""
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadStringZC(r.rest())
	if err != nil {
		r.fail(err)
		return
	}
	*v = T(shared(x))
	r.advance(rest)
}

// shared is the text of b, in the same memory.
func shared(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// ReadBytes reads binary data into memory of its own.
func ReadBytes[T ~[]byte](r *Reader, v *T) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	x, rest, err := msgp.ReadBytesZC(r.rest())
	if err != nil {
		r.fail(err)
		return
	}
	*v = append(make(T, 0, len(x)), x...)
	r.advance(rest)
}

// ReadByteArray reads binary data of exactly v's length.
func ReadByteArray(r *Reader, v []byte) {
	clear(v)
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadBytesZC(r.rest())
	if err == nil && len(x) != len(v) {
		err = fmt.Errorf("%w: %d bytes for an array of %d", errMalformed, len(x), len(v))
	}
	if err != nil {
		r.fail(err)
		return
	}
	copy(v, x)
	r.advance(rest)
}

// ReadTime reads an instant, in UTC.
func ReadTime(r *Reader, v *time.Time) {
	*v = time.Time{}
	if r.err != nil {
		return
	}
	x, rest, err := msgp.ReadTimeUTCBytes(r.rest())
	if err != nil {
		r.fail(err)
		return
	}
	*v = x
	r.advance(rest)
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
	x, rest, err := msgp.ReadBytesBytes(r.rest(), nil)
	if err == nil {
		err = P(v).UnmarshalBinary(x)
	}
	if err != nil {
		*v = zero
		r.fail(err)
		return
	}
	r.advance(rest)
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
	x, rest, err := msgp.ReadStringAsBytes(r.rest(), nil)
	if err == nil {
		err = P(v).UnmarshalText(x)
	}
	if err != nil {
		*v = zero
		r.fail(err)
		return
	}
	r.advance(rest)
}

// skip passes over one value.
func (r *Reader) skip() {
	if r.err != nil {
		return
	}
	rest, err := msgp.Skip(r.rest())
	if err != nil {
		r.fail(err)
		return
	}
	r.advance(rest)
}
