package emit

import (
	"slices"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// The doc comments of a field's accessors, by paragraphs. The field's own
// comment stands on the method that reads it; the others get one sentence, with
// what the field's options do to it.

// about documents the method that reads the field: with the field's comment,
// which is only the beginning if it is about the accessor by Go's convention.
func (f field) about() []string {
	where := "field " + f.Path + " of " + f.spec.GoName + " in " + f.File + f.readNote() + "."
	own := strings.TrimRight(f.Doc, "\n ")
	switch {
	case f.Flash:
		return paragraphs("Take"+f.GoName+" returns "+f.GoName+" and removes it.\nIt is "+where, own)
	case !strings.HasPrefix(own, f.GoName+" "):
		return paragraphs(f.GoName+" is "+where, own)
	case strings.Contains(own, "\n\n") || strings.Contains(own, "\n ") || strings.Contains(own, "\n\t"):
		return paragraphs(own, "It is "+where) // a list or a listing must not swallow it
	}
	return paragraphs(own + "\nIt is " + where)
}

// paragraphs drops empty ones.
func paragraphs(text ...string) []string {
	return slices.DeleteFunc(text, func(s string) bool { return s == "" })
}

// readNote says what a reader of the field may not expect.
func (f field) readNote() string {
	switch {
	case f.Default != nil && f.TTL > 0:
		return ",\n" + f.Default.Go + " until it is set and " + words(f.TTL) + " after"
	case f.Default != nil:
		return ", " + f.Default.Go + " until it is set"
	case f.TTL > 0:
		return ",\nthe zero value " + words(f.TTL) + " after it was set"
	case f.Type.Lent && !f.Flash:
		return "; what a caller changes in it is saved"
	}
	return ""
}

// principalNote says what a change of a principal does.
func (f field) principalNote() string {
	if f.Principal {
		return ": the session gets a new id and its clocks restart"
	}
	return ""
}

func (f field) setDoc() []string {
	text := "Set" + f.GoName + " sets " + f.GoName
	if f.Flash {
		text += " until it is taken"
		if f.TTL > 0 {
			text += ", at most"
		}
	}
	if f.TTL > 0 {
		text += " for " + words(f.TTL)
	}
	switch {
	case f.Type.Kind == model.Time:
		text += "; it is kept in UTC"
	case holdsTimes(f.Type):
		text += "; its times are kept in UTC"
	}
	return []string{text + f.principalNote() + "."}
}

func (f field) hasDoc() []string {
	text := "Has" + f.GoName + " tells whether " + f.GoName + " is set"
	if f.TTL > 0 {
		text += " and its time has not passed"
	}
	return []string{text + "."}
}

func (f field) clearDoc() []string {
	return []string{"Clear" + f.GoName + " unsets " + f.GoName + f.principalNote() + "."}
}

func (f field) updateDoc() []string {
	return []string{"Update" + f.GoName + " sets " + f.GoName + " to what f makes of it; f must be pure: a conflict calls it again."}
}

func (f field) claimDoc() []string {
	return []string{"Claim" + f.GoName + " takes " + f.GoName + " and commits at once: of many parallel requests\n" +
		"exactly one gets it, with true."}
}

// changeDoc documents a method that changes the field relative to what it is.
func (f field) changeDoc(verb, does string) []string {
	if f.TTL > 0 {
		does += "; its time starts again"
	}
	return []string{verb + f.GoName + " " + does + "."}
}
