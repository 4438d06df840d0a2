package schema

import "fmt"

// fit says how values of an old type read as a new one.
type fit int

const (
	all  fit = iota // every value fits
	some            // some do
	none            // none does, but for zero values
)

// part is one place of a type that differs: the field itself, or a column of
// a struct that it reaches.
type part struct {
	path     string // "" for the field itself, or such as "[].Color"
	old, new *Column
	fit      fit
}

// fitter compares two types part by part, as the runtime's Read functions take
// what its Append functions wrote.
type fitter struct {
	old, new *Session
	met      map[[2]string]bool // pairs of structs, which may contain themselves
	parts    []part
}

// compareTypes returns the parts of new that differ from old, the field itself first.
func compareTypes(oldSession, newSession *Session, old, new *Field) []part {
	f := fitter{old: oldSession, new: newSession, met: map[[2]string]bool{}}
	own := part{old: &Column{Go: old.Go, Stored: old.Stored}, new: &Column{Go: new.Go, Stored: new.Stored}}
	own.fit = f.fits(old.Stored, new.Stored, "")
	if own.fit != all || !same(old.Stored, new.Stored) {
		f.parts = append([]part{own}, f.parts...)
	}
	return f.parts
}

// fits tells how values of type o read as n. Columns that differ are parts of
// their own and do not count.
func (f *fitter) fits(o, n *Stored, path string) fit {
	switch {
	case n.Kind == Optional && o.Kind == Optional:
		return f.fits(o.Elem, n.Elem, path)
	case n.Kind == Optional:
		return f.fits(o, n.Elem, path)
	case o.Kind == Optional: // a nil has no place in what is not optional
		return max(f.fits(o.Elem, n, path), some)
	case number(o) && number(n):
		return numberFits(o, n)
	case o.Kind != n.Kind:
		return otherKind(o.Kind, n.Kind)
	}
	switch o.Kind {
	case Bytes:
		return length(o, n)
	case Binary, Text:
		if o.Marshaler != n.Marshaler {
			return some // the new type may read what the old one wrote
		}
	case List:
		if o.Table != n.Table {
			return none
		}
		return max(length(o, n), f.fits(o.Elem, n.Elem, path+"[]"))
	case Map:
		return max(f.fits(o.Key, n.Key, path+"{}"), f.fits(o.Elem, n.Elem, path+"[]"))
	case StructOf:
		f.columns(o.Struct, n.Struct, path)
	}
	return all
}

func number(t *Stored) bool { return t.Kind == Int || t.Kind == Uint || t.Kind == Float }

// numberFits compares numbers: an integer reads as a float that holds it
// exactly, and a float is no integer, whatever its value.
func numberFits(o, n *Stored) fit {
	wider := map[bool]fit{true: all, false: some}
	switch {
	case o.Kind == n.Kind:
		return wider[n.Bits >= o.Bits]
	case o.Kind == Float:
		return none
	case n.Kind == Float: // 24 or 53 bits of precision
		return wider[o.Bits <= n.Bits/2]
	default: // a signed integer has one bit less for its value
		return wider[o.Kind == Uint && n.Bits > o.Bits]
	}
}

// otherKind compares types of two kinds that are not both numbers.
func otherKind(o, n string) fit {
	switch [2]string{o, n} {
	case [2]string{Text, String}, [2]string{Binary, Bytes}:
		return all // what a marshaler made is a string, or bytes
	case [2]string{String, Text}, [2]string{Bytes, Binary}:
		return some // the marshaler may refuse it
	}
	return none
}

// length compares slices and arrays: an array reads exactly its own length.
func length(o, n *Stored) fit {
	switch {
	case n.Length == nil:
		return all
	case o.Length == nil:
		return some
	case *o.Length != *n.Length:
		return none
	}
	return all
}

// columns compares two structs by the names of their columns.
func (f *fitter) columns(o, n, path string) {
	pair := [2]string{o, n}
	if f.met[pair] {
		return
	}
	f.met[pair] = true
	before, after := f.old.structOf(o), f.new.structOf(n)
	for i := range after.Columns {
		c := &after.Columns[i]
		at := fmt.Sprintf("%s.%s", path, c.Name)
		was := before.column(c.Wire)
		if was == nil {
			f.parts = append(f.parts, part{path: at, new: c})
			continue
		}
		i := len(f.parts)
		if fit := f.fits(was.Stored, c.Stored, at); fit != all || !same(was.Stored, c.Stored) {
			f.parts = append(f.parts[:i], append([]part{{path: at, old: was, new: c, fit: fit}}, f.parts[i:]...)...)
		}
	}
	for i := range before.Columns {
		if c := &before.Columns[i]; after.column(c.Wire) == nil {
			f.parts = append(f.parts, part{path: path + "." + c.Name, old: c})
		}
	}
}

func (s *Struct) column(wire string) *Column {
	for i := range s.Columns {
		if s.Columns[i].Wire == wire {
			return &s.Columns[i]
		}
	}
	return nil
}

// same tells whether two types are stored alike, apart from the structs in
// them, whose columns are compared by themselves.
func same(o, n *Stored) bool {
	if o == nil || n == nil {
		return o == n
	}
	return o.Kind == n.Kind && o.Bits == n.Bits && o.Table == n.Table && o.Marshaler == n.Marshaler &&
		length(o, n) == all && length(n, o) == all && same(o.Key, n.Key) && same(o.Elem, n.Elem)
}
