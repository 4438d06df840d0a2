package parse

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// TestLoad walks testdata. Each archive holds the files of a module, whose
// go.mod is added where it is missing, and what loading it gives: want, the
// model as dump.go prints it, or errors. Lines of the archive's comment may set
// "patterns", "tags", "output", "dir" and "env"; "tests off" leaves out the
// specs in tests.
func TestLoad(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := exec.LookPath("gcc"); err != nil && strings.Contains(string(archive.Comment), "\nneeds gcc\n") {
				t.Skip("no C compiler")
			}
			dir := extract(t, archive)
			opts, patterns := settingsOf(archive.Comment, dir)
			name, got := "want", ""
			result, err := Load(t.Context(), opts, patterns...)
			if err != nil {
				name, got = "errors", relativeErrors(err, dir)
			} else {
				got = dump(result, dir)
			}
			compare(t, file, archive, name, got)
		})
	}
}

func extract(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files := archive.Files
	if !strings.Contains(string(txtar.Format(archive)), "-- go.mod --") {
		files = append(files[:len(files):len(files)], txtar.File{Name: "go.mod", Data: []byte("module example.com/app\n\ngo 1.26\n")})
	}
	for _, f := range files {
		if f.Name == "want" || f.Name == "errors" {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func settingsOf(comment []byte, dir string) (Options, []string) {
	opts := Options{Dir: dir, Tests: true, Env: append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=")}
	patterns := []string{"./..."}
	for line := range strings.Lines(string(comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "patterns":
			patterns = strings.Fields(value)
		case "tags":
			opts.Tags = value
		case "output":
			opts.Output = value
		case "dir":
			opts.Dir = filepath.Join(dir, value)
		case "tests":
			opts.Tests = value != "off"
		case "env":
			opts.Env = append(opts.Env, value)
		}
	}
	return opts, patterns
}

func relativeErrors(err error, dir string) string {
	var list Errors
	if !errors.As(err, &list) {
		return "driver: " + strings.NewReplacer(dir, "$DIR", runtime.Version()[len("go"):], "$VERSION").Replace(err.Error()) + "\n"
	}
	text := ""
	for _, e := range list {
		e.Pos.File = strings.TrimPrefix(filepath.ToSlash(e.Pos.File), filepath.ToSlash(dir)+"/")
		text += strings.ReplaceAll(e.Error(), dir, "$DIR") + "\n"
	}
	return text
}

func compare(t *testing.T, file string, archive *txtar.Archive, name, got string) {
	t.Helper()
	kept := archive.Files[:0:0]
	want := ""
	for _, f := range archive.Files {
		switch f.Name {
		case "want", "errors":
			if f.Name == name {
				want = string(f.Data)
			}
		default:
			kept = append(kept, f)
		}
	}
	if got == want {
		return
	}
	if !*update {
		t.Errorf("%s of %s (-want +got):\n%s", name, file, cmp.Diff(want, got))
		return
	}
	archive.Files = append(kept, txtar.File{Name: name, Data: []byte(got)})
	if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
		t.Fatal(err)
	}
}
