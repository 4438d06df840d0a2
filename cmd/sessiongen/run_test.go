package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/internal/emit"
	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/internal/parse"
)

// Twenty runs over the same source write the same bytes.
func TestOutputIsDeterministic(t *testing.T) {
	var first []byte
	for range 20 {
		result, err := parse.Load(t.Context(), parse.Options{Dir: ".", Output: defaultOutput}, "../../runtime/internal/shop")
		if err != nil {
			t.Fatal(err)
		}
		out, err := emit.File(result.Packages[0])
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out
		}
		if !bytes.Equal(out, first) {
			t.Fatal("two runs wrote different bytes")
		}
	}
}

// Files are named from the working directory where that is shorter, whichever
// of its names the go command uses.
func TestRel(t *testing.T) {
	real, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(real, "my shop")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	dirs := []string{dir}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err == nil {
		dirs = append(dirs, link)
	}
	root := filepath.VolumeName(dir) + string(filepath.Separator)
	for _, wd := range dirs {
		c, _ := testCommand(wd)
		for path, want := range map[string]string{
			filepath.Join(dir, "a", "x.go"): filepath.Join("a", "x.go"),
			filepath.Join(wd, "a", "x.go"):  filepath.Join("a", "x.go"),
			filepath.Join(real, "x.go"):     filepath.Join("..", "x.go"),
			root + "x.go":                   root + "x.go",
		} {
			if got := c.rel(path); got != want {
				t.Errorf("in %s: %s is called %s, want %s", wd, path, got, want)
			}
		}
	}
}

func testCommand(dir string) (*command, *bytes.Buffer) {
	var stderr bytes.Buffer
	return &command{dir: dir, output: defaultOutput, stdout: &stderr, stderr: &stderr}, &stderr
}

// A run by "go tool" looks at every package of the command first, so that what
// the runtime needs has no place in it.
func TestCommandIsSmall(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		if pkg == "net/http" || strings.HasPrefix(pkg, model.RuntimePath) {
			t.Errorf("the command depends on %s", pkg)
		}
	}
}
