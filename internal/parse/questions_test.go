package parse

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the go command is asked decides how long a run takes: one directory is
// one question, a pattern is two, and tests are asked for only where a test file
// has a spec or is an output.
func TestQuestions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script in the place of the go command")
	}
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	log := filepath.Join(root, "log")
	write(t, root, "bin/go", "#!/bin/sh\necho \"$*\" >>'"+log+"'\nexec '"+real+"' \"$@\"\n")
	if err := os.Chmod(filepath.Join(root, "bin/go"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Join(root, "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"))
	const spec = "\n\n//sessiongen:session\ntype session struct{ X int }\n"
	write(t, root, "m/go.mod", "module example.com/app\n\ngo 1.26\n")
	write(t, root, "m/plain/plain.go", "package plain")
	write(t, root, "m/plain/plain_test.go", "package plain")
	write(t, root, "m/shop/shop.go", "package shop"+spec)
	write(t, root, "m/shop/shop_test.go", "package shop")
	write(t, root, "m/tested/tested.go", "package tested")
	write(t, root, "m/tested/tested_test.go", "package tested"+spec)
	write(t, root, "m/left/left.go", "package left")
	write(t, root, "m/left/session_gen_x_test.go", Header+"\n\npackage left_test\n")

	const names, typed, tested = "names", "types", "types with tests"
	for _, c := range []struct {
		pattern string
		off     bool
		want    []string
	}{
		{pattern: "./plain", want: []string{typed + " ./plain"}},
		{pattern: "./shop", want: []string{typed + " ./shop"}},
		{pattern: "./tested", want: []string{tested + " ./tested"}},
		{pattern: "./tested", off: true, want: []string{typed + " ./tested"}},
		{pattern: "./left", want: []string{tested + " ./left"}},
		{pattern: "./plain/...", want: []string{names + " ./plain/..."}},
		{pattern: "./shop/...", want: []string{names + " ./shop/...", typed + " example.com/app/shop"}},
		{pattern: "./...", want: []string{names + " ./...", typed + " example.com/app/shop", tested + " example.com/app/left example.com/app/tested"}},
		{pattern: "./...", off: true, want: []string{names + " ./...", typed + " example.com/app/shop"}},
	} {
		os.Remove(log)
		opts := Options{Dir: filepath.Join(root, "m"), Tests: !c.off, Env: append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")}
		if _, err := Load(t.Context(), opts, c.pattern); err != nil {
			t.Fatal(err)
		}
		asked, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(asked)) {
			flags, patterns, isList := strings.Cut(strings.TrimSpace(line), " -- ")
			if !isList || patterns == "unsafe" {
				continue // about the go command itself
			}
			question := names
			if strings.Contains(flags, "-export=true") {
				question = typed
			}
			if strings.Contains(flags, "-test=true") {
				question += " with tests"
			}
			got = append(got, question+" "+patterns)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", c.pattern, diff, asked)
		}
	}
}
