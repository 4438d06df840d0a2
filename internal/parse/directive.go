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

// parseDirective reads one line comment. It reports whether the line is a
// directive of ours or a near miss of one; a near miss, or a directive that
// says something wrong, comes with an error.
//
// A sentence that mentions the tool is neither: with a space after // (or
// after the colon) only a line that holds nothing else is taken for a directive.
func parseDirective(line string) (d directive, found bool, err *textError) {
	rest, ok := strings.CutPrefix(line, "//")
	if !ok {
		return d, false, nil
	}
	rest = strings.TrimRight(rest, " \t\r\n")
	rest, space := strings.CutPrefix(rest, " ")
	name, after, ok := strings.Cut(rest, ":")
	if !ok || !near(name, tool, 2) || strings.ContainsAny(name, " \t") {
		return d, false, nil
	}
	after, gap := trimGap(after)
	fields := strings.Fields(after)
	if len(fields) == 0 {
		if name != tool || space || gap {
			return d, false, nil
		}
		return d, true, wrong(len(line), "//%s: names no directive; write %s", tool, wantDirective)
	}
	likely := near(fields[0], verb, 2)
	if (space || gap) && (!likely || len(fields) > 2) || name != tool && !likely {
		return d, false, nil
	}
	want := strings.Join(append([]string{wantDirective}, fields[1:]...), " ")
	switch {
	case space:
		return d, true, wrong(0, "%q is a comment, not a directive: a directive has no space after //; write %s", line, want)
	case gap:
		return d, true, wrong(0, "%q is a comment, not a directive: a directive has no space after the colon; write %s", line, want)
	case name != tool:
		return d, true, wrong(0, "//%s:%s: the tool is called %s; write %s", name, fields[0], tool, want)
	case fields[0] != verb && likely:
		return d, true, wrong(0, "unknown directive //%s:%s; did you mean %s?", tool, fields[0], wantDirective)
	case fields[0] != verb:
		return d, true, wrong(0, "unknown directive //%s:%s: the only one is %s", tool, fields[0], wantDirective)
	case len(fields) > 2:
		return d, true, wrong(strings.LastIndex(line, fields[2]), "%s takes one name: %q is too much; remove it", wantDirective, strings.Join(fields[2:], " "))
	case len(fields) == 2:
		d.Name = fields[1]
		if msg := checkTypeName(d.Name); msg != "" {
			return d, true, wrong(strings.LastIndex(line, d.Name), "%s %s: %s", wantDirective, d.Name, msg)
		}
	}
	return d, true, nil
}

func trimGap(s string) (string, bool) {
	trimmed := strings.TrimLeft(s, " \t")
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
