package parse

import (
	"fmt"
	"go/types"

	"github.com/sessiongen/sessiongen/internal/model"
)

// lossy are types whose own methods do not bring back what they were given,
// with the reason and the way out, if there is a better one than a wrapper.
var lossy = map[string]struct{ why, instead string }{
	"math/big.Float":                  {"its MarshalText drops the precision", ""},
	"github.com/google/uuid.NullUUID": {"its UnmarshalBinary does not read the null that its MarshalBinary writes", "use a pointer to a UUID"},
}

// loss says what would get lost of a type that is stored by its marshaler, and
// what to do; "" for nothing.
func (b *builder) loss(w where, t types.Type, kind model.Kind) string {
	if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil {
		if known, ok := lossy[named.Obj().Pkg().Path()+"."+named.Obj().Name()]; ok {
			if known.instead != "" {
				return known.why + "; " + b.instead(w, known.instead)
			}
			return known.why + "; " + b.wrap(w, t)
		}
	}
	for _, name := range methods[kind] {
		if why := b.promoted(t, name); why != "" {
			return fmt.Sprintf("%s; give it %s and %s of its own, or name the embedded field", why, methods[kind][0], methods[kind][1])
		}
	}
	if lock := b.lockIn(t); lock != "" && !w.pointee {
		return fmt.Sprintf("it holds a %s, which must not be copied, and a session copies values; %s", lock, b.instead(w, "use a pointer to it"))
	}
	return ""
}

// promoted says why a method that t has from an embedded field does not do for
// all of t; "" if it does, or is t's own.
//
//	struct{ time.Time; Zone string }  Zone would be lost
//	struct{ *big.Int }                the pointer is nil in a value that is read
func (b *builder) promoted(t types.Type, method string) string {
	_, index, _ := types.LookupFieldOrMethod(t, true, b.pkg.Types, method)
	for len(index) > 1 {
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return ""
		}
		v := st.Field(index[0])
		switch v.Type().Underlying().(type) {
		case *types.Pointer, *types.Interface:
			return fmt.Sprintf("it has %s only from its embedded field %s, which is nil in a value that is read", method, v.Name())
		}
		if storedFields(st) > 1 {
			return fmt.Sprintf("it has %s only from its embedded field %s, which would lose the other fields", method, v.Name())
		}
		t, index = v.Type(), index[1:]
	}
	return ""
}

// storedFields counts the fields of a struct that hold something to store.
func storedFields(st *types.Struct) (n int) {
	for i := range st.NumFields() {
		if tag, _ := parseTag(st.Tag(i)); st.Field(i).Name() != "_" && !tag.Skip {
			n++
		}
	}
	return n
}

// wrap is the way out for a type of another package that no method stores: a
// type around it whose methods call what there is.
func (b *builder) wrap(w where, t types.Type) string {
	calls := b.calls(t)
	if calls == "" && b.lockIn(t) != "" {
		return b.instead(w, "use another type")
	}
	return b.instead(w, "wrap it in a type of your own with MarshalBinary and UnmarshalBinary"+calls+",")
}

// marshalerFor names the methods that would store a type of the package.
func (b *builder) marshalerFor(t types.Type) string {
	for _, kind := range []model.Kind{model.Binary, model.Text} {
		there, back := methods[kind][0], methods[kind][1]
		switch {
		case b.method(t, there) != nil && b.method(t, back) == nil:
			return "the " + back + " to its " + there
		case b.method(t, there) == nil && b.method(t, back) != nil:
			return "the " + there + " to its " + back
		}
	}
	if calls := b.calls(t); calls != "" {
		return "a MarshalBinary and UnmarshalBinary" + calls
	}
	return "a MarshalText and UnmarshalText"
}

// calls says which methods of t a marshaler could call; "" for none.
func (b *builder) calls(t types.Type) string {
	if b.method(t, "ProtoReflect") != nil {
		return " that call proto.Marshal and proto.Unmarshal"
	}
	for _, pair := range [][2]string{{"GobEncode", "GobDecode"}, {"MarshalJSON", "UnmarshalJSON"}} {
		if b.hasPair(t, pair[0], pair[1]) {
			return " that call its " + pair[0] + " and " + pair[1]
		}
	}
	return ""
}
