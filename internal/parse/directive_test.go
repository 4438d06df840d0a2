package parse

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
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

		{line: "//\tsessiongen:session", found: true, err: "no space after //"},
		{line: "//   sessiongen:session Name", found: true, err: "write //sessiongen:session Name"},
		{line: "//sessiongen session", found: true, err: "a colon alone"},
		{line: "//sessiongen session Name", found: true, err: "write //sessiongen:session Name"},
		{line: "//sessiongen\tsession", found: true, err: "a colon alone"},
		{line: "// sessiongen session", found: true, err: "a colon alone"},
		{line: "// sessiongen session Name", found: true, err: "write //sessiongen:session Name"},
		{line: "//sesiongen sesion", found: true, err: "a colon alone"},
		{line: "//sessiongen.session", found: true, err: "a colon alone"},
		{line: "//sessiongen-session name", found: true, err: "write //sessiongen:session name"},
		{line: "//session-gen.session", found: true, err: "a colon alone"},
		{line: "//sessiongen_session", found: true, err: "a colon alone"},
		{line: "//sessiongen/session", found: true, err: "a colon alone"},
		{line: "//sessiongen=session", found: true, err: "a colon alone"},
		{line: "//sessiongen::session", found: true, err: "did you mean"},
		{line: "//sessiongen :session", found: true, err: "a colon alone"},
		{line: "// sessiongen.session", found: true, err: "no space after //, and a colon"},
		{line: "//session:sessiongen", found: true, err: "before the colon"},
		{line: "// session:sessiongen Name", found: true, err: "write //sessiongen:session Name"},
		{line: "//go:sessiongen", found: true, err: "not go"},
		{line: "//go:sessiongen Name", found: true, err: "write //sessiongen:session Name"},
		{line: "//go:sessiongen:session Name", found: true, err: "write //sessiongen:session Name"},
		{line: "//go:sesiongen session", found: true, err: "not go"},
		{line: "/*sessiongen:session*/", found: true, err: "begins with //"},
		{line: "/* sessiongen:session Name */", found: true, err: "write //sessiongen:session Name"},
		{line: "/*sessiongen session*/", found: true, err: "a colon alone"},

		{line: "// sessiongen: a generator"},
		{line: "// Sessiongen sessions"},
		{line: "// sessiongen sessions"},
		{line: "// sessiongen sessions."},
		{line: "// sessiongen session works"},
		{line: "// sessiongen session Manager type"},
		{line: "// sessiongen"},
		{line: "// sessiongen, session"},
		{line: "// sessiongen generates sessions"},
		{line: "// session: sessiongen"},
		{line: "// session of sessiongen"},
		{line: "//go:generate go tool sessiongen"},
		{line: "//go:session"},
		{line: "//go: sessiongen"},
		{line: "//s session:sessiongen"},
		{line: "//sessiongen.io"},
		{line: "// sessiongen/runtime"},
		{line: "// //sessiongen:session"},
		{line: "/* sessiongen:session"},
		{line: "/*\nsessiongen:session\n*/"},
		{line: "/* sessiongen:session marks the struct */"},
		{line: "/**/"},
		{line: "//"},
		{line: "// sessiongen:session marks the struct"},
		{line: "// sessiongen reads it"},
		{line: "//\t//sessiongen:session"},
		{line: "// see sessiongen:session"},
		{line: "//sessiongen"},
		{line: "//go:generate sessiongen"},
		{line: "//version:session"},
		{line: "//sessions:list"},
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

// A directive is one for go/ast too and the other way round, what an error says
// to write is a directive, and what the parser finds the byte scan found before.
func FuzzDirective(f *testing.F) {
	for _, s := range []string{
		"//sessiongen:session", "//sessiongen:session Name", "// sessiongen:session", "//sessiongen: session",
		"//sesiongen:session x", "//sessiongen:", "//sessiongen:sesion", "// sessiongen: prose", "//ßßßßßßßßßß:session",
		"//\tsessiongen session", "//sessiongen.session X", "//session:sessiongen", "//go:sessiongen:session X", "/*sessiongen:session*/", "/*/",
		"//s ssion:sessiongen", "//s\rsiongen:session", "//\rsessiongen\r session\r", "//go: sessiongen", "//go:.sessiongen",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		switch inner, block := strings.CutPrefix(line, "/*"); {
		case strings.Contains(line, "\n"), len(line) > longest, !block && !strings.HasPrefix(line, "//"):
			return
		case block && (strings.Index(inner, "*/") != len(inner)-2 || strings.Contains(inner, "*\r")):
			return
		}
		raw := line
		line = strings.ReplaceAll(line, "\r", "") // as go/scanner does
		d, found, err := parseDirective(line)
		if found && !mayHoldDirective([]byte("package p\n"+raw+"\n")) {
			t.Fatalf("the scan overlooks %q", raw)
		}
		if err != nil && (err.off < 0 || err.off > len(line)) {
			t.Fatalf("offset %d in %q", err.off, line)
		}
		std, ok := ast.ParseDirective(0, line)
		if ok && std.Tool == tool && std.Name == verb && !found {
			t.Fatalf("%q: go/ast reads %+v", line, std)
		}
		if err != nil {
			_, fix, _ := strings.Cut(err.msg, "; write //")
			if _, found, again := parseDirective("//" + fix); fix != "" && (!found || again != nil && !strings.HasPrefix(again.msg, wantDirective)) {
				t.Fatalf("%q: %s; that is: %v, %v", line, err.msg, found, again)
			}
		}
		if !found || err != nil {
			return
		}
		if d.Name != "" && !(token.IsIdentifier(d.Name) && token.IsExported(d.Name)) {
			t.Fatalf("%q: the type is called %q", line, d.Name)
		}
		if !ok || std.Tool != tool || std.Name != verb || std.Args != d.Name {
			t.Fatalf("%q: go/ast reads %+v", line, std)
		}
	})
}

// The scan finds comments wherever they stand on a line.
func TestMayHoldDirective(t *testing.T) {
	for src, want := range map[string]bool{
		"x int //sessiongen:session":                          true,
		`u = "http://x" //sessiongen:session`:                 true,
		"f(/*sessiongen:session*/)":                           true,
		"/* a */ /*sessiongen:session*/ /* b */":              true,
		"//sessiongen session":                                true,
		"//sessiongen:session\r\ntype x struct{}":             true,
		"//go:sessiongen":                                     true,
		"//sessi\rongen:session":                              true,
		"//\r sessiongen:session":                             true,
		"/*\nsessiongen:session\n*/":                          false,
		"// It reads sessiongen:session, and\n// sessiongen.": false,
		"a / b /": false,
		"/*":      false,
		"":        false,
	} {
		if got := mayHoldDirective([]byte(src)); got != want {
			t.Errorf("%q: %v", src, got)
		}
	}
}

func BenchmarkMayHoldDirective(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(repository(b), "runtime/*.go"))
	if err != nil {
		b.Fatal(err)
	}
	var src []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		src = append(src, text...)
	}
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		mayHoldDirective(src)
	}
}
