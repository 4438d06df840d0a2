package parse

import (
	"go/types"

	"github.com/sessiongen/sessiongen/internal/model"
)

// guard notes what a struct looked like, so that the output stops compiling
// when it changes. Only structs declared in the package at hand are guarded:
// others have fields that no literal here can spell, and -check sees them.
func (s *specBuilder) guard(named *types.Named, st *types.Struct) {
	if named.Obj().Pkg() != s.pkg.Types || s.guarded.At(named) != nil {
		return
	}
	for v := range st.Fields() {
		if !v.Exported() && !s.local(v) {
			return // type session other.Base
		}
	}
	s.guarded.Set(named, true)
	at := where{place{pos: s.decl.typ.Name.Pos()}, named.Obj().Name(), nil}
	literal := make([]model.GuardField, st.NumFields())
	for i := range literal {
		v := st.Field(i)
		literal[i].Tag = st.Tag(i)
		if !v.Embedded() {
			literal[i].Name = v.Name()
		}
		at.place, at.v = s.placeOf(v, at.place), v
		s.spell(at, v.Type(), &literal[i].Type)
	}
	var name string
	s.spell(at, named, &name)
	n := len(s.spec.Guard)
	s.spec.Guard = append(s.spec.Guard, model.Guard{Literal: literal})
	s.later(func() { s.spec.Guard[n].Type = name })
}
