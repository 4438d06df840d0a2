package generator

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// contest is programs whose runs are compared: in every round each runs once,
// so that what else the machine does falls on all of them.
type contest struct {
	name    string
	list    program   // go list of the same packages
	tools   []program // ours, or the peers
	prepare func() error
	dir     string // whose files must stay as they are, "" for none

	lists   []sample
	samples [][]sample // of each tool
	touched int        // runs that changed a file
}

// change has the contest's module changed before each run, which then writes.
func (c *contest) change(f func(dir string) error) {
	dir := c.dir
	c.prepare, c.dir = func() error { return f(dir) }, ""
}

// round runs every program once. Without record nothing is noted: the first
// rounds fill the caches.
func (c *contest) round(ctx context.Context, record bool) error {
	list, err := c.list.start(ctx)
	if err != nil {
		return err
	}
	if c.samples == nil {
		c.samples = make([][]sample, len(c.tools))
	}
	for i, tool := range c.tools {
		if c.prepare != nil {
			if err := c.prepare(); err != nil {
				return err
			}
		}
		before, err := snapshot(c.dir)
		if err != nil {
			return err
		}
		s, err := tool.start(ctx)
		if err != nil {
			return err
		}
		after, err := snapshot(c.dir)
		if err != nil {
			return err
		}
		if record {
			c.samples[i] = append(c.samples[i], s)
			if !before.same(after) {
				c.touched++
			}
		}
	}
	if record {
		c.lists = append(c.lists, list)
	}
	return nil
}

// files is what the file system says about the files of a directory.
type files map[string]os.FileInfo

func snapshot(dir string) (files, error) {
	if dir == "" {
		return nil, nil
	}
	all := files{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		all[path], err = entry.Info()
		return err
	})
	return all, err
}

// same tells whether no file came, went, was written or was replaced, not even
// by one of the same content. A directory counts too: a file that came and went
// changed its time.
func (f files) same(g files) bool {
	for path, a := range f {
		b, ok := g[path]
		if !ok || !os.SameFile(a, b) || !a.ModTime().Equal(b.ModTime()) {
			return false
		}
	}
	return len(f) == len(g)
}

func median[T int64 | time.Duration](list []T) T {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}

func wall(list []sample) time.Duration {
	var all []time.Duration
	for _, s := range list {
		all = append(all, s.wall)
	}
	return median(all)
}

func cpu(list []sample) time.Duration {
	var all []time.Duration
	for _, s := range list {
		all = append(all, s.cpu)
	}
	return median(all)
}

// peak is the greatest of all runs.
func peak(list []sample) (most int64) {
	for _, s := range list {
		most = max(most, s.peak)
	}
	return most
}

var generating = regexp.MustCompile(`(?m)^loading took \S+, generating (\S+)$`)

// own is the generator's own time, after loading, as its flag -v prints it.
func own(list []sample) (time.Duration, error) {
	var all []time.Duration
	for _, s := range list {
		m := generating.FindSubmatch(s.said)
		if m == nil {
			return 0, fmt.Errorf("sessiongen -v prints no times: %s", s.said)
		}
		d, err := time.ParseDuration(string(m[1]))
		if err != nil {
			return 0, err
		}
		all = append(all, d)
	}
	return median(all), nil
}
