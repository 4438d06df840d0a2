package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sessiongen/sessiongen/internal/emit"
	"github.com/sessiongen/sessiongen/internal/parse"
)

// output is one generated file.
type output struct {
	path    string
	content []byte
	old     []byte // what is there now
	exists  bool
}

// unchanged tells whether what is there is what would be written, but for line
// ends: a checkout on Windows makes its own.
func (o output) unchanged() bool {
	return o.exists && bytes.Equal(unixLines(o.old), o.content)
}

func unixLines(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }

// readOld notes what is in the place of the output.
func (c *command) readOld(o *output) error {
	var err error
	switch o.old, err = os.ReadFile(o.path); {
	case err == nil:
		o.exists = true
	case !errors.Is(err, fs.ErrNotExist):
		return c.unwritable(o.path, err)
	default:
		if target, err := os.Readlink(o.path); err == nil {
			return fmt.Errorf("%s: a symbolic link to %s, which is not there, and an output that is a link is written to its target; remove the link, or make the target", c.rel(o.path), target)
		}
	}
	return nil
}

// write brings the files up to date. All new content is on disk beside its
// destination before the first file is replaced, and each is replaced at once,
// so that an editor or a second run sees the old file or the new one. A run
// that is stopped between two files leaves the rest to the next.
func (c *command) write(ctx context.Context, outputs []output, orphans []parse.Orphan) int {
	var pending []*replacement
	defer func() {
		for _, r := range pending {
			os.Remove(r.temp)
		}
	}()
	for _, o := range outputs {
		sweep(o.path)
		if o.unchanged() {
			c.log("unchanged %s", c.rel(o.path))
			continue
		}
		r := &replacement{output: o}
		if err := r.prepare(); err != nil {
			return c.fail(c.unwritable(o.path, err))
		}
		pending = append(pending, r)
	}
	if ctx.Err() != nil {
		return c.fail(errInterrupted)
	}
	for len(pending) > 0 {
		r := pending[0]
		if err := r.commit(); err != nil {
			return c.fail(c.unwritable(r.path, err))
		}
		c.log("wrote %s", c.rel(r.path))
		pending = pending[1:]
	}
	for _, o := range orphans {
		sweep(o.File)
		switch err := os.Remove(o.File); {
		case errors.Is(err, fs.ErrNotExist): // another run was faster
		case err != nil:
			return c.fail(fmt.Errorf("%s: %s, but it can't be removed: %w; remove it by hand", c.rel(o.File), c.why(o), reason(err)))
		default:
			// Always printed: the file is one that somebody committed.
			fmt.Fprintf(c.stderr, "removed %s: %s\n", c.rel(o.File), c.why(o))
		}
	}
	return same
}

var errInterrupted = errors.New("interrupted: nothing was written; run it again")

// unwritable is the error of a file that can't be written, without the names of
// files that its reader never heard of.
func (c *command) unwritable(path string, err error) error {
	return fmt.Errorf("%s: the generated code can't be written there: %w; correct that and run it again", c.rel(path), reason(err))
}

func reason(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	if link := (*os.LinkError)(nil); errors.As(err, &link) {
		return link.Err
	}
	return err
}

// ours returns those of the orphans whose file is sessiongen's by its first
// line; no other file is ever removed.
func ours(orphans []parse.Orphan) ([]parse.Orphan, error) {
	var list []parse.Orphan
	for _, o := range orphans {
		content, err := os.ReadFile(o.File)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another run was faster
		}
		if err != nil {
			return nil, err
		}
		first, _, _ := bytes.Cut(content, []byte("\n"))
		if string(bytes.TrimRight(first, "\r")) == emit.Header {
			list = append(list, o)
		}
	}
	return list, nil
}

// replacement is an output that waits beside its destination.
type replacement struct {
	output
	target string // path, or what it links to
	temp   string
}

// prepare writes the content to a file in the destination's directory, with
// the mode of the file that is there.
func (r *replacement) prepare() error {
	r.target = r.path
	mode := os.FileMode(0)
	if r.exists {
		if target, err := filepath.EvalSymlinks(r.path); err == nil {
			r.target = target // a link is to stay one
		}
		if info, err := os.Stat(r.target); err == nil {
			mode = info.Mode().Perm()
		}
	}
	f, err := createTemp(r.target)
	if err != nil {
		return err
	}
	_, err = f.Write(r.content)
	if mode != 0 {
		err = errors.Join(err, f.Chmod(mode))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	r.temp = f.Name()
	return nil
}

// commit puts the new file in the place of the old one.
func (r *replacement) commit() error {
	err := os.Rename(r.temp, r.target)
	if errors.Is(err, fs.ErrNotExist) {
		// Somebody cleaned up, such as a run in a container that shares the
		// directory but not the processes.
		if err = r.prepare(); err == nil {
			err = os.Rename(r.temp, r.target)
		}
	}
	return err
}
