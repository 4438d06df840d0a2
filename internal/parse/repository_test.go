package parse

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/internal/model"
)

// repository returns the root of this module.
func repository(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// The runtime's own test session is where the names of the output are settled:
// each one that the model chooses is declared there, and no accessor is missing.
func TestShop(t *testing.T) {
	dir := filepath.Join(repository(t), "runtime/internal/shop")
	result, err := Load(t.Context(), Options{Dir: dir}, ".")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join(dir, DefaultOutput))
	if err != nil {
		t.Fatal(err)
	}
	pkg := result.Packages[0]
	if len(result.Packages) != 1 || pkg.Output != filepath.Join(dir, DefaultOutput) {
		t.Fatalf("packages: %+v", result.Packages)
	}
	declared := func(format, name string) {
		t.Helper()
		if !regexp.MustCompile(strings.ReplaceAll(format, "NAME", regexp.QuoteMeta(name))).Match(src) {
			t.Errorf("%s declares no %s", DefaultOutput, name)
		}
	}
	for _, s := range pkg.Structs {
		declared(`(?m)^func NAME\(`, s.Append)
		declared(`(?m)^func NAME\(`, s.Read)
		declared(`(?m)^var NAME =`, s.Columns)
	}
	var accessors []string
	for _, s := range pkg.Specs {
		declared(`(?m)^type NAME struct`, s.Name)
		declared(`(?m)^type NAME struct`, s.Manager)
		declared(`(?m)^func NAME\(`, s.New)
		declared(`(?m)^type NAME = sessrt.Bag`, s.BagIdent)
		declared(`(?m)^type NAME Session`, s.FieldsIdent)
		declared(`(?m)^var NAME =`, s.SpecIdent)
		for _, f := range s.Fields {
			accessors = append(accessors, f.Accessors()...)
			for _, name := range f.Finders() {
				declared(`(?m)^func \(m \*Sessions\) NAME\(`, name)
			}
		}
	}
	// Both ways: a method there that is no accessor here is one of the session's own.
	for _, m := range regexp.MustCompile(`(?m)^func \(s \*Session\) (\w+)\(`).FindAllSubmatch(src, -1) {
		name := string(m[1])
		if i := slices.Index(accessors, name); i >= 0 {
			accessors = slices.Delete(accessors, i, i+1)
		} else if !slices.Contains(model.SessionMethods, name) {
			t.Errorf("%s is declared, but neither an accessor nor reserved", name)
		}
	}
	if len(accessors) > 0 {
		t.Errorf("not declared: %v", accessors)
	}
}

// Every exported method of the runtime's bag and manager is reserved.
func TestReserved(t *testing.T) {
	for receiver, reserved := range map[string][]string{
		`Bag`: model.SessionMethods, `Sessions\[T\]`: model.ManagerMethods,
	} {
		files, err := filepath.Glob(filepath.Join(repository(t), "runtime/*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func \(\w+ \*`+receiver+`\) ([A-Z]\w*)\(`).FindAllSubmatch(src, -1) {
				if name := string(m[1]); !slices.Contains(reserved, name) {
					t.Errorf("%s: method %s of %s is not reserved", filepath.Base(file), name, receiver)
				}
			}
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Sources with CRLF line ends give the same model, an output with them is ours.
func TestCRLF(t *testing.T) {
	const spec = "package app\n\n// session has docs.\n//\n//sessiongen:session Shop\ntype session struct {\n\t// X too.\n\tX int `session:\"x,redact\"`\n}\n"
	var dumps []string
	for _, end := range []string{"\n", "\r\n"} {
		dir := t.TempDir()
		write(t, dir, "go.mod", "module example.com/app\n\ngo 1.26\n")
		write(t, dir, "app.go", strings.ReplaceAll(spec, "\n", end))
		write(t, dir, "session_gen.go", strings.ReplaceAll(Header+"\n\npackage app\n\ntype Shop struct{}\n", "\n", end))
		result, err := Load(t.Context(), Options{Dir: dir}, ".")
		if err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, dump(result, result.Packages[0].Dir))
	}
	if dumps[0] != dumps[1] {
		t.Errorf("LF:\n%s\nCRLF:\n%s", dumps[0], dumps[1])
	}
}

// A directory reached by a symbolic link, and errors that name files below it.
func TestSymlink(t *testing.T) {
	root := t.TempDir()
	write(t, root, "real/go.mod", "module example.com/app\n\ngo 1.26\n")
	write(t, root, "real/app.go", "package app\n\n//sessiongen:session\ntype session struct{ C chan int }\n")
	link := filepath.Join(root, "link")
	if err := os.Symlink(filepath.Join(root, "real"), link); err != nil {
		t.Skip(err)
	}
	t.Chdir(link)
	_, err := Load(t.Context(), Options{}, ".")
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != 1 || !strings.HasPrefix(errs.Error(), "app.go:4:22: field C") {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, Options{}, "./..."); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	at := func(file string, line, col int) model.Position {
		return model.Position{File: file, Line: line, Col: col}
	}
	errs := Errors{
		{at(filepath.Join(wd, "b.go"), 2, 1), "last"},
		{at(filepath.Join(wd, "a.go"), 10, 1), "third"},
		{at(filepath.Join(wd, "a.go"), 9, 5), "second"},
		{at(filepath.Join(wd, "a.go"), 9, 5), "second"},
		{model.Position{}, "first"},
		{at("/elsewhere/x.go", 1, 1), "outside"},
	}.sorted()
	want := "first\n/elsewhere/x.go:1:1: outside\na.go:9:5: second\na.go:10:1: third\nb.go:2:1: last"
	if got := errs.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Loads give the same result every time, whatever order maps have.
func TestDeterministic(t *testing.T) {
	dir := filepath.Join(repository(t), "runtime/internal/shop")
	first := ""
	for range 5 {
		result, err := Load(t.Context(), Options{Dir: dir}, ".")
		if err != nil {
			t.Fatal(err)
		}
		if got := dump(result, dir); first == "" {
			first = got
		} else if got != first {
			t.Fatal("two loads differ")
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	dir := filepath.Join(repository(b), "runtime/internal/shop")
	for _, pattern := range []string{".", "./...", "../../..."} {
		b.Run(pattern, func(b *testing.B) {
			for b.Loop() {
				if _, err := Load(b.Context(), Options{Dir: dir}, pattern); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
