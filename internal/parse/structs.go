package parse

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/internal/wirename"
)

// codec is one struct type that gets functions of its own; all its uses share them.
type codec struct {
	model  *model.Struct
	typ    types.Type
	label  string // the field where it was first met, for a type without a name
	failed bool
}

// foreign tells whether the type is declared by another package than p.
func (c *codec) foreign(p *types.Package) bool {
	named, ok := c.typ.(*types.Named)
	return ok && named.Obj().Pkg() != p
}

// structType returns the codec of a struct type and what the schema calls it,
// or nil after an error. It is entered before its fields are walked, so that
// they may lead back to it.
func (b *builder) structType(w where, spelled types.Type, st *types.Struct) (*model.Struct, string) {
	t := types.Unalias(spelled)
	name := "struct"
	if _, ok := t.(*types.Named); ok {
		name = b.short(t)
	}
	if c, ok := b.structs.At(t).(*codec); ok {
		if c.failed {
			return nil, "" // reported where it was first met
		}
		return c.model, name
	}
	c := &codec{model: &model.Struct{}, typ: t, label: w.label}
	if b.nameable(t) {
		spelled = t // the type's own name, whichever alias came first
	}
	if !b.spell(w, spelled, &c.model.Go) {
		return nil, ""
	}
	b.structs.Set(t, c)
	b.codecs = append(b.codecs, c)
	cols := columns{builder: b, codec: c, of: w, wires: map[string]string{}}
	cols.walk(st, w, nil)
	if c.failed {
		if c.foreign(b.pkg.Types) {
			b.structs.Delete(t) // each of its uses has to change, and is reported
		}
		return nil, ""
	}
	if lock := b.lockIn(t); lock != "" {
		c.failed = true
		b.typeError(w, spelled, "it holds a %s, which must not be copied, and a session copies values; %s", lock, b.instead(w, "use a pointer to a type without it"))
		return nil, ""
	}
	if named, ok := t.(*types.Named); ok {
		b.guard(named, st, w.place)
	}
	return c.model, name
}

// lockIn returns the type in t that go vet's copylocks would find, or nothing: one
// whose pointer can be locked and which is held by value.
func (b *builder) lockIn(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Struct:
		ptr := types.NewMethodSet(types.NewPointer(t))
		if ptr.Lookup(nil, "Lock") != nil && ptr.Lookup(nil, "Unlock") != nil && types.NewMethodSet(t).Lookup(nil, "Lock") == nil {
			return b.short(t)
		}
		for v := range u.Fields() {
			if lock := b.lockIn(v.Type()); lock != "" {
				return lock
			}
		}
	case *types.Array:
		return b.lockIn(u.Elem())
	}
	return ""
}

// columns walks the fields of a nested struct.
type columns struct {
	*builder
	codec *codec
	of    where
	wires map[string]string // wire name -> selector
}

// walk adds the fields of st, which is reached from the codec's type by path.
func (c *columns) walk(st *types.Struct, w where, path []*types.Var) {
	for i := range st.NumFields() {
		v := st.Field(i)
		if v.Name() == "_" {
			continue
		}
		if c.codec.failed && !c.local(v) {
			return // one error for a type that its owner would have to change
		}
		// An error points at the spec's field: that is what the reader can
		// change, and where the way to the type begins.
		at := where{place: w.place, label: w.label + "." + v.Name(), v: v}
		tag, errs := parseTag(st.Tag(i))
		if len(errs) > 0 && (c.fields[v.Pos()] != nil || tag.Present) {
			c.fail(at, "%s", errs[0].msg)
			continue
		}
		if tag.Skip {
			continue
		}
		if len(tag.Options) > 0 {
			c.fail(at, "option %s is for the fields of the session itself; only a column's name may stand in the tag here", tag.Options[0].Name)
			continue
		}
		if inner, ok := c.embedded(at, v, tag); !ok {
			c.codec.failed = true
			continue
		} else if inner != nil {
			if named, ok := types.Unalias(v.Type()).(*types.Named); ok {
				c.guard(named, inner, at.place)
			}
			c.walk(inner, at, append(path[:len(path):len(path)], v))
			continue
		}
		if !v.Exported() {
			c.unexported(w, v)
			continue
		}
		c.column(at, v, tag, path)
	}
}

// embedded returns the struct whose fields v stands for, or nil if v is a
// column like any other: it has a name in its tag, or nothing to look into.
func (b *builder) embedded(w where, v *types.Var, tag fieldTag) (*types.Struct, bool) {
	if !v.Embedded() || tag.Name != "" {
		return nil, true
	}
	u := types.Unalias(v.Type())
	if b.refuseSession(w, u) {
		return nil, false
	}
	if ptr, ok := u.(*types.Pointer); ok {
		if _, ok := ptr.Elem().Underlying().(*types.Struct); ok && b.hasMarshaler(ptr.Elem()) == 0 {
			way := b.skip(w)
			if b.fields[v.Pos()] != nil {
				way = fmt.Sprintf("embed %s itself, or name the field", b.short(ptr.Elem()))
			}
			b.typeError(w, v.Type(), "an embedded pointer may be nil, and its fields with it; %s", way)
			return nil, false
		}
		return nil, true
	}
	st, ok := u.Underlying().(*types.Struct)
	if !ok || isNamed(u, "time", "Time") || b.hasMarshaler(u) != 0 {
		return nil, true
	}
	return st, true
}

func (c *columns) column(w where, v *types.Var, tag fieldTag, path []*types.Var) {
	wire := tag.Name
	if wire == "" {
		wire = wirename.Snake(v.Name())
	}
	selector, ok := c.selector(c.codec.typ, append(path[:len(path):len(path)], v))
	if !ok {
		c.fail(w, "generated code can't reach it past an embedded type that is not exported; %s", c.skip(w))
		return
	}
	if other, ok := c.wires[wire]; ok {
		c.fail(w, "column %q is also that of %s; give one of them another name in its tag", wire, other)
		return
	}
	c.wires[wire] = c.of.label + "." + selector
	t := c.typ(w, v.Type(), nil)
	if t == nil {
		c.codec.failed = true
		return
	}
	c.codec.model.Fields = append(c.codec.model.Fields, model.StructField{Path: selector, Wire: wire, Type: t})
}

func (c *columns) fail(w where, format string, args ...any) {
	c.codec.failed = true
	c.errorAt(w.pos, "field "+w.label+": "+format, args...)
}

// unexported reports a field that would be lost. Of a struct from elsewhere
// the whole type is to blame, of one's own the field.
func (c *columns) unexported(w where, v *types.Var) {
	c.codec.failed = true
	named, ok := c.codec.typ.(*types.Named)
	if !c.local(v) {
		way := c.wrap(w, c.codec.typ)
		if ok && named.Obj().Pkg() == c.pkg.Types { // type When time.Time has none of its methods
			way = "give " + c.short(named) + " a MarshalText and UnmarshalText, or " + c.skip(w)
		}
		c.typeError(w, c.codec.typ, "its field %s is not exported, so that a copy of it would be incomplete, and it has no MarshalBinary or MarshalText with the way back; %s", v.Name(), way)
		return
	}
	ways := "write " + exportedName(v.Name())
	if v.Embedded() {
		ways = "name the embedded field"
	}
	if ok {
		ways += ", give " + c.short(named) + " " + c.marshalerFor(named) + ","
	}
	c.errorAt(w.pos, `field %s.%s is not exported: only exported fields are stored; %s or tag it session:"-"`, w.label, v.Name(), ways)
}

// local tells whether v is declared in the package at hand.
func (b *builder) local(v *types.Var) bool { return v.Pkg() == b.pkg.Types }

// selector spells the way from root to the last of path. Embedded fields are
// named on the way, so that nothing is ambiguous, but for those of another
// package that are not exported: there Go's own promotion must lead to the field.
func (b *builder) selector(root types.Type, path []*types.Var) (string, bool) {
	names := make([]string, len(path))
	hidden := false
	for i, v := range path {
		names[i] = v.Name()
		hidden = hidden || !v.Exported() && !b.local(v)
	}
	if !hidden {
		return strings.Join(names, "."), true
	}
	last := path[len(path)-1]
	obj, index, _ := types.LookupFieldOrMethod(root, true, b.pkg.Types, last.Name())
	return last.Name(), obj != nil && obj.Pos() == last.Pos() && len(index) == len(path)
}
