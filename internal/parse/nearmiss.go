package parse

import (
	"go/token"
	"strings"
)

// joints are what stands between two words that someone writes for the
// directive's own two, if not a space.
const joints = ":.-_/="

// nearMiss returns an error for a comment that says nothing but the directive,
// in a spelling that neither Go nor the rest of this package takes for one. Such
// a line would be passed over, and with it the spec.
func (c comment) nearMiss() *textError {
	if rest, ok := strings.CutPrefix(c.text, "go:"); ok {
		return c.ofGo(rest)
	}
	if first, rest, ok := strings.Cut(c.text, ":"); ok && near(first, verb, 2) && !strings.ContainsAny(first, blanks) {
		return c.swapped(rest)
	}
	for i := 0; i < len(c.text) && i <= len(tool)+2; i++ {
		if !strings.ContainsRune(joints+blanks, rune(c.text[i])) {
			continue
		}
		if near(c.text[:i], tool, 2) {
			if err := c.joined(c.text[:i], c.text[i:]); err != nil {
				return err
			}
		}
		if strings.ContainsRune(blanks, rune(c.text[i])) {
			break // the tool is one word
		}
	}
	return nil
}

// joined is sessiongen session, sessiongen.session and the like.
func (c comment) joined(name, rest string) *textError {
	after := strings.TrimLeft(rest, joints+blanks)
	sentence := strings.Trim(rest[:len(rest)-len(after)], blanks) == ""
	fields := strings.Fields(after)
	switch {
	case len(fields) == 0 || !near(fields[0], verb, 2) || !c.nameOnly(fields[1:], sentence):
		return nil
	case sentence && c.loose() && (fields[0] != verb || strings.ToLower(name) != name || strings.ContainsAny(name, ",;()'`")):
		return nil // the words begin or end a sentence, or stand in the plural
	case c.loose() && !sentence:
		return c.noDirective(c.whyLoose()+", and a colon between "+tool+" and "+verb, fields[1:])
	}
	return c.noDirective("a colon alone stands between "+tool+" and "+verb, fields[1:])
}

// swapped is session:sessiongen.
func (c comment) swapped(rest string) *textError {
	fields := strings.Fields(rest)
	if _, gap := trimBlanks(rest); gap || len(fields) == 0 || !near(fields[0], tool, 2) || !c.nameOnly(fields[1:], false) {
		return nil
	}
	return wrong(0, "%s: the tool stands before the colon; write %s", c.whole, want(fields[1:]))
}

// ofGo is go:sessiongen, which would be a directive of the go command.
func (c comment) ofGo(rest string) *textError {
	fields := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(":."+blanks, r) })
	if len(fields) == 0 || !strings.HasPrefix(rest, fields[0]) || !near(fields[0], tool, 2) {
		return nil
	}
	args := fields[1:]
	if len(args) > 0 && near(args[0], verb, 2) && !token.IsExported(args[0]) {
		args = args[1:]
	}
	if !c.nameOnly(args, false) {
		return nil
	}
	return wrong(0, "%s: the tool is called %s, not go; write %s", c.whole, tool, want(args))
}

// nameOnly tells whether the words after the directive are a name for the
// generated type, or none. In a sentence only an exported name is no word of it.
func (c comment) nameOnly(args []string, sentence bool) bool {
	switch {
	case len(args) == 0:
		return true
	case len(args) > 1:
		return false
	}
	return !sentence && !c.loose() || token.IsIdentifier(args[0]) && token.IsExported(args[0])
}

func (c comment) whyLoose() string {
	if c.block {
		return "a directive is a line that begins with //"
	}
	return "a directive has no space after //"
}

func (c comment) noDirective(why string, args []string) *textError {
	return wrong(0, "%q is a comment, not a directive: %s; write %s", c.whole, why, want(args))
}
