package parse

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessiongen/sessiongen/internal/model"
)

// Positions are read from the end, since a path of Windows has a colon too.
func TestParsePosition(t *testing.T) {
	for text, want := range map[string]model.Position{
		"":                      {},
		"-":                     {},
		"a.go":                  {File: "a.go"},
		"a.go:3":                {File: "a.go", Line: 3, Col: 1},
		"a.go:3:7":              {File: "a.go", Line: 3, Col: 7},
		"/a b/ü:1/a.go:3:7":     {File: "/a b/ü:1/a.go", Line: 3, Col: 7},
		`C:\my shop\a.go:3:7`:   {File: `C:\my shop\a.go`, Line: 3, Col: 7},
		`C:\my shop\a.go`:       {File: `C:\my shop\a.go`},
		`\\host\share\a.go:3:7`: {File: `\\host\share\a.go`, Line: 3, Col: 7},
	} {
		if got := parsePosition(text); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestPositioned(t *testing.T) {
	dir := t.TempDir()
	at := func(elem string, line, col int) model.Position {
		return model.Position{File: filepath.Join(dir, elem), Line: line, Col: col}
	}
	abs := filepath.Join(dir, "x y", "go.mod")
	for msg, want := range map[string]Errors{
		"go: errors parsing go.mod:\ngo.mod:5: unknown directive: nonsense\ngo.mod:6:2: other: 7": {
			{at("go.mod", 5, 0), "unknown directive: nonsense"}, {at("go.mod", 6, 2), "other: 7"},
		},
		"go: errors parsing ../go.mod:\n../go.mod:5: bad":                                    {{at("../go.mod", 5, 0), "bad"}},
		"go: errors parsing " + abs + ":\n" + abs + ":5: bad":                                {{at("x y/go.mod", 5, 0), "bad"}},
		"go: updates to go.mod needed; to update it:\n\tgo mod tidy":                         nil,
		"go: go.mod requires go >= 9.99 (running go 1.26; GOTOOLCHAIN=local)":                nil,
		"go: cannot load module gone listed in go.work file: open gone/go.mod: no such file": nil,
	} {
		if diff := cmp.Diff(want, positioned(msg, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", msg, diff)
		}
	}
}

// The command that the go command wants to be run is on a line of its own.
func TestOneLine(t *testing.T) {
	for said, want := range map[string]string{
		"go: updates to go.mod needed; to update it:\n\tgo mod tidy": "go: updates to go.mod needed; to update it: go mod tidy",
		"go: one\ngo: two": "go: one; go: two",
		"go: one":          "go: one",
	} {
		if got := oneLine(said); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}
