package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite what the catalogue of errors says that its examples print")

const catalogue = "../../docs/errors.md"

// entry is one error of the catalogue: a heading, which is its pattern, an
// example as a txtar archive, and what there is to say about it. The example's
// files are a package, unless its comment is commands: then they are a module,
// in which these are run. The last of them is "$ sessiongen ...", maybe with
// environment variables before it; those above it, see stage, make the state
// that it meets. The example's last file, stderr, is what is printed.
type entry struct {
	heading string
	example *txtar.Archive
	prose   string
	line    int
}

// matches tells whether a printed line is one that the entry is about: an
// ellipsis in the heading stands for anything.
func (e *entry) matches(line string) bool {
	parts := strings.Split(e.heading, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`^([^ ]+:\d+: |[^ ]+:\d+:\d+: |sessiongen: )?` + strings.Join(parts, ".+") + `$`).MatchString(line)
}

func anyMatches(entries []*entry, line string) bool {
	return slices.ContainsFunc(entries, func(e *entry) bool { return e.matches(line) })
}

func (e *entry) want() string {
	return string(e.example.Files[len(e.example.Files)-1].Data)
}

// commands are the command lines of the example, in words, nil for none.
func (e *entry) commands() (list [][]string) {
	for line := range strings.Lines(string(e.example.Comment)) {
		if words := strings.Fields(line); len(words) > 0 {
			list = append(list, words[1:]) // after $
		}
	}
	return list
}

var entryForm = regexp.MustCompile("(?ms)^### `+ ?(.*?) ?`+\n\n```txtar\n(.*?)^```\n\n(.*?)\n*(?:^#|\\z)")

func readCatalogue(t *testing.T) (text string, entries []*entry) {
	t.Helper()
	src, err := os.ReadFile(catalogue)
	if err != nil {
		t.Fatal(err)
	}
	text = string(src)
	for at := 0; ; {
		m := entryForm.FindStringSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		e := &entry{
			heading: text[at+m[2] : at+m[3]],
			example: txtar.Parse([]byte(text[at+m[4] : at+m[5]])),
			prose:   text[at+m[6] : at+m[7]],
			line:    1 + strings.Count(text[:at+m[0]], "\n"),
		}
		if n := len(e.example.Files); n == 0 || e.example.Files[n-1].Name != "stderr" {
			t.Fatalf("errors.md:%d: the example does not end in stderr", e.line)
		}
		entries = append(entries, e)
		at += m[7]
	}
	if n := strings.Count(text, "\n### "); n != len(entries) {
		t.Fatalf("errors.md has %d headings, but %d entries in the form of one", n, len(entries))
	}
	return text, entries
}

// Every example of the catalogue is run, and prints exactly what it says, which
// is what the entry is about. The examples that are packages are one module and
// one run, as it would be in a user's.
func TestErrorCatalogue(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOWORK", "off")
	file, err := filepath.Abs(catalogue) // the runs change the directory
	if err != nil {
		t.Fatal(err)
	}
	text, entries := readCatalogue(t)
	printed := map[*entry]string{}

	together := module(t)
	names := map[string]*entry{}
	for i, e := range entries {
		if e.commands() == nil {
			name := fmt.Sprintf("p%03d", i)
			names[name], printed[e] = e, ""
			e.write(t, filepath.Join(together, name))
		}
	}
	for line := range strings.Lines(runIn(t, together, "./...")) {
		name, rest, _ := strings.Cut(filepath.ToSlash(line), "/")
		if names[name] == nil {
			t.Errorf("a line that belongs to no example: %s", line)
			continue
		}
		printed[names[name]] += rest
	}
	root := goroot(t)
	for _, e := range entries {
		if e.commands() != nil {
			t.Run(fmt.Sprintf("line%d", e.line), func(t *testing.T) { printed[e] = e.run(t, root) })
		}
	}

	for _, e := range entries {
		got, ran := printed[e]
		if !ran {
			continue // its program is missing, which was said
		}
		if *update {
			old := string(txtar.Format(e.example))
			e.example.Files[len(e.example.Files)-1].Data = []byte(got)
			text = strings.Replace(text, old, string(txtar.Format(e.example)), 1)
		}
		if got != e.want() {
			t.Errorf("errors.md:%d: the example prints\n%s\nnot\n%s", e.line, got, e.want())
		}
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		for i, line := range lines {
			// What a run says last may be what its other errors mean.
			if !e.matches(line) && (i == len(lines)-1 || !anyMatches(entries, line)) {
				t.Errorf("errors.md:%d: the entry is about\n%s\nbut the example prints\n%s", e.line, e.heading, line)
			}
		}
		if got == "" || len(e.prose) < 40 {
			t.Errorf("errors.md:%d: the entry prints %q and says %q", e.line, got, e.prose)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// noError are texts in the source that no error holds, and errors that no
// example can produce, with the reason.
var noError = func() map[string]string {
	const (
		flags   = "what the flag package says, and is replaced"
		report  = "what -check and -v print, which is no error"
		usage   = "the manual in short"
		source  = "Go source that is read or written"
		schema  = "the name of a wire type"
		never   = "a branch that only a mistake in sessiongen leads to"
		checker = "what is said where the type checker says nothing, which no source was found for"
	)
	return map[string]string{
		"flag provided but not defined: -": flags,
		"flag needs an argument: -":        flags,
		"invalid boolean value ":           flags,
		"stderr: ":                         "what go/packages puts before the words of the go command",

		" (generated)":                           report,
		" on purpose":                            report,
		"unchanged %s":                           report,
		"orphaned: ":                             report,
		"%s: run %s\n":                           report,
		"superseded by ":                         report,
		"its package has no spec":                report,
		"its package has no spec in such a file": report,
		"loading took %v, generating %v":         report,
		"1 file differs":                         report,
		"%d files differ":                        report,
		"loaded %s: %d spec(s)":                  report,
		"wrote %s":                               report,
		"removed %s: %s\n":                       report,

		"write nothing; list stale, missing and orphaned files with a diff, exit 1 if there is one": usage,
		"base `name` of the generated files":                                                       usage,
		"write nothing; print the specs as JSON":                                                   usage,
		"build tags for loading, a comma-separated `list`":                                         usage,
		"print what is loaded, written, removed and left unchanged, and how long it took":          usage,
		"the `version` to compare with: a git revision, or a file that -schema printed":            usage,
		"print the changes as JSON":                                                                usage,
		"usage: sessiongen breaking -against revision|file [flags] [packages]\n\nThe flags are:\n": usage,
		"sessiongen breaking":        usage,
		"print the version and exit": usage,
		"usage: sessiongen [flags] [packages]\n       sessiongen breaking -against revision|file [flags] [packages]\n       sessiongen keygen\n\nThe manual: go doc github.com/sessiongen/sessiongen/cmd/sessiongen\n\nThe flags are:\n": usage,
		"usage: sessiongen keygen\n\nPrints a new key of 256 random bits for runtime.ParseKey.\n": usage,

		"// Code generated by sessiongen; DO NOT EDIT.":          source,
		"(?m)^[ \\t]*package[ \\t]+([\\p{L}_][\\p{L}\\p{Nd}_]*)": source,
		"//go:build ":     source,
		"\n\n//go:build ": source,
		"//lint:file-ignore SA1019 The spec decides which fields and types are in a session.": source,
		"Deprecated: ": source,
		"a helper":     source,

		"{{if or .GoFiles .CgoFiles .IgnoredGoFiles .TestGoFiles .XTestGoFiles}}x{{end}}": "a template for go list",
		"^(list of |table of |optional |map of (string|int|uint) to )+":                   "a pattern that reads names of wire types",
		"optional ": schema,
		"table of ": schema,
		"list of ":  schema,
		"map of ":   schema,

		"unreachable: every duration is a number of nanoseconds": never,
		"a %s has no default":                       never,
		"a session can't store this kind of type; ": never,
		"package %s: rendering the output: %w":      never,
		"package %s: the output is not Go, which is a bug in sessiongen: please report it with the spec: %w": never,

		"%s: %s, but it can't be removed: %w; remove it by hand": "what a read-only directory leads to, which is none for every user: TestOrphanStays shows it",

		" could not be type-checked":        checker,
		"the type checker can't resolve it": checker,
	}
}()

// Every text in the source that may be part of an error is printed by an
// example of the catalogue: a message that is added needs its entry.
func TestErrorCatalogueIsComplete(t *testing.T) {
	_, entries := readCatalogue(t)
	var printed strings.Builder
	for _, e := range entries {
		printed.WriteString(e.want())
	}
	used := map[string]bool{}
	for _, pattern := range []string{"*.go", "../../internal/parse/*.go", "../../internal/emit/emit.go", "../../internal/schema/schema.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("no files", err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, text := range texts(t, name) {
				if noError[text] != "" {
					used[text] = true
				} else if !printedBy(text, printed.String()) {
					t.Errorf("%s: no example in errors.md prints %q", filepath.Base(name), text)
				}
			}
		}
	}
	for text := range noError {
		if !used[text] {
			t.Errorf("noError has %q, which no source file has", text)
		}
	}
}

// texts returns the string literals of a file that have a word and a space.
func texts(t *testing.T, name string) (out []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			return n.Tag == nil // a tag is no text
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "set" {
				return false // a list of words
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && prose.MatchString(text) {
				out = append(out, text)
			}
		}
		return true
	})
	return out
}

var (
	prose = regexp.MustCompile(`[a-z]{2}.* | .*[a-z]{2}`)
	verbs = regexp.MustCompile(`%#?[a-z]`)
)

// printedBy tells whether a line of what is printed holds the text, with
// anything for the verbs in it.
func printedBy(text, printed string) bool {
	parts := verbs.Split(strings.Trim(text, "\n"), -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(strings.Join(parts, ".+")).MatchString(printed)
}
