package emit

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// A session keeps instants. A time.Time field has accessors that make one; a
// struct or array that has times in it by value is a copy that the accessor may
// change before it is set. What is behind a slice, map or pointer is the
// caller's too, and left alone.

// holdsTimes tells whether a struct or array has times in it by value.
func holdsTimes(t *model.Type) bool {
	switch t.Kind {
	case model.StructKind:
		for _, f := range t.Struct.Fields {
			if f.Type.Kind == model.Time || holdsTimes(f.Type) {
				return true
			}
		}
	case model.Array:
		return t.Elem.Kind == model.Time || holdsTimes(t.Elem)
	}
	return false
}

// instants makes instants of the times in the value of the field that a variable
// called name holds:
//
//	event.At = sessrt.Instant(event.At)
//	for i := range event.Days {
//		event.Days[i] = sessrt.Instant(event.Days[i])
//	}
func (f field) instants(t *model.Type, name string, depth int) (code []jen.Code) {
	switch {
	case t.Kind == model.Time:
		return []jen.Code{jen.Id(name).Op("=").Add(rt("Instant")).Call(jen.Id(name))}
	case !holdsTimes(t):
	case t.Kind == model.StructKind:
		for _, column := range t.Struct.Fields {
			code = append(code, f.instants(column.Type, name+"."+column.Path, depth)...)
		}
	case t.Kind == model.Array:
		i := f.local.i
		if depth > 0 {
			i += strconv.Itoa(depth + 1)
		}
		if i == f.Param {
			i += "_"
		}
		code = append(code, jen.For(jen.Id(i).Op(":=").Range().Id(name)).Block(f.instants(t.Elem, name+"["+i+"]", depth+1)...))
	}
	return code
}
