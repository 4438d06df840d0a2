package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// compare lists the files that are not what a run would leave behind, each with
// the change that a run would make, and the command to run.
func (c *command) compare(outputs []output, orphans []string) int {
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
	for _, path := range orphans {
		old, err := os.ReadFile(path)
		if err != nil {
			return c.fail(err)
		}
		report(path, "orphaned: its package has no spec", unixLines(old), nil)
	}
	if n == 0 {
		return same
	}
	fmt.Fprintf(c.stdout, "%s: run %s\n", files(n), c.remedy())
	return differs
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
	return strings.Join(append(args, c.patterns...), " ")
}
