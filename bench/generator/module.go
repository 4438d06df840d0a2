package generator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are the programs that are measured, built from what bench/go.mod names.
var tools = []string{
	"github.com/sessiongen/sessiongen/cmd/sessiongen",
	"golang.org/x/tools/cmd/stringer",
	"github.com/matryer/moq",
	"github.com/jmattheis/goverter/cmd/goverter",
}

// workshop is a temporary directory with the tools in it and modules for them
// to work on.
type workshop struct {
	root  string
	bench string // this module
}

func newWorkshop(ctx context.Context) (*workshop, error) {
	bench, err := goCommand(ctx, "", "list", "-m", "-f", "{{.Dir}}", "github.com/sessiongen/sessiongen/bench")
	if err != nil {
		return nil, err
	}
	root, err := os.MkdirTemp("", "sessiongen-bench-")
	if err != nil {
		return nil, err
	}
	w := &workshop{root, bench}
	if w.root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, errors.Join(err, w.close())
	}
	args := append([]string{"build", "-o", w.root + string(filepath.Separator)}, tools...)
	if _, err := goCommand(ctx, bench, args...); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *workshop) close() error { return os.RemoveAll(w.root) }

func (w *workshop) tool(name string) string { return filepath.Join(w.root, name) }

// module writes a module that requires what this one does: the runtime, and
// the tools. The files are those of the packages, by their slashed paths.
func (w *workshop) module(ctx context.Context, name string, files map[string]string) (dir string, err error) {
	dir = filepath.Join(w.root, "modules", name)
	for path, content := range files {
		if err := write(filepath.Join(dir, filepath.FromSlash(path)), content); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(w.bench, name))
		if err != nil {
			return "", err
		}
		if err := write(filepath.Join(dir, name), string(content)); err != nil {
			return "", err
		}
	}
	_, err = goCommand(ctx, dir, "mod", "edit", "-module=bench.example/"+name,
		"-replace=github.com/sessiongen/sessiongen="+filepath.Dir(w.bench))
	return dir, err
}

func write(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o644)
}

// goCommand returns what the go command prints.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w\n%s", err, exit.Stderr)
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
