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
	if why := b.loss(w, t, kind); why != "" {
		b.typeError(w, t, "%s", why)
		return 0, false
	}
	return kind, true
}

// hasMarshaler returns Binary or Text for a type that can encode and decode itself, else 0.
func (b *builder) hasMarshaler(t types.Type) model.Kind {
	switch t.Underlying().(type) {
	case *types.Interface, *types.Pointer:
		return 0 // of a pointer, what it points at is asked
	}
	for _, kind := range []model.Kind{model.Binary, model.Text} {
		if b.hasPair(t, methods[kind][0], methods[kind][1]) {
			return kind
		}
	}
	return 0
}

// methods are the marshalers that count, in the order of the documentation.
var methods = map[model.Kind][2]string{
	model.Binary: {"MarshalBinary", "UnmarshalBinary"},
	model.Text:   {"MarshalText", "UnmarshalText"},
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
