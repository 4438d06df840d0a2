package parse

import (
	"go/types"

	"github.com/sessiongen/sessiongen/internal/model"
)

// marshaler returns Binary or Text for a type that encodes itself, else 0. It
// reports, and returns false for, a type that would lose data by it.
func (b *builder) marshaler(w where, t types.Type) (model.Kind, bool) {
	kind := b.hasMarshaler(t)
	if kind == 0 {
		return 0, true
	}
	name := "MarshalBinary"
	if kind == model.Text {
		name = "MarshalText"
	}
	_, index, _ := types.LookupFieldOrMethod(t, true, b.pkg.Types, name)
	st, ok := t.Underlying().(*types.Struct)
	if ok && len(index) > 1 && storedFields(st) > 1 {
		b.typeError(w, t, "it has %s only from its embedded field %s, which would lose the other fields; give it %s and Un%s of its own, or name the embedded field",
			name, st.Field(index[0]).Name(), name, "m"+name[1:])
		return 0, false
	}
	return kind, true
}

// storedFields counts the fields of a struct that can hold something.
func storedFields(st *types.Struct) (n int) {
	for v := range st.Fields() {
		if v.Name() != "_" {
			n++
		}
	}
	return n
}

// hasMarshaler returns Binary or Text for a type that can encode and decode itself, else 0.
func (b *builder) hasMarshaler(t types.Type) model.Kind {
	switch t.Underlying().(type) {
	case *types.Interface, *types.Pointer:
		return 0 // of a pointer, what it points at is asked
	}
	switch {
	case b.hasPair(t, "MarshalBinary", "UnmarshalBinary"):
		return model.Binary
	case b.hasPair(t, "MarshalText", "UnmarshalText"):
		return model.Text
	}
	return 0
}

func (b *builder) hasPair(t types.Type, marshal, unmarshal string) bool {
	m, u := b.method(t, marshal), b.method(t, unmarshal)
	return m != nil && u != nil &&
		m.Params().Len() == 0 && m.Results().Len() == 2 && isBytes(m.Results().At(0)) && isError(m.Results().At(1)) &&
		u.Params().Len() == 1 && u.Results().Len() == 1 && isBytes(u.Params().At(0)) && isError(u.Results().At(0)) &&
		!u.Variadic()
}

// method returns the signature of a method of t or *t, or nil.
func (b *builder) method(t types.Type, name string) *types.Signature {
	obj, _, _ := types.LookupFieldOrMethod(t, true, b.pkg.Types, name)
	if fn, ok := obj.(*types.Func); ok {
		return fn.Signature()
	}
	return nil
}

func isBytes(v *types.Var) bool {
	return types.Identical(v.Type(), types.NewSlice(types.Typ[types.Uint8]))
}

func isError(v *types.Var) bool {
	return types.Identical(v.Type(), types.Universe.Lookup("error").Type())
}

// reachesShared tells whether who holds a copy of a value can change what the
// original reaches: by a slice, a map or a pointer. Strings and times can't be changed.
func reachesShared(t types.Type, seen []types.Type) bool {
	t = types.Unalias(t)
	if named, ok := t.(*types.Named); ok {
		if immutable(named) {
			return false
		}
		for _, s := range seen {
			if types.Identical(s, t) {
				return false // found out by the call around this one
			}
		}
		if len(seen) > maxDepth {
			return true
		}
		seen = append(seen, t)
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Array:
		return reachesShared(u.Elem(), seen)
	case *types.Struct:
		for v := range u.Fields() {
			if reachesShared(v.Type(), seen) {
				return true
			}
		}
		return false
	}
	return true
}

// immutable types hold a pointer that they let nobody change.
func immutable(t *types.Named) bool {
	if t.Obj().Pkg() == nil {
		return false
	}
	switch t.Obj().Pkg().Path() + "." + t.Obj().Name() {
	case "time.Time", "net/netip.Addr", "net/netip.AddrPort", "net/netip.Prefix", "unique.Handle":
		return true
	}
	return false
}
