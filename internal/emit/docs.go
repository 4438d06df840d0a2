package emit

import (
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// The doc comments of a field's accessors, by paragraphs. The field's own
// comment stands on the method that reads it; the others get one sentence, with
// what the field's options do to it.

// about documents the method that reads the field.
func (f field) about() []string {
	where := "field " + f.Path + " of " + f.specName() + " in " + f.File + f.readNote() + "."
	if f.Flash {
		return f.withDoc("Take"+f.GoName+" returns "+f.GoName+" and removes it.", "It is "+where)
	}
	return f.withDoc("", f.GoName+" is "+where)
}

// specName is the spec's name; the field's own GoName hides that of the spec.
func (f field) specName() string { return f.spec.GoName }

// withDoc puts the field's comment between a first sentence and a last one.
// After one plain paragraph the last sentence joins it.
func (f field) withDoc(first, last string) []string {
	var text []string
	if first != "" {
		text = append(text, first)
	}
	switch {
	case f.Doc == "" && first == "":
		return []string{last}
	case f.Doc == "":
		return []string{first + "\n" + last}
	}
	last = "It is " + strings.TrimPrefix(strings.TrimPrefix(last, f.GoName+" is "), "It is ")
	own := strings.TrimRight(f.Doc, "\n ")
	if strings.Contains(own, "\n\n") || strings.Contains(own, "\n ") || strings.Contains(own, "\n\t") {
		return append(text, own, last)
	}
	return append(text, own+"\n"+last)
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
		return ";\nwhat a caller changes in it is saved"
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
	if f.Type.Kind == model.Time {
		text += "; it is kept in UTC"
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
