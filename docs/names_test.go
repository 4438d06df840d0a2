package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the documentation names as proof is there: every archive by its path, and
// every test, benchmark, fuzz target and example by its name.
func TestNamedTestsExist(t *testing.T) {
	var source bytes.Buffer
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var text []byte
			text, err = os.ReadFile(path)
			source.Write(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	named := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`[\w./-]*testdata/[\w/-]+\.txtar`).FindAllString(string(text), -1) {
			named++
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(m))); err != nil {
				t.Errorf("%s names %s, which is not there", page, m)
			}
		}
		for _, m := range regexp.MustCompile(`\b(?:(?:Test|Fuzz|Benchmark)[A-Z]|Example_[a-z])\w*`).FindAllString(string(text), -1) {
			named++
			if !strings.Contains(source.String(), "\nfunc "+m+"(") {
				t.Errorf("%s names %s, which no file declares", page, m)
			}
		}
	}
	if named < 250 {
		t.Errorf("the documentation names %d tests", named)
	}
}

// The layout in generator.md names every file of the parser, and no other.
func TestLayoutNamesEveryFile(t *testing.T) {
	text, err := os.ReadFile("generator.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| files | concern |")
	table, _, _ = strings.Cut(table, "\n\n")
	named := map[string]bool{}
	for _, name := range regexp.MustCompile(`\w+\.go\b`).FindAllString(table, -1) {
		named[name] = true
	}
	files, err := filepath.Glob("../internal/parse/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		if name := filepath.Base(file); !strings.HasSuffix(name, "_test.go") && !named[name] {
			t.Errorf("the layout does not name %s", name)
		}
		delete(named, filepath.Base(file))
	}
	for name := range named {
		t.Errorf("the layout names %s, which is not there", name)
	}
}
