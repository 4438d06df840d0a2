package parse

import (
	"go/ast"
	"strings"
	"testing"
)

func TestDirective(t *testing.T) {
	for _, c := range []struct {
		line  string
		found bool
		name  string
		err   string // a part of it
	}{
		{line: "//sessiongen:session", found: true},
		{line: "//sessiongen:session\r", found: true},
		{line: "//sessiongen:session  Name ", found: true, name: "Name"},
		{line: "//sessiongen:session\tName", found: true, name: "Name"},
		{line: "//sessiongen:session Größe", found: true, name: "Größe"},
		{line: "// sessiongen:session", found: true, err: "no space after //"},
		{line: "// sessiongen:session Name", found: true, err: "write //sessiongen:session Name"},
		{line: "//sesiongen:session", found: true, err: "called sessiongen"},
		{line: "//sessionGen:session", found: true, err: "called sessiongen"},
		{line: "//session-gen:session", found: true, err: "called sessiongen"},
		{line: "//sessiongen: session", found: true, err: "after the colon"},
		{line: "//sessiongen:sesion", found: true, err: "did you mean"},
		{line: "//sessiongen:Session", found: true, err: "did you mean"},
		{line: "//sessiongen:field", found: true, err: "the only one"},
		{line: "//sessiongen:", found: true, err: "names no directive"},
		{line: "//sessiongen:session A B", found: true, err: "is too much"},
		{line: "//sessiongen:session name", found: true, err: "write Name"},
		{line: "//sessiongen:session _x", found: true, err: "upper-case"},
		{line: "//sessiongen:session 9", found: true, err: "Go identifier"},
		{line: "//sessiongen:session shop.Session", found: true, err: "Go identifier"},

		{line: "// sessiongen: a generator"},
		{line: "// sessiongen:session marks the struct"},
		{line: "// sessiongen reads it"},
		{line: "//\tsessiongen:session"},
		{line: "//\t//sessiongen:session"},
		{line: "// see sessiongen:session"},
		{line: "//sessiongen"},
		{line: "//go:generate sessiongen"},
		{line: "//version:session"},
		{line: "//sessions:list"},
		{line: "/* sessiongen:session */"},
		{line: ""},
	} {
		d, found, err := parseDirective(c.line)
		switch {
		case found != c.found:
			t.Errorf("%q: found %v", c.line, found)
		case (err != nil) != (c.err != ""):
			t.Errorf("%q: error %v", c.line, err)
		case err != nil && !strings.Contains(err.msg, c.err):
			t.Errorf("%q: %s; want %s", c.line, err.msg, c.err)
		case err == nil && d.Name != c.name:
			t.Errorf("%q: name %q", c.line, d.Name)
		}
	}
}

// A directive is one for go/ast too, no line is too odd for the parser, and
// what the parser finds the byte scan found before.
func FuzzDirective(f *testing.F) {
	for _, s := range []string{
		"//sessiongen:session", "//sessiongen:session Name", "// sessiongen:session", "//sessiongen: session",
		"//sesiongen:session x", "//sessiongen:", "//sessiongen:sesion", "// sessiongen: prose", "//ßßßßßßßßßß:session",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n") || !strings.HasPrefix(line, "//") {
			return
		}
		d, found, err := parseDirective(line)
		if found && !mayHoldDirective([]byte("package p\n"+line+"\n")) {
			t.Fatalf("the scan overlooks %q", line)
		}
		if err != nil && (err.off < 0 || err.off > len(line)) {
			t.Fatalf("offset %d in %q", err.off, line)
		}
		if !found || err != nil {
			return
		}
		std, ok := ast.ParseDirective(0, strings.TrimRight(line, "\r"))
		if !ok || std.Tool != tool || std.Name != verb || std.Args != d.Name {
			t.Fatalf("%q: go/ast reads %+v", line, std)
		}
	})
}
