package sessiongen_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the archives of testdata expect")

// TestGenerate walks testdata: each archive shows one behaviour or one error.
// It is a testscript, run in a module of its own that requires this one, with
// these commands more:
//
//	generates [args]      runs sessiongen, which succeeds
//	differs [args]        runs sessiongen, which exits with status 1
//	fails [args]          runs sessiongen, which exits with status 2
//	check [package]       has the package's function Check(*testing.T) called
//	replace old new file  changes a file
//	crlf file             gives a file the line ends of Windows
//	commit [dir]          commits all of a directory, by default of the
//	                      script's, to a git repository that it makes there
//	shorter file lines    checks that a file has fewer lines
//
// What check names is compiled, vetted and run when all scripts have ended, in
// one build: dozens of them take longer. The flag -update rewrites the files
// that cmp compares with.
func TestGenerate(t *testing.T) {
	b := &batch{root: t.TempDir(), dirs: map[string]string{}}
	command := buildCommand(t)
	template, settings := moduleTemplate(t), goEnv(t)
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	status := func(want int) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("! does not fit: use generates, differs or fails")
			}
			err := ts.Exec(command, args...)
			got := 0
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				got = exit.ExitCode()
			} else if err != nil {
				ts.Fatalf("%v", err)
			}
			if got != want {
				ts.Fatalf("sessiongen %s: exit status %d, want %d", strings.Join(args, " "), got, want)
			}
		}
	}
	t.Run("archive", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:           "testdata",
			WorkdirRoot:   b.root,
			UpdateScripts: *update,
			Setup: func(env *testscript.Env) error {
				for name, value := range settings {
					env.Setenv(name, value)
				}
				module := moduleName(env.WorkDir)
				return errors.Join(
					writeNew(filepath.Join(env.WorkDir, "go.mod"), []byte(strings.Replace(template, "MODULE", module, 1))),
					writeNew(filepath.Join(env.WorkDir, "go.sum"), sums),
				)
			},
			Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
				"generates": status(0),
				"differs":   status(1),
				"fails":     status(2),
				"check":     b.add,
				"replace":   replace,
				"crlf":      crlf,
				"commit":    commit,
				"shorter":   shorter,
			},
		})
	})
	if !t.Failed() {
		b.run(t)
	}
}

// moduleName is the path of the module in an archive's directory.
func moduleName(dir string) string {
	return "example.com/" + strings.TrimPrefix(filepath.Base(dir), "script-")
}

// batch is what the scripts asked to run.
type batch struct {
	root string
	mu   sync.Mutex
	dirs map[string]string // package to its module's directory
}

// add is the script command check.
func (b *batch) add(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: check [package]")
	}
	dir := ts.Getenv("WORK")
	pkg := moduleName(dir)
	if len(args) == 1 {
		pkg += "/" + args[0]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirs[pkg] = dir
}

// run vets the packages with all that belongs to their modules, and calls their
// functions Check in one test binary, over a workspace of the modules.
func (b *batch) run(t *testing.T) {
	var pkgs, modules []string
	for pkg, dir := range b.dirs {
		pkgs = append(pkgs, pkg)
		modules = append(modules, dir)
	}
	slices.Sort(pkgs)
	slices.Sort(modules)
	modules = slices.Compact(modules)

	runner := filepath.Join(b.root, "runner")
	var work, imports, calls bytes.Buffer
	patterns := []string{"vet"}
	for _, dir := range modules {
		fmt.Fprintf(&work, "use %s\n", dir)
		patterns = append(patterns, moduleName(dir)+"/...")
	}
	for i, pkg := range pkgs {
		fmt.Fprintf(&imports, "\tp%d %q\n", i, pkg)
		fmt.Fprintf(&calls, "\tt.Run(%q, p%d.Check)\n", strings.TrimPrefix(pkg, "example.com/"), i)
	}
	for name, content := range map[string]string{
		"go.mod":        "module example.com/runner\n\ngo 1.26.0\n",
		"go.work":       "go 1.26.0\n\nuse .\n" + work.String(),
		"check_test.go": "package runner\n\nimport (\n\t\"testing\"\n" + imports.String() + ")\n\nfunc TestCheck(t *testing.T) {\n" + calls.String() + "}\n",
	} {
		if err := writeNew(filepath.Join(runner, name), []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	goCommand := func(args ...string) *exec.Cmd {
		cmd := exec.Command("go", args...)
		cmd.Dir = runner
		cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(runner, "go.work"), "GOFLAGS=", "GOPROXY=off")
		return cmd
	}
	t.Run("vet", func(t *testing.T) {
		if out, err := goCommand(patterns...).CombinedOutput(); err != nil {
			t.Fatalf("go vet: %v\n%s", err, out)
		}
	})
	out, err := goCommand("test", "-json", ".").Output()
	b.report(t, pkgs, out, err)
	b.lint(t, goCommand, modules, patterns[1:])
}

// report fails a subtest for every Check that failed, with what it printed.
func (b *batch) report(t *testing.T, pkgs []string, out []byte, err error) {
	printed, passed := map[string]string{}, map[string]bool{}
	var rest strings.Builder
	for line := range bytes.Lines(out) {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(line, &event) != nil {
			rest.Write(line)
			continue
		}
		_, path, _ := strings.Cut(event.Test, "/")
		name, _, _ := strings.Cut(path, "#")
		if name == "" {
			rest.WriteString(event.Output)
		}
		printed[name] += event.Output
		passed[name] = passed[name] || event.Action == "pass"
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		rest.Write(exit.Stderr)
	}
	for _, pkg := range pkgs {
		name := strings.TrimPrefix(pkg, "example.com/")
		t.Run("check/"+name, func(t *testing.T) {
			if !passed[name] {
				t.Errorf("%s\n%s", printed[name], rest.String())
			}
		})
	}
	if err != nil && !t.Failed() {
		t.Errorf("go test: %v\n%s", err, rest.String())
	}
}

func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace old new file")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%s does not contain %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(text, args[0], args[1])), 0o666))
}

func crlf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: crlf file")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")), 0o666))
}

func commit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: commit [dir]")
	}
	dir := ts.MkAbs(filepath.Join(args...))
	git := func(args ...string) {
		args = append([]string{"-C", dir, "-c", "user.name=A. U. Thor", "-c", "user.email=author@example.com", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"}, args...)
		ts.Check(ts.Exec("git", args...))
	}
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		git("init", "--quiet")
	}
	git("add", "--all")
	git("commit", "--quiet", "--allow-empty", "--message", "version")
}

func shorter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shorter file lines")
	}
	limit, err := strconv.Atoi(args[1])
	ts.Check(err)
	if n := strings.Count(ts.ReadFile(args[0]), "\n"); n >= limit {
		ts.Fatalf("%s has %d lines", args[0], n)
	}
}

// buildCommand builds sessiongen, so that the scripts see what a user sees.
func buildCommand(t *testing.T) string {
	t.Helper()
	command := filepath.Join(t.TempDir(), "sessiongen")
	if out, err := exec.Command("go", "build", "-o", command, "./cmd/sessiongen").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return command
}

// moduleTemplate is the go.mod of an archive: it requires this module as it
// stands here, and what this module requires, so that nothing is looked up.
func moduleTemplate(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	requires := regexp.MustCompile(`(?ms)^go .*?$|^require \(.*?^\)$|^require [^(]*?$`).FindAllString(string(content), -1)
	return fmt.Sprintf("module MODULE\n\n%s\n\nrequire github.com/sessiongen/sessiongen v0.0.0\n\nreplace github.com/sessiongen/sessiongen => %s\n",
		strings.Join(requires, "\n\n"), root)
}

// goEnv is what the scripts, which have no home directory, need to know of the
// go command's settings.
func goEnv(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	settings := map[string]string{"GOFLAGS": "-mod=readonly", "GOPROXY": "off", "GOWORK": "off"}
	if err := json.Unmarshal(out, &settings); err != nil {
		t.Fatal(err)
	}
	return settings
}

// writeNew writes a file unless the archive has it.
func writeNew(name string, content []byte) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o666)
}
