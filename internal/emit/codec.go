package emit

import (
	"fmt"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// This file writes the expressions that encode and decode one value. They nest
// as types do and have no statements in them, so they are plain text: built by
// jennifer they could not be read.

// operand is where a value is: in a variable, or behind a pointer.
type operand struct {
	name    string
	pointer bool
}

func variable(name string) operand { return operand{name, false} }
func pointee(name string) operand  { return operand{name, true} }

// value is the value itself: f.v.Visits, or *v.
func (o operand) value() string {
	if o.pointer {
		return "*" + o.name
	}
	return o.name
}

// address points to the value: &f.v.Visits, or v.
func (o operand) address() string {
	if o.pointer {
		return o.name
	}
	return "&" + o.name
}

// sliced is an array as a slice; Go slices through a pointer by itself.
func (o operand) sliced() string { return o.name + "[:]" }

// generic is the name of the runtime's function for a kind that needs nothing
// but the value, after Append or Read; "" for the other kinds.
func generic(k model.Kind) string {
	switch k {
	case model.Bool:
		return "Bool"
	case model.Int:
		return "Int"
	case model.Uint:
		return "Uint"
	case model.Float32:
		return "Float32"
	case model.Float64:
		return "Float64"
	case model.String:
		return "String"
	case model.Bytes:
		return "Bytes"
	case model.Time:
		return "Time"
	}
	return ""
}

// appendExpr appends v of type t to b:
//
//	sessrt.AppendMap(b, f.v.Qty, sessrt.AppendString, sessrt.AppendInt)
func (l locals) appendExpr(t *model.Type, b string, v operand) string {
	call := func(name string, args ...string) string {
		return fmt.Sprintf("%s.Append%s(%s, %s)", model.RuntimeName, name, b, strings.Join(args, ", "))
	}
	switch t.Kind {
	case model.ByteArray:
		return call("Bytes", v.sliced())
	case model.Binary:
		return call("Binary", v.address())
	case model.Text:
		return call("Text", v.address())
	case model.Slice:
		switch {
		case t.Elem.Kind == model.StructKind:
			return call("Table", v.value(), t.Elem.Struct.Columns, t.Elem.Struct.Append)
		case t.Elem.RowPointer():
			return call("PointerTable", v.value(), t.Elem.Elem.Struct.Columns, t.Elem.Elem.Struct.Append)
		}
		return call("Slice", v.value(), l.appendFunc(t.Elem))
	case model.Array:
		if t.Elem.Kind == model.StructKind {
			return call("Table", v.sliced(), t.Elem.Struct.Columns, t.Elem.Struct.Append)
		}
		return call("Slice", v.sliced(), l.appendFunc(t.Elem))
	case model.Map:
		return call("Map", v.value(), l.appendFunc(t.Key), l.appendFunc(t.Elem))
	case model.Pointer:
		return call("Pointer", v.value(), l.appendLiteral("*"+t.Elem.Go, l.appendExpr(t.Elem, l.b, pointee(l.v))))
	case model.StructKind:
		return call("Struct", v.address(), t.Struct.Columns, t.Struct.Append)
	}
	return call(generic(t.Kind), v.value())
}

// appendFunc is the function that appends an element: the runtime's own, or
//
//	func(b []byte, v []Item) []byte {
//		return sessrt.AppendTable(b, v, itemColumns, appendItem)
//	}
func (l locals) appendFunc(t *model.Type) string {
	if name := generic(t.Kind); name != "" {
		return model.RuntimeName + ".Append" + name
	}
	return l.appendLiteral(t.Go, l.appendExpr(t, l.b, variable(l.v)))
}

func (l locals) appendLiteral(param, expr string) string {
	return fmt.Sprintf("func(%s []byte, %s %s) []byte {\nreturn %s\n}", l.b, l.v, param, expr)
}

// readExpr reads v of type t from r:
//
//	sessrt.ReadMap(r, &f.v.Qty, sessrt.ReadString, sessrt.ReadInt)
func (l locals) readExpr(t *model.Type, v operand) string {
	call := func(name string, args ...string) string {
		return fmt.Sprintf("%s.Read%s(%s, %s)", model.RuntimeName, name, l.r, strings.Join(args, ", "))
	}
	switch t.Kind {
	case model.ByteArray:
		return call("ByteArray", v.sliced())
	case model.Binary:
		return call("Binary", v.address())
	case model.Text:
		return call("Text", v.address())
	case model.Slice:
		switch {
		case t.Elem.Kind == model.StructKind:
			return call("Table", v.address(), t.Elem.Struct.Columns, t.Elem.Struct.Read)
		case t.Elem.RowPointer():
			return call("PointerTable", v.address(), t.Elem.Elem.Struct.Columns, t.Elem.Elem.Struct.Read)
		}
		return call("Slice", v.address(), l.readFunc(t.Elem))
	case model.Array:
		if t.Elem.Kind == model.StructKind {
			return call("TableArray", v.sliced(), t.Elem.Struct.Columns, t.Elem.Struct.Read)
		}
		return call("Array", v.sliced(), l.readFunc(t.Elem))
	case model.Map:
		return call("Map", v.address(), l.readFunc(t.Key), l.readFunc(t.Elem))
	case model.Pointer:
		return call("Pointer", v.address(), l.readLiteral(t.Elem.Go, l.readExpr(t.Elem, pointee(l.v))))
	case model.StructKind:
		return call("Struct", v.address(), t.Struct.Columns, t.Struct.Read)
	}
	return call(generic(t.Kind), v.address())
}

// readRest reads the map of a rest field, which keeps its other entries.
func (l locals) readRest(t *model.Type, v operand) string {
	return fmt.Sprintf("%s.ReadRest(%s, %s, %s)", model.RuntimeName, l.r, v.address(), l.readFunc(t.Elem))
}

// readFunc is the function that reads an element: the runtime's own, or
//
//	func(r *sessrt.Reader, v *[]Item) {
//		sessrt.ReadTable(r, v, itemColumns, readItem)
//	}
func (l locals) readFunc(t *model.Type) string {
	if name := generic(t.Kind); name != "" {
		return model.RuntimeName + ".Read" + name
	}
	return l.readLiteral(t.Go, l.readExpr(t, pointee(l.v)))
}

func (l locals) readLiteral(elem, expr string) string {
	return fmt.Sprintf("func(%s *%s.Reader, %s *%s) {\n%s\n}", l.r, model.RuntimeName, l.v, elem, expr)
}
