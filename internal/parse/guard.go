package parse

import (
	"go/types"

	"github.com/sessiongen/sessiongen/internal/model"
)

// guard notes what a spec, or a struct in one, looked like, so that the output
// stops compiling when it changes: a field that it does not know would not be
// stored. Only structs declared in the package at hand are guarded:
// others have fields that no literal here can spell, and -check sees them.
func (b *builder) guard(named *types.Named, st *types.Struct, pl place) {
	if named.Obj().Pkg() != b.pkg.Types || b.guarded.At(named) != nil {
		return
	}
	for v := range st.Fields() {
		if !v.Exported() && !b.local(v) {
			return // type session other.Base
		}
	}
	b.guarded.Set(named, true)
	at := where{place: pl, label: named.Obj().Name()}
	literal := make([]model.GuardField, st.NumFields())
	for i := range literal {
		v := st.Field(i)
		literal[i].Tag = st.Tag(i)
		if !v.Embedded() {
			literal[i].Name = v.Name()
		}
		at.place, at.v = b.placeOf(v, at.place), v
		b.spell(at, v.Type(), &literal[i].Type)
	}
	var name string
	b.spell(at, named, &name)
	guard := &model.Guard{Literal: literal}
	b.guards = append(b.guards, guard)
	b.later(func() { guard.Type = name })
}
