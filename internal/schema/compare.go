package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// Change is one change between two schemas, by one rule.
type Change struct {
	*Rule
	Pos       model.Position // in the new source; the zero value where it has none
	Package   string         // import path
	Type      string         // the generated type
	Field     string         // accessor base name; "" for a change of the whole spec
	Message   string
	OnPurpose bool // a lossy change that the new source's tags own up to
}

// Breaks tells whether c loses something that no tag says is to be lost.
func (c Change) Breaks() bool { return c.Class == Lossy && !c.OnPurpose }

// Compare returns what changed from old to new, in the order of the new
// source; what has no place there comes first.
func Compare(old, new *Schema) []Change {
	var c comparer
	for _, pair := range sessions(old, new) {
		c.old, c.new = pair[0], pair[1]
		c.session()
	}
	order := map[*Rule]int{}
	for i, r := range Rules {
		order[r] = i
	}
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Package, b.Package),
			cmp.Compare(a.Type, b.Type),
			cmp.Compare(a.Field, b.Field),
			cmp.Compare(order[a.Rule], order[b.Rule]),
		)
	})
	return c.changes
}

// comparer compares two versions of one spec.
type comparer struct {
	old, new *Session // nil if the spec is new, or gone
	changes  []Change
}

// report notes a change of the new version's field f, or of the spec if f is nil.
func (c *comparer) report(r *Rule, f *Field, format string, args ...any) *Change {
	change := Change{Rule: r, Message: fmt.Sprintf(format, args...)}
	if c.new != nil {
		change.Package, change.Type, change.Pos = c.new.Package, c.new.Type, c.new.Pos
	} else {
		change.Package, change.Type = c.old.Package, c.old.Type
	}
	if f != nil {
		change.Field, change.Pos = f.Name, f.Pos
	}
	c.changes = append(c.changes, change)
	return &c.changes[len(c.changes)-1]
}

// reportOld notes a change of a field that only the old version has. Its
// place is the spec's.
func (c *comparer) reportOld(r *Rule, old *Field, format string, args ...any) *Change {
	change := c.report(r, nil, format, args...)
	change.Field = old.Name
	return change
}

// unless notes that a lossy change is meant, as the new source says, or else
// how it could say so.
func (c *comparer) unless(change *Change, meant bool, way string) {
	if change.OnPurpose = meant; !meant {
		change.Message += "; " + way
	}
}

func (c *comparer) session() {
	switch {
	case c.old == nil:
		c.report(specAdded, nil, "spec %s is new", c.new.Spec)
		return
	case c.new == nil:
		c.report(specRemoved, nil, "spec %s is gone: what its sessions store stays until they end, and nothing reads it", c.old.Spec)
		c.report(typeRemoved, nil, "types %s and %s are gone", c.old.Type, c.old.Manager)
		return
	}
	if c.old.Package != c.new.Package {
		c.report(typeMoved, nil, "it was in package %s", c.old.Package)
	}
	if c.old.Type != c.new.Type {
		c.report(typeRenamed, nil, "it was %s, its manager %s", c.old.Type, c.old.Manager)
	}
	c.fields()
	c.drops()
}

// fields pairs the fields of both versions, by wire names first.
func (c *comparer) fields() {
	left := map[*Field]bool{} // of the old version, without a counterpart
	for i := range c.old.Fields {
		left[&c.old.Fields[i]] = true
	}
	var alone []*Field // of the new version, the same
	for i := range c.new.Fields {
		f := &c.new.Fields[i]
		old := c.counterpart(f)
		if old == nil || !left[old] {
			alone = append(alone, f)
			continue
		}
		delete(left, old)
		c.wires(old, f)
		c.field(old, f)
	}
	for _, f := range alone {
		if old := c.named(f.Name); old != nil && left[old] && !old.Rest && !f.Rest {
			delete(left, old)
			change := c.report(wireNameChanged, f, "stored as %q instead of %q, without was=: it is absent in the sessions stored so far", f.Wire, old.Wire)
			c.unless(change, slices.Contains(c.new.Drop, old.Wire), fmt.Sprintf("write was=%s, or drop the old name", old.Wire))
			c.reuse(f)
			c.field(old, f)
			continue
		}
		if f.Rest {
			c.report(restAdded, f, "it shows the names that the spec does not know")
			continue
		}
		c.report(fieldAdded, f, "a new field, stored as %q", f.Wire)
		c.reuse(f)
		c.extraWas(f, nil)
	}
	for i := range c.old.Fields {
		if old := &c.old.Fields[i]; left[old] {
			c.gone(old)
		}
	}
}

// counterpart returns the field of the old version whose values f reads, or nil.
func (c *comparer) counterpart(f *Field) *Field {
	for _, reads := range [](func(old *Field) bool){
		func(old *Field) bool { return old.Wire == f.Wire },
		func(old *Field) bool { return slices.Contains(f.Was, old.Wire) },
		func(old *Field) bool { return slices.Contains(old.Was, f.Wire) && old.Name == f.Name },
	} {
		for i := range c.old.Fields {
			if old := &c.old.Fields[i]; old.Rest == f.Rest && (f.Rest || reads(old)) {
				return old
			}
		}
	}
	return nil
}

func (c *comparer) named(name string) *Field {
	for i := range c.old.Fields {
		if c.old.Fields[i].Name == name {
			return &c.old.Fields[i]
		}
	}
	return nil
}

// names are the wire names under which a field is written and read.
func (f *Field) names() []string {
	if f.Rest {
		return nil
	}
	return append([]string{f.Wire}, f.Was...)
}

// wires compares the wire names of a field that both versions have.
func (c *comparer) wires(old, f *Field) {
	if f.Rest {
		return
	}
	if old.Wire != f.Wire {
		c.report(fieldRenamed, f, "stored as %q, and as %q as before", f.Wire, old.Wire)
	}
	for _, name := range old.names() {
		if !slices.Contains(f.names(), name) && name != old.Wire {
			change := c.report(wasRemoved, f, "was=%s is gone: sessions that were not written since have their value under that name alone", name)
			c.unless(change, slices.Contains(c.new.Drop, name), "drop the name once they have ended")
		}
	}
	c.extraWas(f, old)
}

// extraWas looks at the older names of f that its counterpart does not have.
func (c *comparer) extraWas(f, old *Field) {
	for _, name := range f.Was {
		if old != nil && slices.Contains(old.names(), name) {
			continue
		}
		i := slices.IndexFunc(c.old.Fields, func(o Field) bool { return !o.Rest && slices.Contains(o.names(), name) })
		if i >= 0 {
			c.report(fieldsMerged, f, "was=%s: the old version has it as field %s, so that one of two values is lost; read that field and set this one instead", name, c.old.Fields[i].Name)
		} else {
			c.report(wasAdded, f, "was=%s: the old version has no such field", name)
		}
	}
}

// reuse reports a new field under a name that means something else to the old version.
func (c *comparer) reuse(f *Field) {
	for _, name := range f.names() {
		if slices.Contains(c.old.Drop, name) {
			c.report(nameReused, f, "older versions drop %q: while they run they remove its values; choose another wire name", name)
		}
	}
	for i := range c.old.Fields {
		if o := &c.old.Fields[i]; slices.Contains(o.Was, f.Wire) {
			c.report(nameReused, f, "older versions write field %s as %q too; choose another wire name", o.Name, f.Wire)
		}
	}
}

// gone reports a field that only the old version has.
func (c *comparer) gone(old *Field) {
	switch {
	case old.Rest:
		c.reportOld(restRemoved, old, "rest field %s is gone: entries of other names stay stored", old.Name)
	case slices.Contains(c.new.Drop, old.Wire):
		c.reportOld(fieldDropped, old, "%q is dropped: removed from a session when it is written next", old.Wire).OnPurpose = true
	default:
		c.reportOld(fieldRemoved, old, "field %s is gone: %q stays stored, and nothing reads it; write _ struct{} `session:\"%s,drop\"` to remove it", old.Name, old.Wire, old.Wire)
	}
	c.reportOld(accessorRemoved, old, "%s: gone", strings.Join(old.Accessors, ", "))
	if len(old.Finders) > 0 {
		c.reportOld(finderRemoved, old, "%s: gone", strings.Join(old.Finders, ", "))
	}
}

// drops compares the dropped names that were no field's.
func (c *comparer) drops() {
	for _, name := range c.new.Drop {
		field := slices.ContainsFunc(c.old.Fields, func(f Field) bool { return slices.Contains(f.names(), name) })
		if !field && !slices.Contains(c.old.Drop, name) {
			c.report(nameDropped, nil, "%q is dropped, which was no field: what another program stores under it is removed", name).OnPurpose = true
		}
	}
	for _, name := range c.old.Drop {
		field := slices.ContainsFunc(c.new.Fields, func(f Field) bool { return slices.Contains(f.names(), name) })
		if !field && !slices.Contains(c.new.Drop, name) {
			c.report(dropRemoved, nil, "%q is not dropped any more: sessions that were not written since keep it", name)
		}
	}
}
