package parse

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"

	"github.com/sessiongen/sessiongen/internal/model"
)

// place is what an error about a field points at: the field itself, or, for a
// field of another package's struct, the spec's field that reaches it.
type place struct {
	pos   token.Pos
	field *ast.Field // nil where the source is not at hand
}

// placeOf returns the place of a struct field, outer for one of another package.
func (b *builder) placeOf(v *types.Var, outer place) place {
	if field := b.fields[v.Pos()]; field != nil {
		return place{v.Pos(), field}
	}
	return place{pos: outer.pos}
}

// inTag is the position of an offset in the field's tag. Only in a raw string
// do the columns agree; any other tag is pointed at as a whole.
func (p place) inTag(off int) token.Pos {
	if p.field == nil || p.field.Tag == nil {
		return p.pos
	}
	if lit := p.field.Tag; lit.Value[0] == '`' {
		return lit.Pos() + 1 + token.Pos(off)
	}
	return p.field.Tag.Pos()
}

func (b *builder) position(pos token.Pos) model.Position {
	p := b.pkg.Fset.Position(pos)
	return model.Position{File: p.Filename, Line: p.Line, Col: p.Column}
}

// base is a position as part of a message: without the directory, so that
// messages do not depend on where the tool runs.
func base(p model.Position) string {
	return fmt.Sprintf("%s:%d", filepath.Base(p.File), p.Line)
}

func (b *builder) errorAt(pos token.Pos, format string, args ...any) {
	b.errorIn(b.position(pos), format, args...)
}

func (b *builder) errorIn(pos model.Position, format string, args ...any) {
	b.errs = append(b.errs, Error{pos, fmt.Sprintf(format, args...)})
}

// tagErrors reports what is wrong with a field's tag.
func (b *builder) tagErrors(at place, label string, errs []textError) {
	for _, err := range errs {
		b.errorAt(at.inTag(err.off), "field %s: %s", label, err.msg)
	}
}

// where is a place of a type inside a spec: what to blame, and how to call it.
type where struct {
	place
	label string     // such as Cart[].Item
	v     *types.Var // the field that declares the type

	pointee bool // the type is what a pointer points at, so that no value of it is copied
}

func (w where) elem() where {
	w.label += "[]"
	w.pointee = false
	return w
}

func (w where) target() where {
	w.pointee = true
	return w
}

// skip is the way out for a field that can't be stored; the fields of another
// package's struct have no tags of ours.
func (b *builder) skip(w where) string {
	if b.fields[w.v.Pos()] != nil {
		return `tag it session:"-"`
	}
	return "store a type of your own with the fields that you need"
}

// instead is the way out for a field of a type that can't be stored: another
// type, if it is the reader's to choose.
func (b *builder) instead(w where, other string) string {
	if b.fields[w.v.Pos()] == nil {
		return b.skip(w)
	}
	return other + " or " + b.skip(w)
}

// typeError reports a type that can't be stored, once a field of the package
// at hand, however many ways lead to it.
func (b *builder) typeError(w where, t types.Type, format string, args ...any) {
	if b.blame(w) {
		return
	}
	b.errorAt(w.pos, "field %s has type %s: %s", w.label, b.short(t), fmt.Sprintf(format, args...))
}

// blame notes that an error was reported for a field, and tells whether one was before.
func (b *builder) blame(w where) bool {
	before := b.blamed[w.v]
	b.blamed[w.v] = b.fields[w.v.Pos()] != nil
	return before
}

// short spells a type for messages: packages by name.
func (b *builder) short(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == b.pkg.Types {
			return ""
		}
		return p.Name()
	})
}
