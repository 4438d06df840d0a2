package schema

import (
	"regexp"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// Of describes the specs of packages.
func Of(packages []*model.Package) *Schema {
	all := &Schema{Version: Version, Sessions: []Session{}}
	for _, p := range packages {
		d := describer{paths: map[string]string{}}
		for _, i := range p.Imports {
			d.paths[i.Name] = i.Path
		}
		for _, s := range p.Specs {
			all.Sessions = append(all.Sessions, d.session(p, s))
		}
	}
	return all
}

// describer describes the specs of one package.
type describer struct {
	paths map[string]string // what the output calls a package -> its import path
}

func (d describer) session(p *model.Package, s *model.Spec) Session {
	out := Session{Package: p.Path, Type: s.Name, Spec: s.GoName, Manager: s.Manager, Fields: []Field{}, Drop: s.Drop, Pos: s.Pos}
	seen := map[*model.Struct]bool{}
	for _, f := range s.Fields {
		field := Field{
			Name: f.GoName, Wire: f.Wire, Go: d.goType(f.Type.Go), Type: f.Type.Wire, Stored: d.stored(f.Type),
			Accessors: f.Accessors(), Finders: f.Finders(),
			Index: f.Index, Principal: f.Principal, Flash: f.Flash, Redact: f.Redact, Rest: f.Rest,
			Was: f.Was, Retyped: f.Retyped, Pos: f.Pos,
		}
		if f.TTL > 0 {
			field.TTL = f.TTL.String()
		}
		if f.Default != nil {
			field.Default = &f.Default.Text
		}
		out.Fields = append(out.Fields, field)
		out.Structs = d.reached(f.Type, seen, out.Structs)
	}
	return out
}

// reached appends the structs that t reaches, each before those inside it.
func (d describer) reached(t *model.Type, seen map[*model.Struct]bool, list []Struct) []Struct {
	if t == nil {
		return list
	}
	if t.Kind != model.StructKind {
		return d.reached(t.Elem, seen, d.reached(t.Key, seen, list))
	}
	if seen[t.Struct] {
		return list
	}
	seen[t.Struct] = true
	s := Struct{Go: d.goType(t.Struct.Go), Columns: []Column{}}
	for _, f := range t.Struct.Fields {
		s.Columns = append(s.Columns, Column{Name: f.Path, Wire: f.Wire, Go: d.goType(f.Type.Go), Type: f.Type.Wire, Stored: d.stored(f.Type)})
	}
	list = append(list, s)
	for _, f := range t.Struct.Fields {
		list = d.reached(f.Type, seen, list)
	}
	return list
}

// stored describes how values of t are stored.
func (d describer) stored(t *model.Type) *Stored {
	out := &Stored{}
	switch t.Kind {
	case model.Bool:
		out.Kind = Bool
	case model.Int:
		out.Kind, out.Bits = Int, t.Bits
	case model.Uint:
		out.Kind, out.Bits = Uint, t.Bits
	case model.Float32:
		out.Kind, out.Bits = Float, 32
	case model.Float64:
		out.Kind, out.Bits = Float, 64
	case model.String:
		out.Kind = String
	case model.Bytes:
		out.Kind = Bytes
	case model.ByteArray:
		out.Kind, out.Length = Bytes, &t.Len
	case model.Time:
		out.Kind = Timestamp
	case model.Binary:
		out.Kind, out.Marshaler = Binary, d.goType(t.Go)
	case model.Text:
		out.Kind, out.Marshaler = Text, d.goType(t.Go)
	case model.Slice:
		out.Kind, out.Elem = List, d.stored(t.Elem)
		out.Table = t.Elem.Kind == model.StructKind || t.Elem.RowPointer()
	case model.Array:
		out.Kind, out.Elem, out.Length = List, d.stored(t.Elem), &t.Len
		out.Table = t.Elem.Kind == model.StructKind
	case model.Map:
		out.Kind, out.Key, out.Elem = Map, d.stored(t.Key), d.stored(t.Elem)
	case model.Pointer:
		out.Kind, out.Elem = Optional, d.stored(t.Elem)
	case model.StructKind:
		out.Kind, out.Struct = StructOf, d.goType(t.Struct.Go)
	}
	return out
}

var qualifier = regexp.MustCompile(`\b[\pL_][\pL\pN_]*\.`)

// goType is a type as it is spelled in the output, but with other packages'
// types by import path: what the output calls a package depends on the names
// that the user's package has in use.
func (d describer) goType(spelled string) string {
	return qualifier.ReplaceAllStringFunc(spelled, func(q string) string {
		if path := d.paths[strings.TrimSuffix(q, ".")]; path != "" {
			return path + "."
		}
		return q
	})
}
