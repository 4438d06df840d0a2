package parse

import (
	"go/types"
	"slices"

	"github.com/sessiongen/sessiongen/internal/model"
)

// How a type is stored is decided in this order:
//
//  1. time.Time is an instant.
//  2. A type with MarshalBinary and UnmarshalBinary is what they make of it,
//  3. then one with MarshalText and UnmarshalText.
//  4. Any other type is stored as its underlying kind, whatever its name and methods.
//
// A method may have a value or a pointer receiver.

// maxDepth bounds the nesting of one type; only a generic type that contains a
// larger instance of itself goes so deep.
const maxDepth = 100

// typ returns the model of t. It returns nil after it reported an error. open
// holds the types around t that t may not contain again: all but structs.
func (b *builder) typ(w where, t types.Type, open []types.Type) *model.Type {
	u := types.Unalias(t)
	if !b.checkNesting(w, u, open) || b.refuseSession(w, u) {
		return nil
	}
	out := &model.Type{}
	if !b.spell(w, t, &out.Go) {
		return nil
	}
	b.types = append(b.types, out)
	if isNamed(u, "time", "Time") {
		out.Kind, out.Wire = model.Time, "timestamp"
		return out
	}
	kind, ok := b.marshaler(w, u)
	if !ok {
		return nil
	}
	if kind != 0 {
		out.Kind, out.Wire = kind, map[model.Kind]string{model.Binary: "binary", model.Text: "text"}[kind]
		out.Lent = reachesShared(u, nil)
		return out
	}
	if _, ok := u.(*types.Named); ok {
		open = append(open, u)
	}
	switch under := u.Underlying().(type) {
	case *types.Basic:
		ok = b.basic(w, t, under, out)
	case *types.Slice:
		ok = b.slice(w, under, open, out)
	case *types.Array:
		ok = b.array(w, under, open, out)
	case *types.Map:
		ok = b.mapType(w, t, under, open, out)
	case *types.Pointer:
		out.Kind = model.Pointer
		if out.Elem = b.typ(w.target(), under.Elem(), open); out.Elem == nil {
			return nil
		}
		switch out.Elem.Kind {
		case model.Pointer, model.Slice, model.Map, model.Bytes:
			b.typeError(w, t, "a stored nil can't tell a nil pointer from a pointer to nil; use %s, which may be nil itself", b.short(under.Elem()))
			return nil
		}
		out.Wire, ok = "optional "+out.Elem.Wire, true
	case *types.Struct:
		out.Kind = model.StructKind
		out.Struct, out.Wire = b.structType(w, t, under)
		ok = out.Struct != nil
	default:
		b.typeError(w, t, "%s", b.whyNot(w, under))
		return nil
	}
	if !ok {
		return nil
	}
	out.Lent = lent(out)
	return out
}

// lent tells whether who holds a value of t can change what is stored of it:
// by a slice, a map or a pointer. A struct on the way back to itself is behind
// one of these, so that its fields are known when it is asked.
func lent(t *model.Type) bool {
	switch t.Kind {
	case model.Bytes, model.Slice, model.Map, model.Pointer:
		return true
	case model.Array:
		return t.Elem.Lent
	case model.StructKind:
		return slices.ContainsFunc(t.Struct.Fields, func(f model.StructField) bool { return f.Type.Lent })
	}
	return false
}

// checkNesting refuses types that contain themselves without a struct between:
// the codec of a struct is a function, which may call itself; everything else
// is spelled out.
func (b *builder) checkNesting(w where, u types.Type, open []types.Type) bool {
	if len(open) > maxDepth || len(w.label) > 20*maxDepth {
		b.errorAt(w.pos, "field %s has a type without end: it holds ever larger instances of itself; let it hold the instance that it is, such as *Node[T] in Node[T]", w.label[:50]+"...")
		return false
	}
	for _, outer := range open {
		if types.Identical(outer, u) {
			b.typeError(w, u, "it contains itself, and not by way of a struct; put a struct between, such as type Node struct{ Nodes []Node }")
			return false
		}
	}
	return true
}

// refuseSession reports a type that sessiongen generated: it is a request's view
// of a session, not data. One of the package at hand is not known at all.
func (b *builder) refuseSession(w where, t types.Type) bool {
	m := b.method(t, "SessionFields")
	if m == nil || m.Results().Len() != 1 || !isNamed(m.Results().At(0).Type(), model.RuntimePath, "Fields") {
		return false
	}
	b.typeError(w, t, "it is a generated session, which belongs to one request; %s", b.instead(w, "use its spec"))
	return true
}

func isNamed(t types.Type, path, name string) bool {
	named, ok := t.(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path
}

func isByte(t types.Type) bool { return types.Identical(t, types.Typ[types.Uint8]) }

func (b *builder) basic(w where, t types.Type, under *types.Basic, out *model.Type) bool {
	switch info := under.Info(); {
	case under.Kind() == types.Invalid:
		b.invalid(w)
		return false
	case info&types.IsBoolean != 0:
		out.Kind, out.Wire = model.Bool, "bool"
	case info&types.IsUnsigned != 0:
		out.Kind, out.Wire = model.Uint, "uint"
	case info&types.IsInteger != 0:
		out.Kind, out.Wire = model.Int, "int"
	case info&types.IsString != 0:
		out.Kind, out.Wire = model.String, "string"
	case under.Kind() == types.Float32:
		out.Kind, out.Wire = model.Float32, "float32"
	case under.Kind() == types.Float64:
		out.Kind, out.Wire = model.Float64, "float64"
	default:
		b.typeError(w, t, "%s", b.whyNot(w, under))
		return false
	}
	out.Bits = bitsOf(under)
	b.spelledBasic(under)
	return true
}

// bitsOf returns the size of an integer type, which is the same on every
// platform, as records are; 0 for any other type.
func bitsOf(under *types.Basic) int {
	switch under.Kind() {
	case types.Int8, types.Uint8:
		return 8
	case types.Int16, types.Uint16:
		return 16
	case types.Int32, types.Uint32:
		return 32
	case types.Int, types.Int64, types.Uint, types.Uint64, types.Uintptr:
		return 64
	}
	return 0
}

func (b *builder) slice(w where, under *types.Slice, open []types.Type, out *model.Type) bool {
	if isByte(types.Unalias(under.Elem())) {
		out.Kind, out.Wire = model.Bytes, "bytes"
		return true
	}
	out.Kind = model.Slice
	out.Elem = b.typ(w.elem(), under.Elem(), open)
	out.Wire = listOf(out.Elem)
	return out.Elem != nil
}

func (b *builder) array(w where, under *types.Array, open []types.Type, out *model.Type) bool {
	out.Len = under.Len()
	if isByte(types.Unalias(under.Elem())) {
		out.Kind, out.Wire = model.ByteArray, "bytes"
		return true
	}
	out.Kind = model.Array
	out.Elem = b.typ(w.elem(), under.Elem(), open)
	out.Wire = listOf(out.Elem)
	return out.Elem != nil
}

// listOf names a list in the schema; structs are stored as a table, their
// columns' names once.
func listOf(elem *model.Type) string {
	switch {
	case elem == nil:
		return ""
	case elem.Kind == model.StructKind:
		return "table of " + elem.Wire
	}
	return "list of " + elem.Wire
}

func (b *builder) mapType(w where, t types.Type, under *types.Map, open []types.Type, out *model.Type) bool {
	out.Kind = model.Map
	key := types.Unalias(under.Key())
	basic, isBasic := key.Underlying().(*types.Basic)
	if isBasic && basic.Kind() == types.Invalid {
		b.invalid(w)
		return false
	}
	marshals := b.hasMarshaler(key) != 0
	if !isBasic || marshals || basic.Info()&(types.IsInteger|types.IsString) == 0 {
		why := "a stored map has string or integer keys, which have an order"
		if marshals {
			why = "a stored map has string or integer keys without a marshaler"
		}
		b.typeError(w, t, "%s; use map[string]%s, or a slice of structs", why, b.short(under.Elem()))
		return false
	}
	out.Key = b.typ(w, under.Key(), open)
	out.Elem = b.typ(w.elem(), under.Elem(), open)
	if out.Key == nil || out.Elem == nil {
		return false
	}
	out.Wire = "map of " + out.Key.Wire + " to " + out.Elem.Wire
	return true
}

// whyNot says why a kind of type can't be stored, and what to do.
func (b *builder) whyNot(w where, t types.Type) string {
	switch t := t.(type) {
	case *types.Chan:
		return "a session can't store a channel; " + b.instead(w, "use a bool")
	case *types.Signature:
		return "a session can't store a function; " + b.instead(w, "store what it works on")
	case *types.Interface:
		return "a session can't store an interface, since what it held is not known when it is read; " + b.instead(w, "use a concrete type")
	case *types.Basic:
		if t.Info()&types.IsComplex != 0 {
			return "a session can't store a complex number; " + b.instead(w, "use two floats")
		}
		return "a session can't store an address; " + b.instead(w, "use what it points at")
	}
	return "a session can't store this kind of type; " + b.skip(w)
}
