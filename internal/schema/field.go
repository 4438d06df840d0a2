package schema

import (
	"slices"
	"strings"
)

// field compares what both versions have of one field, apart from its wire names.
func (c *comparer) field(old, f *Field) {
	for _, p := range compareTypes(c.old, c.new, old, f) {
		c.part(old, f, p)
	}
	c.options(old, f)
	c.accessors(old, f)
}

// part reports one part of a type that differs.
func (c *comparer) part(old, f *Field, p part) {
	var change *Change
	switch {
	case p.old == nil:
		change = c.report(columnAdded, f, "%s%s is a new column", f.Name, p.path)
	case p.new == nil:
		change = c.report(columnRemoved, f, "%s%s: the column is gone: its values stay stored until the field is changed", f.Name, p.path)
	case p.path != "":
		rule := [...]*Rule{all: columnWidened, some: columnNarrowed, none: columnChanged}[p.fit]
		why := [...]string{
			all:  "",
			some: ": the field is absent where a value does not fit, and stays stored until it is set",
			none: ": the field is absent where it has one, and stays stored until it is set",
		}[p.fit]
		change = c.report(rule, f, "%s%s was %s and is %s%s", f.Name, p.path, p.old.Go, p.new.Go, why)
	default:
		rule := [...]*Rule{all: typeWidened, some: typeNarrowed, none: typeChanged}[p.fit]
		why := [...]string{
			all:  "",
			some: ": a value that does not fit is absent, and stays stored until the field is set",
			none: ": stored values are absent, and stay stored until the field is set",
		}[p.fit]
		change = c.report(rule, f, "it was %s and is %s%s", old.Go, f.Go, why)
		if p.fit == all && indexed(old) && indexed(f) && old.Stored.Kind != f.Stored.Kind && number(f.Stored) {
			change = c.report(indexReencoded, f, "equal numbers are stored otherwise as %s than as %s: sessions are not found by what the other version stored", f.Go, old.Go)
		}
	}
	if change.Class == Lossy {
		wire := old.Type
		if strings.Contains(wire, ",") {
			wire = "'" + wire + "'" // as a tag needs it
		}
		c.unless(change, slices.Contains(f.Retyped, old.Type), "write retyped="+wire+" if that is meant")
	}
}

func indexed(f *Field) bool { return f.Index || f.Principal }

// options compares the options that say what happens to a value.
func (c *comparer) options(old, f *Field) {
	switch {
	case !indexed(old) && indexed(f):
		c.report(indexAdded, f, "a session stored so far is found once it was written again")
	case indexed(old) && !indexed(f):
		c.report(indexRemoved, f, "the index entries that there are are kept, no new ones made: older versions do not find what this one sets first")
	}
	switch {
	case !old.Principal && f.Principal:
		c.report(principalChanged, f, "setting it gives the session a new id now")
	case old.Principal && !f.Principal:
		c.report(principalChanged, f, "setting it does not give the session a new id any more: a login must call Reauthenticate")
	}
	switch {
	case !old.Flash && f.Flash:
		c.report(flashChanged, f, "reading it removes it now")
	case old.Flash && !f.Flash:
		c.report(flashChanged, f, "reading it does not remove it any more")
	}
	switch {
	case !old.Redact && f.Redact:
		c.report(redactChanged, f, "it is not printed any more")
	case old.Redact && !f.Redact:
		c.report(redactChanged, f, "it is printed and logged now")
	}
	switch {
	case old.TTL == f.TTL:
	case old.TTL == "":
		c.report(ttlChanged, f, "it lapses after %s; a value stored so far does not until it is set", f.TTL)
	case f.TTL == "":
		c.report(ttlChanged, f, "it does not lapse any more; a value stored so far does after %s, unless it is set", old.TTL)
	default:
		c.report(ttlChanged, f, "it lapses after %s; a value stored so far after %s, unless it is set", f.TTL, old.TTL)
	}
	if before, now := deflt(old), deflt(f); before != now {
		c.report(defaultChanged, f, "the default was %s and is %s", before, now)
	}
}

// deflt is a field's default as in its tag.
func deflt(f *Field) string {
	if f.Default == nil {
		return "none"
	}
	return "default=" + *f.Default
}

// accessors compares the methods.
func (c *comparer) accessors(old, f *Field) {
	gone := func(before, now []string) string {
		var list []string
		for _, name := range before {
			if !slices.Contains(now, name) {
				list = append(list, name)
			}
		}
		return strings.Join(list, ", ")
	}
	if list := gone(old.Accessors, f.Accessors); old.Name != f.Name {
		c.report(accessorRenamed, f, "%s: now %s", list, strings.Join(f.Accessors, ", "))
	} else if list != "" {
		c.report(accessorRemoved, f, "%s: gone", list)
	}
	if list := gone(old.Finders, f.Finders); list != "" {
		c.report(finderRemoved, f, "%s: gone", list)
	}
	if old.Go != f.Go {
		c.report(accessorTypeChanged, f, "the accessors' type was %s and is %s", old.Go, f.Go)
	}
}
