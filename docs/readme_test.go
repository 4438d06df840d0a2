package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeCodeCompiles checks that every Go block of the README stands in the
// example programs, which are compiled, vetted and tested: a block may leave
// out lines, which it says by a line "// ...", and indentation is not compared.
func TestReadmeCodeCompiles(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	err = filepath.WalkDir("../examples", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_gen.go") {
			var text []byte
			if text, err = os.ReadFile(path); err == nil {
				sources = append(sources, squeeze(string(text)))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 5 {
		t.Errorf("the README has %d Go blocks", len(blocks))
	}
	for _, block := range blocks {
		for _, part := range strings.Split(block[1], "// ...\n") {
			found := false
			for _, source := range sources {
				found = found || strings.Contains(source, squeeze(part))
			}
			if !found {
				t.Errorf("no example program has these lines of the README:\n%s", part)
			}
		}
	}
}

var space = regexp.MustCompile(`\s+`)

// squeeze makes code comparable whatever its indentation.
func squeeze(code string) string { return strings.TrimSpace(space.ReplaceAllString(code, " ")) }

// TestReadmeCommands checks that what the README tells to run is there.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"go generate ./examples/... && go run ./examples/visits", "go test ./..."} {
		if !strings.Contains(string(readme), command+"\n") {
			t.Errorf("the README does not say %q", command)
		}
	}
}
