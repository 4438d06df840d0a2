package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// run runs the commands of the example in a module of its own, and returns what
// the last prints as errors.
func (e *entry) run(t *testing.T, goroot string) string {
	t.Helper()
	dir := module(t)
	e.write(t, dir)
	commands := e.commands()
	for _, command := range commands[:len(commands)-1] {
		stage(t, dir, command)
	}
	words := commands[len(commands)-1]
	i := slices.Index(words, "sessiongen")
	if i < 0 {
		t.Fatalf("errors.md:%d: the last command is not sessiongen", e.line)
	}
	if at := slices.Index(words, "-against") + 1; at > 0 && i == 0 {
		if _, err := os.Stat(filepath.Join(dir, words[at])); err != nil { // no file, and so git is asked
			withGit(t, dir)
		}
	}
	for _, variable := range words[:i] {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	return strings.NewReplacer(dir, "$DIR", goroot, "$GOROOT").Replace(runIn(t, dir, words[i+1:]...))
}

// stage runs a command that an example has before sessiongen, as a shell would.
func stage(t *testing.T, dir string, command []string) {
	t.Helper()
	var err error
	switch {
	case command[0] == "git":
		withGit(t, dir, command[1:]...)
	case command[0] == "ln" && len(command) == 4: // ln -s target name
		err = os.Symlink(command[2], filepath.Join(dir, command[3]))
	case command[0] == "rm" && len(command) == 2:
		err = os.Remove(filepath.Join(dir, command[1]))
	default:
		t.Fatalf("stage has no command %q", command)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// withGit runs git, if there are arguments, and sets the variables with which it
// says and does the same on every machine.
func withGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: install it to compare revisions")
	}
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
		"GIT_CEILING_DIRECTORIES": filepath.Dir(dir), // an outer repository is not looked for
		"GIT_AUTHOR_NAME":         "A. U. Thor", "GIT_AUTHOR_EMAIL": "author@example.com",
		"GIT_COMMITTER_NAME": "A. U. Thor", "GIT_COMMITTER_EMAIL": "author@example.com",
	} {
		t.Setenv(name, value)
	}
	if len(args) == 0 {
		return
	}
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (e *entry) write(t *testing.T, dir string) {
	t.Helper()
	for _, f := range e.example.Files[:len(e.example.Files)-1] {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// module returns the directory of a new module.
func module(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/shop\n\ngo 1.26\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runIn runs sessiongen in a directory and returns what it prints as errors. An
// argument ^C stands for the key that interrupts it.
func runIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	t.Chdir(dir)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if i := slices.Index(args, "^C"); i >= 0 {
		args = slices.Delete(slices.Clone(args), i, i+1)
		stop()
	}
	var stdout, stderr bytes.Buffer
	if code := run(ctx, args, &stdout, &stderr); code != trouble || stdout.Len() > 0 {
		t.Errorf("sessiongen %s: status %d, printed %q", strings.Join(args, " "), code, stdout.String())
	}
	return stderr.String()
}
