package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/sessiongen/sessiongen/internal/parse"
)

// compare lists the files that are not what a run would leave behind, each with
// the change that a run would make, and the command to run.
func (c *command) compare(outputs []output, orphans []parse.Orphan) int {
	n := 0
	report := func(path, state string, old, new []byte) {
		n++
		name := c.rel(path)
		fmt.Fprintf(c.stdout, "%s: %s\n%s", name, state, diff.Diff(name, old, name+" (generated)", new))
	}
	for _, o := range outputs {
		switch {
		case !o.exists:
			report(o.path, "missing", nil, o.content)
		case !o.unchanged():
			report(o.path, "stale", unixLines(o.old), o.content)
		default:
			c.log("unchanged %s", c.rel(o.path))
		}
	}
	for _, o := range orphans {
		old, err := os.ReadFile(o.File)
		if err != nil {
			return c.fail(fmt.Errorf("%s: %w", c.rel(o.File), reason(err)))
		}
		report(o.File, "orphaned: "+c.why(o), unixLines(old), nil)
	}
	if n == 0 {
		return same
	}
	fmt.Fprintf(c.stdout, "%s: run %s\n", files(n), c.remedy())
	return differs
}

// why is the reason why a file is orphaned.
func (c *command) why(o parse.Orphan) string {
	if o.By != "" {
		return "superseded by " + c.rel(o.By)
	}
	if strings.HasSuffix(o.File, "_test.go") {
		return "its package has no spec in such a file"
	}
	return "its package has no spec"
}

func files(n int) string {
	if n == 1 {
		return "1 file differs"
	}
	return fmt.Sprintf("%d files differ", n)
}

// remedy is the command that would write what -check compared with.
func (c *command) remedy() string {
	args := []string{"go", "tool", "sessiongen"}
	if c.output != defaultOutput {
		args = append(args, "-output", c.output)
	}
	if c.tags != "" {
		args = append(args, "-tags", c.tags)
	}
	for _, p := range c.patterns {
		if strings.ContainsAny(p, " '&();") {
			p = `"` + p + `"` // as every shell reads it
		}
		args = append(args, p)
	}
	return strings.Join(args, " ")
}
