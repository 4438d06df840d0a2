package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sources returns the hand-written Go files below dirs, squeezed.
func sources(t *testing.T, dirs ...string) (texts []string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_gen.go") {
				var text []byte
				if text, err = os.ReadFile(path); err == nil {
					texts = append(texts, squeeze(string(text)))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

func stands(sources []string, code string) bool {
	code = squeeze(code)
	for _, source := range sources {
		if strings.Contains(source, code) {
			return true
		}
	}
	return false
}

var (
	space = regexp.MustCompile(`\s+`)
	block = regexp.MustCompile("(?s)```go\n(.*?)```")
	span  = regexp.MustCompile("`([^`]+)`")
)

// squeeze makes code comparable whatever its indentation.
func squeeze(code string) string { return strings.TrimSpace(space.ReplaceAllString(code, " ")) }

// TestCodeCompiles checks that every Go block of the README and of the documents
// beside this file stands in programs that are compiled, vetted and tested: a
// block may leave out lines, which it says by a line "// ...", and indentation
// is not compared.
func TestCodeCompiles(t *testing.T) {
	documents, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	compiled := sources(t, "../examples", ".")
	blocks := 0
	for _, document := range append(documents, "../README.md") {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range block.FindAllStringSubmatch(string(text), -1) {
			blocks++
			for _, part := range strings.Split(found[1], "// ...\n") {
				if !stands(compiled, part) {
					t.Errorf("no program has these lines of %s:\n%s", document, part)
				}
			}
		}
	}
	if blocks < 20 {
		t.Errorf("the documents have %d Go blocks", blocks)
	}
}

// here are the columns of the tables of coming-from-*.md that say what to write,
// goLike what in them is Go and not a name alone.
var goLike = regexp.MustCompile(`^(s|sessions|cookiestore|runtime|memstore|account)\.\w+\(|\{.*\}$|^\w+: `)

// TestTablesCompile checks that the Go in the tables that lead here from other
// libraries stands in tests.
func TestTablesCompile(t *testing.T) {
	documents, err := filepath.Glob("coming-from-*.md")
	if err != nil || len(documents) < 2 {
		t.Fatal(documents, err)
	}
	compiled := sources(t, ".", "../examples")
	n := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			cells := strings.Split(strings.ReplaceAll(line, `\|`, ""), " | ")
			if !strings.HasPrefix(line, "| ") || len(cells) < 2 {
				continue
			}
			for _, found := range span.FindAllStringSubmatch(cells[1], -1) {
				if code := found[1]; goLike.MatchString(code) {
					n++
					// What stands for a body or a list says so by three dots.
					if before, _, _ := strings.Cut(code, "..."); !stands(compiled, before) && !stands(compiled, code) {
						t.Errorf("%s: no test has %s", document, code)
					}
				}
			}
		}
	}
	if n < 80 {
		t.Errorf("the tables have %d pieces of Go", n)
	}
}
