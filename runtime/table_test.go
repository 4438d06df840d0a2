package runtime_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/tinylib/msgp/msgp"

	sess "github.com/sessiongen/sessiongen/runtime"
)

type point struct{ x, y int }

var pointColumns = sess.NewColumns("x", "y")

func appendPoint(b []byte, p *point) []byte { return sess.AppendInt(sess.AppendInt(b, p.x), p.y) }

func readPoint(r *sess.Reader, p *point, i int) {
	switch i {
	case 0:
		sess.ReadInt(r, &p.x)
	case 1:
		sess.ReadInt(r, &p.y)
	}
}

type unit struct{}

var noColumns = sess.NewColumns()

func appendUnit(b []byte, _ *unit) []byte     { return b }
func readUnit(r *sess.Reader, _ *unit, i int) {}

// What is written as a table is valid MessagePack and reads as it was, nil rows,
// empty tables and structs without columns too.
func TestTables(t *testing.T) {
	for _, want := range [][]*point{nil, {}, {{1, 2}}, {nil}, {{1, 2}, nil, {3, 4}}, {nil, nil}} {
		b := sess.AppendPointerTable(nil, want, pointColumns, appendPoint)
		checkValue(t, b)
		r := sess.NewReader(b)
		var got []*point
		if sess.ReadPointerTable(r, &got, pointColumns, readPoint); r.Failed() || !reflect.DeepEqual(got, want) {
			t.Errorf("%x: got %v, want %v", b, got, want)
		}
	}
	for _, want := range [][]*unit{{}, {{}}, {nil, {}, nil}} {
		b := sess.AppendPointerTable(nil, want, noColumns, appendUnit)
		checkValue(t, b)
		r := sess.NewReader(b)
		var got []*unit
		if sess.ReadPointerTable(r, &got, noColumns, readUnit); r.Failed() || !reflect.DeepEqual(got, want) {
			t.Errorf("%x: got %v, want %v", b, got, want)
		}
	}
	for _, want := range [][]unit{nil, {}, {{}, {}, {}}} {
		b := sess.AppendTable(nil, want, noColumns, appendUnit)
		checkValue(t, b)
		r := sess.NewReader(b)
		var got []unit
		if sess.ReadTable(r, &got, noColumns, readUnit); r.Failed() || !reflect.DeepEqual(got, want) {
			t.Errorf("%x: got %v, want %v", b, got, want)
		}
	}
}

// A slice of structs and one of pointers to them are written alike, so that a
// field may become the other.
func TestTablesOfPointersAndValues(t *testing.T) {
	values := sess.AppendTable(nil, []point{{1, 2}, {3, 4}}, pointColumns, appendPoint)
	pointers := sess.AppendPointerTable(nil, []*point{{1, 2}, {3, 4}}, pointColumns, appendPoint)
	if !bytes.Equal(values, pointers) {
		t.Errorf("%x, %x", values, pointers)
	}
	r := sess.NewReader(sess.AppendPointerTable(nil, []*point{nil}, pointColumns, appendPoint))
	var got []point
	if sess.ReadTable(r, &got, pointColumns, readPoint); !r.Failed() {
		t.Errorf("a nil row reads as %v", got)
	}
}

// A table whose values do not fill its rows is malformed.
func TestTablesCut(t *testing.T) {
	b := msgp.AppendArrayHeader(nil, 4)
	b = msgp.AppendArrayHeader(b, 2)
	b = msgp.AppendString(msgp.AppendString(b, "x"), "y")
	for n := range 3 {
		b = msgp.AppendInt(b, n)
	}
	var values []point
	r := sess.NewReader(b)
	if sess.ReadTable(r, &values, pointColumns, readPoint); !r.Failed() || values != nil {
		t.Errorf("read %v", values)
	}
	array := [1]point{}
	r = sess.NewReader(b)
	if sess.ReadTableArray(r, array[:], pointColumns, readPoint); !r.Failed() {
		t.Errorf("read %v", array)
	}
}

// checkValue checks that b is one MessagePack value and no more.
func checkValue(t *testing.T, b []byte) {
	t.Helper()
	if rest, err := msgp.Skip(b); err != nil || len(rest) > 0 {
		t.Errorf("%x: %v, %d bytes left", b, err, len(rest))
	}
}
