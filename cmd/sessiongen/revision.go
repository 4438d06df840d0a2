package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/internal/parse"
)

// revision is another revision of the repository, checked out in a temporary
// directory. Neither the work tree nor the index nor anything else of the
// repository is touched: git writes a second index, and files from that.
type revision struct {
	name string
	top  string   // the repository's directory
	wd   string   // the working directory, where git sees it
	temp string   // what is removed in the end
	root string   // stands for top
	dir  string   // stands for the working directory
	env  []string // for the go command

	missing bool // the revision does not have the working directory
}

// openRevision checks out the revision that name means in the repository around dir.
func openRevision(ctx context.Context, dir, name string) (_ *revision, err error) {
	r := &revision{name: name, wd: dir}
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("-against %s: no such file, and git, which would know a revision, is not installed; install git, or give a file that sessiongen -schema printed", name)
	}
	if r.top, err = git(ctx, dir, nil, "rev-parse", "--show-toplevel"); err != nil {
		return nil, fmt.Errorf("-against %s: no such file, and no revision that can be looked up in %s: %w; give a file that sessiongen -schema printed", name, dir, err)
	}
	r.top = filepath.FromSlash(r.top)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		r.wd = real
	}
	commit, err := git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", name+"^{commit}")
	if err != nil || strings.HasPrefix(name, "-") { // a name like a flag is none
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("-against %s: neither a file nor a revision of this repository; name one, such as HEAD, main or a tag, and in a shallow clone fetch it first", name)
	}
	prefix, err := git(ctx, dir, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, err
	}
	if r.temp, err = os.MkdirTemp("", "sessiongen-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.temp, err = filepath.EvalSymlinks(r.temp); err != nil { // the go command prints real paths
		return nil, err
	}
	r.root = filepath.Join(r.temp, "tree")
	r.dir = filepath.Join(r.root, filepath.FromSlash(prefix))
	index := []string{"GIT_INDEX_FILE=" + filepath.Join(r.temp, "index")}
	if _, err := git(ctx, r.top, index, "read-tree", commit); err != nil {
		return nil, fmt.Errorf("-against %s: it can't be checked out: %w; mend the repository, or give a file that sessiongen -schema printed", name, err)
	}
	if _, err := git(ctx, r.top, index, "checkout-index", "--all", "--force", "--prefix="+filepath.ToSlash(r.root)+"/"); err != nil {
		return nil, fmt.Errorf("-against %s: it can't be checked out: %w; mend the repository, or give a file that sessiongen -schema printed", name, err)
	}
	if _, err := os.Stat(r.dir); err != nil {
		r.missing = true
		if err := os.MkdirAll(r.dir, 0o777); err != nil {
			return nil, err
		}
	}
	r.env, err = r.environment(ctx)
	return r, err
}

func (r *revision) close() { os.RemoveAll(r.temp) }

// environment is that of the go command in the checked out tree: with the
// workspace of that tree, if the one in use lies in the repository. One that
// is not committed, as is usual, is copied.
func (r *revision) environment(ctx context.Context) ([]string, error) {
	env := append(os.Environ(), "PWD="+r.dir)
	cmd := exec.CommandContext(ctx, "go", "env", "GOWORK")
	cmd.Dir = r.wd
	out, err := said(cmd)
	if err != nil {
		return nil, fmt.Errorf("which workspace is in use is not known: %w; run go env GOWORK until it succeeds", err)
	}
	now := strings.TrimSpace(string(out))
	rel, ok := r.inside(now)
	if !filepath.IsAbs(now) || !ok {
		return env, nil // none, off, or one for other directories
	}
	then := filepath.Join(r.root, rel)
	if _, err := os.Stat(then); err != nil {
		for _, suffix := range []string{"", ".sum"} {
			text, err := os.ReadFile(now + suffix)
			if err != nil {
				continue // the sum is often not there
			}
			if err := os.WriteFile(then+suffix, text, 0o666); err != nil {
				return nil, err
			}
		}
	}
	return append(env, "GOWORK="+then), nil
}

// inside returns path relative to the repository's directory, if it lies there.
func (r *revision) inside(path string) (string, bool) {
	for _, p := range []string{path, realPath(path)} {
		if rel, err := filepath.Rel(r.top, p); err == nil && filepath.IsLocal(rel) {
			return rel, true
		}
	}
	return "", false
}

// realPath is path without symbolic links, as far as it exists.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(realPath(dir), filepath.Base(path))
	}
	return path
}

// patterns returns what the patterns are in the checked out tree.
func (r *revision) patterns(patterns []string) ([]string, error) {
	var out []string
	for _, p := range patterns {
		if !directory(p) {
			out = append(out, p)
			continue
		}
		at := p
		if !filepath.IsAbs(at) {
			at = filepath.Join(r.wd, at)
		}
		rel, ok := r.inside(at)
		if !ok {
			return nil, fmt.Errorf("%s: it lies outside of the repository %s, so that -against %s does not have it; run the command in the repository of those packages", p, r.top, r.name)
		}
		if filepath.IsAbs(p) {
			p = filepath.Join(r.root, rel)
		}
		out = append(out, p)
	}
	return out, nil
}

// explain makes errors about the checked out tree name the revision instead of
// a directory that is gone when they are read.
func (r *revision) explain(err error) error {
	var list parse.Errors
	if !errors.As(err, &list) {
		return fmt.Errorf("%s: %s", r.name, r.rename(err.Error()))
	}
	out := parse.Errors{}
	for _, e := range list {
		if e.Pos.File == "" {
			e.Msg = r.name + ": " + e.Msg
		} else {
			e.Pos.File = r.rename(e.Pos.File)
		}
		out = append(out, parse.Error{Pos: e.Pos, Msg: r.rename(e.Msg)})
	}
	way := fmt.Sprintf("the specs of %s do not load: nothing can be compared with them; choose another revision, or a file that the sessiongen of that time printed with -schema", r.name)
	return append(out, parse.Error{Pos: model.Position{}, Msg: way})
}

// rename replaces the temporary directory in text by the revision, as git
// names a file of it.
func (r *revision) rename(text string) string {
	text = strings.ReplaceAll(text, r.root+string(filepath.Separator), r.name+":")
	return strings.ReplaceAll(text, r.root, r.name)
}

// git runs git in dir and returns what it printed.
func git(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := said(cmd)
	return strings.TrimRight(string(out), "\r\n"), err
}

// said runs a command and returns what it printed. Its error is what the
// command said, in one line.
func said(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		err = fmt.Errorf("%s %s: %s", filepath.Base(cmd.Args[0]), cmd.Args[1], strings.Join(lines, ", "))
	}
	return out, err
}
