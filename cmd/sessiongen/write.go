package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sessiongen/sessiongen/internal/emit"
	"github.com/sessiongen/sessiongen/internal/parse"
)

// write brings the files up to date. All new content is on disk beside its
// destination before the first file is replaced, and each is replaced at once,
// so that an editor or a second run sees the old file or the new one.
func (c *command) write(outputs []output, orphans []parse.Orphan) int {
	var pending []replacement
	defer func() {
		for _, r := range pending {
			os.Remove(r.temp)
		}
	}()
	for _, o := range outputs {
		if o.unchanged() {
			c.log("unchanged %s", c.rel(o.path))
			continue
		}
		r, err := prepare(o)
		if err != nil {
			return c.fail(err)
		}
		pending = append(pending, r)
	}
	for len(pending) > 0 {
		r := pending[0]
		if err := os.Rename(r.temp, r.path); err != nil {
			return c.fail(fmt.Errorf("%s: %w", c.rel(r.path), err))
		}
		c.log("wrote %s", c.rel(r.path))
		pending = pending[1:]
	}
	for _, o := range orphans {
		if err := os.Remove(o.File); err != nil {
			return c.fail(err)
		}
		// Always printed: the file is one that somebody committed.
		fmt.Fprintf(c.stderr, "removed %s: %s\n", c.rel(o.File), c.why(o))
	}
	return same
}

// replacement is a file that waits to be renamed.
type replacement struct{ temp, path string }

// prepare writes o's content to a file beside its destination. Its name does
// not end in .go, so that the go command never sees it.
func prepare(o output) (r replacement, err error) {
	r.path = o.path
	mode := os.FileMode(0o644)
	if o.exists {
		if target, err := filepath.EvalSymlinks(o.path); err == nil {
			r.path = target // a link is to stay one
		}
		if info, err := os.Stat(r.path); err == nil {
			mode = info.Mode().Perm()
		}
	}
	f, err := os.CreateTemp(filepath.Dir(r.path), "."+filepath.Base(r.path)+".*.tmp")
	if err != nil {
		return r, err
	}
	r.temp = f.Name()
	_, err = f.Write(o.content)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err != nil {
		os.Remove(r.temp)
	}
	return r, err
}

// ours returns those of the orphans whose file is sessiongen's by its first
// line; no other file is ever removed.
func ours(orphans []parse.Orphan) ([]parse.Orphan, error) {
	var list []parse.Orphan
	for _, o := range orphans {
		content, err := os.ReadFile(o.File)
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
