package parse

import (
	"fmt"
	"go/ast"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/internal/wirename"
)

// maxFields is how many bits a session has for its fields.
const maxFields = 256

// specBuilder reads one annotated struct.
type specBuilder struct {
	*builder
	decl  *specDecl
	named *types.Named
	spec  *model.Spec
	wires map[string]string // every wire name ever used -> its owner
	names map[string]*model.Field
	rest  *model.Field
	count int
}

func (b *builder) readSpec(d *specDecl) {
	obj, ok := b.pkg.TypesInfo.Defs[d.typ.Name].(*types.TypeName)
	if !ok {
		return
	}
	named, ok := obj.Type().(*types.Named)
	if !ok {
		return
	}
	st, ok := named.Underlying().(*types.Struct)
	if !ok {
		b.errorsIn(d.typ) // the type checker gave up on it and said why
		return
	}
	pos := b.position(d.typ.Name.Pos())
	s := &specBuilder{
		builder: b, decl: d, named: named,
		spec: &model.Spec{
			GoName: obj.Name(), Doc: d.doc, Pos: pos,
			File: filepath.Base(pos.File),
		},
		wires: map[string]string{}, names: map[string]*model.Field{},
	}
	s.chooseName()
	b.specs = append(b.specs, s) // before its fields, which may mention what it makes
	met := len(b.guards)
	s.walk(st, nil, place{pos: d.typ.Name.Pos()})
	inner := slices.Clone(b.guards[met:])
	b.guards = b.guards[:met]
	s.guard(named, st, place{pos: d.typ.Name.Pos()}) // the spec before what is in it
	b.guards = append(b.guards, inner...)
	b.errorsIn(d.typ)
	b.out.Specs = append(b.out.Specs, s.spec)
}

// chooseName names the generated type and its manager.
func (s *specBuilder) chooseName() {
	name := s.decl.name
	if name == "" {
		name = upperFirst(s.spec.GoName)
		switch {
		case checkTypeName(name) != "":
			s.errorAt(s.decl.pos, "spec %s gives the generated type no exported name; write %s Name", s.spec.GoName, wantDirective)
		case name == s.spec.GoName:
			s.errorAt(s.decl.pos, "spec %s is exported, so that the generated type needs another name; write %s Name, or call the spec %s", name, wantDirective, lowerCamel(name))
		}
	}
	s.spec.Name, s.spec.Manager, s.spec.New = name, name+"s", "New"+name+"s"
}

// walk adds the fields of st, which the spec embeds by way of path.
func (s *specBuilder) walk(st *types.Struct, path []*types.Var, outer place) {
	for i := range st.NumFields() {
		v := st.Field(i)
		at := s.placeOf(v, outer)
		w := where{place: at, label: label(path, v), v: v}
		tag, errs := parseTag(st.Tag(i))
		s.tagErrors(at, w.label, errs)
		if len(errs) > 0 {
			s.handled[at.field] = true
			continue // whatever it meant, it is not known
		}
		if tag.Skip {
			continue
		}
		set, errs := checkOptions(tag)
		s.tagErrors(at, w.label, errs)
		switch {
		case v.Name() == "_":
			s.blank(w, tag, set)
		case set.has("drop"):
			s.errorAt(at.inTag(set.at["drop"]), "field %s: drop removes what older versions stored, so that nothing can be kept there; write _ struct{} `session:\"%s,drop\"`", w.label, wirename.Snake(v.Name()))
		case v.Embedded():
			s.embed(w, tag, path)
		case !v.Exported():
			way := "write " + exportedName(v.Name()) + `, or tag it session:"-"`
			if at.field == nil {
				way = "name the embedded field, or " + s.skip(w)
			}
			s.errorAt(at.pos, "field %s is not exported: accessors are made for exported fields; %s", w.label, way)
			s.handled[at.field] = true
		default:
			s.field(w, tag, set, path)
		}
	}
}

func label(path []*types.Var, v *types.Var) string {
	var out strings.Builder
	for _, p := range path {
		out.WriteString(p.Name() + ".")
	}
	return out.String() + v.Name()
}

// blank reads a field without a name: it can only say that a wire name is to go.
func (s *specBuilder) blank(w where, tag fieldTag, set settings) {
	st, ok := w.v.Type().Underlying().(*types.Struct)
	switch {
	case !tag.Present:
	case !set.has("drop"):
		s.errorAt(w.inTag(tag.NameOff), "field _ holds nothing: only drop can stand on it; name the field, or write session:\"old_name,drop\"")
	case tag.Name == "":
		s.errorAt(w.inTag(set.at["drop"]), "field _: drop needs the wire name to remove; write session:\"old_name,drop\"")
	case !ok || st.NumFields() > 0:
		s.errorAt(w.pos, "field _ has type %s: a dropped field holds nothing; write _ struct{}", s.short(w.v.Type()))
	default:
		s.claim(w, tag.NameOff, tag.Name, dropped)
		s.spec.Drop = append(s.spec.Drop, tag.Name)
	}
}

// embed flattens an embedded struct.
func (s *specBuilder) embed(w where, tag fieldTag, path []*types.Var) {
	if tag.Present && (tag.Name != "" || len(tag.Options) > 0) {
		s.errorAt(w.inTag(tag.NameOff), "embedded %s has a tag: its fields are the session's own and have their tags; remove the tag, or name the field to store it as one value", w.label)
		return
	}
	t := w.v.Type()
	if basic, ok := t.Underlying().(*types.Basic); ok && basic.Kind() == types.Invalid {
		s.invalid(w)
		return
	}
	st, ok := s.embedded(w, w.v, tag)
	switch {
	case !ok:
		s.handled[w.field] = true
		return
	case st == nil:
		s.handled[w.field] = true
		s.typeError(w, t, `only structs with fields of their own can be embedded; name the field, or tag it session:"-"`)
		return
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		s.guard(named, st, w.place)
	}
	s.walk(st, append(path[:len(path):len(path)], w.v), w.place)
}

// field adds one session field.
func (s *specBuilder) field(w where, tag fieldTag, set settings, path []*types.Var) {
	if s.count++; s.count == maxFields+1 {
		s.errorAt(w.pos, "field %s is one too many: a session has at most %d; put some of them into a nested struct", w.label, maxFields)
	}
	v := w.v
	f := &model.Field{
		GoName: v.Name(), Doc: docOf(w.field), Pos: s.position(w.pos),
		Index: set.has("index"), Principal: set.has("principal"), Flash: set.has("flash"),
		Redact: set.has("redact"), Rest: set.has("rest"), TTL: set.ttl, Was: set.was, Retyped: set.retyped,
	}
	var ok bool
	if f.Path, ok = s.selector(s.named, append(path[:len(path):len(path)], v)); !ok {
		s.errorAt(w.pos, "field %s: generated code can't reach it past an embedded type that is not exported; name the embedded field", w.label)
		return
	}
	if other, ok := s.names[f.GoName]; ok {
		s.errorAt(w.pos, "field %s: %s is also the name of the field at %s, and both would have the same accessors; rename one of them", w.label, f.GoName, base(other.Pos))
		return
	}
	s.names[f.GoName] = f
	s.nameOnWire(w, f, tag, set)
	if f.Type = s.typ(w, v.Type(), nil); f.Type == nil {
		s.handled[w.field] = true
		return
	}
	u := types.Unalias(v.Type())
	m, _ := u.Underlying().(*types.Map)
	stringKeyed := f.Type.Kind == model.Map && types.Identical(m.Key(), types.Typ[types.String])
	s.tagErrors(w.place, w.label, checkOptionTypes(set, f.Type.Kind, s.short(v.Type()), types.Comparable(u), stringKeyed))
	if set.deflt != nil && !set.has("rest") {
		s.setDefault(w, f, set, u)
	}
	s.spec.Fields = append(s.spec.Fields, f)
}

func docOf(field *ast.Field) string {
	if field == nil {
		return ""
	}
	return docText(field.Doc, field.Comment)
}

// nameOnWire chooses the field's wire name and keeps it and the older ones
// from being used twice.
func (s *specBuilder) nameOnWire(w where, f *model.Field, tag fieldTag, set settings) {
	f.Wire = tag.Name
	if f.Wire == "" {
		f.Wire = wirename.Snake(f.GoName)
	}
	if f.Rest {
		if tag.Name != "" {
			s.errorAt(w.inTag(tag.NameOff), "field %s: a rest field holds the fields of other names and has none itself; write session:\",rest\"", w.label)
		}
		if s.rest != nil {
			s.errorAt(w.inTag(set.at["rest"]), "field %s: field %s is the rest field already, and there is one; remove rest from one of them", w.label, s.rest.GoName)
		}
		if s.rest == nil {
			s.rest = f
		}
		return
	}
	if msg := checkWireName(f.Wire); msg != "" && tag.Name == "" {
		s.errorAt(w.pos, "field %s: %s", w.label, msg)
	}
	s.claim(w, tag.NameOff, f.Wire, "that of field "+w.label)
	for i, old := range f.Was {
		s.claim(w, set.wasOff[i], old, "an older one of field "+w.label)
	}
}

// dropped is what owns a wire name that is removed.
const dropped = "a dropped name"

// claim notes who owns a wire name.
func (s *specBuilder) claim(w where, off int, wire, owner string) {
	other, ok := s.wires[wire]
	switch {
	case ok && other == owner && owner == dropped:
		s.errorAt(w.inTag(off), "field %s: wire name %q is dropped already; remove one of them", w.label, wire)
	case ok && other == owner || ok && strings.HasSuffix(other, " field "+w.label):
		s.errorAt(w.inTag(off), "field %s: wire name %q is its own already; remove the was", w.label, wire)
	case ok:
		s.errorAt(w.inTag(off), "field %s: wire name %q is %s; give one of them another", w.label, wire, other)
	default:
		s.wires[wire] = owner
	}
}

// setDefault parses the default against the field's type.
func (s *specBuilder) setDefault(w where, f *model.Field, set settings, u types.Type) {
	text := *set.deflt
	fail := func(format string, args ...any) {
		s.errorAt(w.inTag(set.at["default"]), "field "+w.label+": option default: %s", fmt.Sprintf(format, args...))
	}
	basic, ok := u.Underlying().(*types.Basic)
	switch f.Type.Kind {
	case model.Binary, model.Text:
		ok = false
	}
	if !ok {
		fail("type %s has no literal; use a string, a bool or a number, or remove it", s.short(w.v.Type()))
		return
	}
	f.Default = &model.Default{Text: text}
	if s.overDuration(u) {
		d, err := parseDuration(text)
		if err != nil {
			fail("%v", err)
			return
		}
		f.Default.Go = itoa(int(d))
		if isNamed(u, "time", "Duration") {
			s.later(func() { f.Default.Go = goDuration(d, s.out.Std.Time) })
		}
		return
	}
	expr, err := parseDefault(text, basic, 64)
	if err != nil {
		fail("%v", err)
		return
	}
	f.Default.Go = expr
}

// overDuration tells whether t is time.Duration or declared over it, as far as
// the source at hand tells: its underlying type, int64, does not.
func (b *builder) overDuration(t types.Type) bool {
	if isNamed(t, "time", "Duration") {
		return true
	}
	named, ok := t.(*types.Named)
	if !ok {
		return false
	}
	decl := b.typeDecls[named.Obj().Pos()]
	if decl == nil {
		return false
	}
	over := b.pkg.TypesInfo.TypeOf(decl.Type)
	return over != nil && b.overDuration(types.Unalias(over))
}
