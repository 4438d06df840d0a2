package sessiongen_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"mvdan.cc/gofumpt/format"

	"github.com/sessiongen/sessiongen/internal/parse"
)

// lint checks the generated files of modules, when all else that reads them has run.
func (b *batch) lint(t *testing.T, command func(args ...string) *exec.Cmd, modules, patterns []string) {
	var files []string
	t.Run("gofumpt", func(t *testing.T) {
		for _, dir := range modules {
			for _, file := range outputs(t, dir) {
				files = append(files, file)
				gofumpt(t, file, moduleName(dir))
			}
		}
		if len(files) < len(modules) {
			t.Errorf("%d modules have %d generated files", len(modules), len(files))
		}
	})
	t.Run("staticcheck", func(t *testing.T) { staticcheck(t, command, patterns, files) })
}

// outputs returns the generated files below a directory.
func outputs(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		src, err := os.ReadFile(path)
		if bytes.HasPrefix(src, []byte(parse.Header+"\n")) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// gofumpt checks that the stricter formatter, with all its rules on, would change nothing.
func gofumpt(t *testing.T, file, module string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	options := format.Options{LangVersion: "go1.26", ModulePath: module}
	if err := options.Extra.Set("true"); err != nil {
		t.Fatal(err)
	}
	formatted, err := format.Source(src, options)
	if err != nil {
		t.Error(err)
	}
	if !bytes.Equal(src, formatted) {
		t.Errorf("gofumpt would change the output:\n%s", diff.Diff(file, src, "gofumpt", formatted))
	}
}

// userNamed are findings about names that a spec has and its accessors get.
var userNamed = regexp.MustCompile(`should not use underscores in Go names; (struct field|method) `)

// staticcheck checks packages for findings in generated files. Their first line
// is changed before: a linter is to have nothing against the code itself, not
// only to pass over it because of that line. All checks are on but the one that
// wants a comment for every package.
func staticcheck(t *testing.T, command func(args ...string) *exec.Cmd, patterns, files []string) {
	t.Helper()
	program, err := exec.Command("go", "tool", "-n", "staticcheck").Output()
	if err != nil {
		t.Skip("staticcheck can't be built: run go mod download")
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		src = bytes.Replace(src, []byte(parse.Header), []byte("// As a person would write it."), 1)
		if err := os.WriteFile(file, src, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := command(append([]string{"-checks=all,-ST1000"}, patterns...)...)
	cmd.Path, cmd.Args[0] = strings.TrimSpace(string(program)), "staticcheck"
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("staticcheck: %v\n%s", err, out)
	}
	generated := map[string]bool{}
	for _, file := range files {
		generated[file] = true
	}
	for line := range strings.Lines(string(out)) {
		if userNamed.MatchString(line) {
			continue
		}
		file, _, _ := strings.Cut(line, ":")
		if strings.Contains(line, "(compile)") || generated[filepath.Join(cmd.Dir, file)] {
			t.Errorf("%s", line)
		}
	}
}
