package parse

import (
	"fmt"
	"go/token"
	"strings"
)

const (
	tool = "sessiongen"
	verb = "session"

	wantDirective = "//" + tool + ":" + verb
)

// directive is a line //sessiongen:session [Name].
type directive struct {
	Name string // empty where the spec's name decides
}

// textError is something wrong at an offset of a comment or a tag.
type textError struct {
	off int
	msg string
}

// parseDirective reads one comment. It reports whether it is a directive of
// ours or a near miss of one; a near miss, or a directive that says something
// wrong, comes with an error.
//
// A sentence that mentions the tool is neither: with a space after // (or
// after the colon) only a line that holds nothing else is taken for a directive.
func parseDirective(text string) (d directive, found bool, err *textError) {
	c, ok := readComment(text)
	if !ok || strings.HasPrefix(c.text, "//") { // such as an example in a doc comment
		return d, false, nil
	}
	if name, after, ok := strings.Cut(c.text, ":"); ok && near(name, tool, 2) && !strings.ContainsAny(name, blanks) {
		if d, found, err = c.withColon(name, after); found {
			return d, found, err
		}
	}
	err = c.nearMiss()
	return d, err != nil, err
}

// comment is a comment of one line.
type comment struct {
	whole  string // with its marks
	text   string // without them and the space around it
	spaced bool   // there is a space after //
	block  bool   // it is written /* so */
}

const blanks = " \t"

func readComment(whole string) (c comment, ok bool) {
	c.whole = strings.TrimRight(whole, blanks+"\r\n")
	if c.text, ok = strings.CutPrefix(c.whole, "//"); !ok {
		if c.text, c.block = strings.CutPrefix(c.whole, "/*"); !c.block {
			return c, false
		}
		if c.text, ok = strings.CutSuffix(c.text, "*/"); !ok || strings.Contains(c.text, "\n") {
			return c, false
		}
		c.text = strings.TrimRight(c.text, blanks)
	}
	c.text, c.spaced = trimBlanks(c.text)
	return c, true
}

// loose tells whether the comment can't be a directive, whatever it says.
func (c comment) loose() bool { return c.spaced || c.block }

// withColon reads a comment that begins with the tool's name, or nearly so, and a colon.
func (c comment) withColon(name, after string) (d directive, found bool, err *textError) {
	after, gap := trimBlanks(after)
	fields := strings.Fields(after)
	if len(fields) == 0 {
		if name != tool || c.loose() || gap {
			return d, false, nil
		}
		return d, true, wrong(len(c.whole), "//%s: names no directive; write %s", tool, wantDirective)
	}
	likely := near(fields[0], verb, 2)
	if (c.loose() || gap) && (!likely || len(fields) > 2) || name != tool && !likely {
		return d, false, nil
	}
	switch {
	case c.loose():
		return d, true, c.noDirective(c.whyLoose(), fields[1:])
	case gap:
		return d, true, c.noDirective("a directive has no space after the colon", fields[1:])
	case name != tool:
		return d, true, wrong(0, "//%s:%s: the tool is called %s; write %s", name, fields[0], tool, want(fields[1:]))
	case fields[0] != verb && likely:
		return d, true, wrong(0, "unknown directive //%s:%s; did you mean %s?", tool, fields[0], wantDirective)
	case fields[0] != verb:
		return d, true, wrong(0, "unknown directive //%s:%s: the only one is %s", tool, fields[0], wantDirective)
	case len(fields) > 2:
		return d, true, wrong(strings.LastIndex(c.whole, fields[2]), "%s takes one name: %q is too much; remove it", wantDirective, strings.Join(fields[2:], " "))
	case len(fields) == 2:
		d.Name = fields[1]
		if msg := checkTypeName(d.Name); msg != "" {
			return d, true, wrong(strings.LastIndex(c.whole, d.Name), "%s %s: %s", wantDirective, d.Name, msg)
		}
	}
	return d, true, nil
}

// want is the directive that was meant.
func want(args []string) string {
	return strings.Join(append([]string{wantDirective}, args...), " ")
}

func trimBlanks(s string) (string, bool) {
	trimmed := strings.TrimLeft(s, blanks)
	return trimmed, len(trimmed) < len(s)
}

// checkTypeName says what is wrong with the name of a generated type, or nothing.
func checkTypeName(name string) string {
	switch {
	case !token.IsIdentifier(name):
		return "the name of the generated type must be a Go identifier; write one such as Session"
	case !token.IsExported(name):
		if up := upperFirst(name); token.IsExported(up) {
			return "the generated type must be exported; write " + up
		}
		return "the generated type must be exported; write a name that begins with an upper-case letter"
	}
	return ""
}

func wrong(off int, format string, args ...any) *textError {
	return &textError{off, fmt.Sprintf(format, args...)}
}
