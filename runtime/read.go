package runtime

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
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
	partial bool // a struct held columns that this program does not know
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

const mnil = 0xc0 // MessagePack's nil

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
	if uint64(T(x)) != x {
		r.fail(fmt.Errorf("%w: %d overflows %T", errMalformed, x, *v))
		return
	}
	*v, r.b = T(x), rest
}

// ReadFloat64 reads a float64, or an integer or float32 that a float64 holds exactly.
func ReadFloat64[T ~float64](r *Reader, v *T) {
	*v = 0
	if r.err != nil {
		return
	}
	switch msgp.NextType(r.b) {
	case msgp.IntType, msgp.UintType:
		var n int64
		ReadInt(r, &n)
		if r.err == nil && (n > 1<<53 || n < -1<<53) {
			r.fail(fmt.Errorf("%w: %d has no exact float64", errMalformed, n))
			return
		}
		*v = T(n)
		return
	}
	x, rest, err := msgp.ReadFloat64Bytes(r.b)
	if err != nil {
		r.fail(err)
		return
	}
	*v, r.b = T(x), rest
}

// ReadFloat32 reads a float32, or a float64 that a float32 holds exactly.
func ReadFloat32[T ~float32](r *Reader, v *T) {
	var x float64
	ReadFloat64(r, &x)
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

// arrayHeader reads an array's length, which the input left must be able to hold.
func (r *Reader) arrayHeader() int {
	if r.err != nil {
		return 0
	}
	n, rest, err := msgp.ReadArrayHeaderBytes(r.b)
	if err != nil {
		r.fail(err)
		return 0
	}
	if int64(n) > int64(len(rest)) { // every element takes a byte at least
		r.fail(fmt.Errorf("%w: an array of %d elements in %d bytes", errMalformed, n, len(rest)))
		return 0
	}
	r.b = rest
	return int(n)
}

// ReadSlice reads a slice element by element.
func ReadSlice[S ~[]E, E any](r *Reader, v *S, one func(*Reader, *E)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	n := r.arrayHeader()
	if r.err != nil {
		return
	}
	s := make(S, 0, room[E](r, n))
	for range n {
		var e E
		s = append(s, e)
		one(r, &s[len(s)-1])
		if r.err != nil {
			return
		}
	}
	*v = s
}

// room is how many of n elements are allocated at once: as many as the bytes
// left can justify, so that a short forged record can't claim much memory.
func room[E any](r *Reader, n int) int {
	var e E
	return min(n, 16+32*len(r.b)/max(1, int(unsafe.Sizeof(e))))
}

// ReadArray reads exactly len(v) elements.
func ReadArray[E any](r *Reader, v []E, one func(*Reader, *E)) {
	n := r.arrayHeader()
	if r.err == nil && n != len(v) {
		r.fail(fmt.Errorf("%w: %d elements for an array of %d", errMalformed, n, len(v)))
	}
	for i := range v {
		one(r, &v[i])
	}
	if r.err != nil {
		clear(v)
	}
}

// ReadMap reads a map.
func ReadMap[M ~map[K]V, K comparable, V any](r *Reader, v *M, key func(*Reader, *K), value func(*Reader, *V)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	n := r.mapHeader()
	if r.err != nil {
		return
	}
	m := make(M, room[V](r, n))
	for range n {
		var k K
		var e V
		key(r, &k)
		value(r, &e)
		if r.err != nil {
			return
		}
		m[k] = e
	}
	*v = m
}

// ReadRest reads entries into a rest field's map, beside those that it has.
// Without input it empties the map.
func ReadRest[M ~map[string]V, V any](r *Reader, v *M, value func(*Reader, *V)) {
	if len(r.b) == 0 {
		*v = nil
	}
	var m map[string]V
	ReadMap(r, &m, ReadString, value)
	if r.err != nil || len(m) == 0 {
		return
	}
	if *v == nil {
		*v = M{}
	}
	maps.Copy(*v, m)
}

// mapHeader reads a map's length, which the input left must be able to hold.
func (r *Reader) mapHeader() int {
	if r.err != nil {
		return 0
	}
	n, rest, err := msgp.ReadMapHeaderBytes(r.b)
	if err != nil {
		r.fail(err)
		return 0
	}
	if 2*int64(n) > int64(len(rest)) {
		r.fail(fmt.Errorf("%w: a map of %d entries in %d bytes", errMalformed, n, len(rest)))
		return 0
	}
	r.b = rest
	return int(n)
}

// ReadPointer reads what v shall point to, or nil.
func ReadPointer[P ~*T, T any](r *Reader, v *P, one func(*Reader, *T)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	p := new(T)
	one(r, p)
	if r.err == nil {
		*v = p
	}
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

// columns reads a table's names and returns for each the column that it is,
// -1 for one unknown; nil where the names are exactly c's, the usual case.
func (r *Reader) columns(c *Columns) (order []int, n int) {
	if r.err != nil {
		return nil, 0
	}
	if len(r.b) >= len(c.header) && string(r.b[:len(c.header)]) == c.header {
		r.b = r.b[len(c.header):]
		return nil, len(c.names)
	}
	n = r.arrayHeader()
	order = make([]int, 0, n)
	for range n {
		var name string
		ReadString(r, &name)
		at := -1
		for i, known := range c.names {
			if name == known {
				at = i
				break
			}
		}
		if at < 0 {
			r.partial = true
		}
		order = append(order, at)
	}
	return order, n
}

// row reads one row of a table.
func readRow[T any](r *Reader, v *T, order []int, n int, field func(*Reader, *T, int)) {
	if got := r.arrayHeader(); r.err == nil && got != n {
		r.fail(fmt.Errorf("%w: a row of %d values under %d columns", errMalformed, got, n))
	}
	if r.err != nil {
		return
	}
	if order == nil {
		for i := range n {
			field(r, v, i)
		}
		return
	}
	for _, i := range order {
		if i < 0 {
			r.skip()
		} else {
			field(r, v, i)
		}
	}
}

// ReadStruct reads a table of one row.
func ReadStruct[T any](r *Reader, v *T, c *Columns, field func(*Reader, *T, int)) {
	var zero T
	*v = zero
	if n := r.arrayHeader(); r.err == nil && n != 2 {
		r.fail(fmt.Errorf("%w: a struct of %d parts", errMalformed, n))
	}
	order, n := r.columns(c)
	readRow(r, v, order, n, field)
	if r.err != nil {
		*v = zero
	}
}

// ReadTable reads a slice of structs.
func ReadTable[S ~[]T, T any](r *Reader, v *S, c *Columns, field func(*Reader, *T, int)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	rows := r.arrayHeader()
	if r.err != nil {
		return
	}
	if rows == 0 {
		*v = S{}
		return
	}
	order, n := r.columns(c)
	if r.err != nil {
		return
	}
	s := make(S, 0, room[T](r, rows-1))
	for range rows - 1 {
		var row T
		s = append(s, row)
		readRow(r, &s[len(s)-1], order, n, field)
		if r.err != nil {
			return
		}
	}
	*v = s
}

// ReadPointerTable reads a slice of pointers to structs.
func ReadPointerTable[S ~[]*T, T any](r *Reader, v *S, c *Columns, field func(*Reader, *T, int)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	rows := r.arrayHeader()
	if r.err != nil {
		return
	}
	if rows == 0 {
		*v = S{}
		return
	}
	order, n := r.columns(c)
	if r.err != nil {
		return
	}
	s := make(S, rows-1)
	for i := range s {
		if r.isNil() {
			continue
		}
		s[i] = new(T)
		readRow(r, s[i], order, n, field)
		if r.err != nil {
			return
		}
	}
	*v = s
}

// ReadTableArray reads exactly len(v) structs.
func ReadTableArray[T any](r *Reader, v []T, c *Columns, field func(*Reader, *T, int)) {
	clear(v)
	rows := r.arrayHeader()
	if r.err == nil && rows != len(v)+1 && (rows != 0 || len(v) != 0) {
		r.fail(fmt.Errorf("%w: a table of %d rows for an array of %d", errMalformed, rows-1, len(v)))
	}
	if r.err != nil || rows == 0 {
		return
	}
	order, n := r.columns(c)
	for i := range v {
		readRow(r, &v[i], order, n, field)
	}
	if r.err != nil {
		clear(v)
	}
}
