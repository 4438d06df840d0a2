package runtime

import (
	"math"
	"testing"
)

// What a type writes it takes for its own form, so that a session is carried
// over piece by piece only where another type wrote a value.
func TestOwnFormIsNotPartial(t *testing.T) {
	partial := func(b []byte, read func(*Reader)) bool {
		r := Reader{data: b}
		read(&r)
		if r.err != nil || len(r.rest()) > 0 {
			t.Errorf("% x: %v, %d bytes left", b, r.err, len(r.rest()))
		}
		return r.partial
	}
	asInt := func(r *Reader) { var v int64; ReadInt(r, &v) }
	asUint := func(r *Reader) { var v uint64; ReadUint(r, &v) }
	asFloat32 := func(r *Reader) { var v float32; ReadFloat32(r, &v) }
	asFloat64 := func(r *Reader) { var v float64; ReadFloat64(r, &v) }
	for shift := range 63 {
		n := int64(1) << shift
		for _, v := range []int64{n, n - 1, -n, -n - 1, math.MaxInt64, math.MinInt64} {
			if partial(AppendInt(nil, v), asInt) {
				t.Errorf("%d is not its own form as an int", v)
			}
			if v >= 0 && partial(AppendUint(nil, uint64(v)), asUint) {
				t.Errorf("%d is not its own form as a uint", v)
			}
		}
		if n > 127 && (!partial(AppendInt(nil, n), asUint) || !partial(AppendUint(nil, uint64(n)), asInt)) {
			t.Errorf("%d of the other kind is taken for its own form", n)
		}
	}
	for _, v := range []float32{0, 1, -1.5, math.MaxFloat32, float32(math.Inf(1))} {
		if partial(AppendFloat32(nil, v), asFloat32) || partial(AppendFloat64(nil, float64(v)), asFloat64) {
			t.Errorf("%g is not its own form", v)
		}
		if !partial(AppendFloat32(nil, v), asFloat64) || !partial(AppendFloat64(nil, float64(v)), asFloat32) {
			t.Errorf("%g of the other size is taken for its own form", v)
		}
	}
	for _, read := range []func(*Reader){asFloat32, asFloat64} {
		if !partial(AppendInt(nil, int64(7)), read) || !partial(AppendUint(nil, uint64(7)), read) {
			t.Error("an integer is taken for the own form of a float")
		}
	}
}
