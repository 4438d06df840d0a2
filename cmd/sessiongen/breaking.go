package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/sessiongen/sessiongen/internal/parse"
	"github.com/sessiongen/sessiongen/internal/schema"
)

// breaking is one run of the subcommand: what it compares with, and how it prints.
type breaking struct {
	*command
	against string
	json    bool
}

// breaking compares the specs with those of another version.
func (c *command) breaking(ctx context.Context, args []string) int {
	b := &breaking{command: c}
	if done, code := b.parseFlags(args); done {
		return code
	}
	var err error
	if c.dir, err = os.Getwd(); err != nil {
		return c.fail(err)
	}
	// A temporary directory is to go, whoever ends the run.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	old, new, err := b.load(ctx)
	if ctx.Err() != nil {
		return c.fail(errInterrupted)
	}
	if err != nil {
		return c.fail(err)
	}
	return b.print(schema.Compare(old, new))
}

func (b *breaking) parseFlags(args []string) (done bool, code int) {
	f := flag.NewFlagSet("sessiongen breaking", flag.ContinueOnError)
	f.StringVar(&b.against, "against", "", "the `version` to compare with: a git revision, or a file that -schema printed")
	f.BoolVar(&b.json, "json", false, "print the changes as JSON")
	f.StringVar(&b.output, "output", defaultOutput, "base `name` of the generated files")
	f.StringVar(&b.tags, "tags", "", "build tags for loading, a comma-separated `list`")
	const usage = "usage: sessiongen breaking -against revision|file [flags] [packages]\n\nThe flags are:\n"
	if done, code := b.parse(f, args, usage); done {
		return true, code
	}
	if b.against == "" {
		return true, b.fail(errors.New("-against is missing: breaking compares with another version; name a git revision, such as -against main, or a file that sessiongen -schema printed"))
	}
	if err := checkOutput(b.output); err != nil {
		return true, b.fail(err)
	}
	if b.patterns, code = b.packages(f.Args()); code != same {
		return true, code
	}
	return false, same
}

// load reads both versions.
func (b *breaking) load(ctx context.Context) (old, new *schema.Schema, err error) {
	options := parse.Options{Dir: b.dir, Tags: b.tags, Output: b.output}
	if info, err := os.Stat(b.against); err == nil && !info.IsDir() {
		text, err := os.ReadFile(b.against)
		if err != nil {
			return nil, nil, err
		}
		if old, err = schema.Read(text); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", b.against, err)
		}
		now := existing(ctx, options, b.patterns)
		for _, p := range b.patterns {
			if !slices.Contains(now, p) && !knows(old, p) {
				now = append(now, p) // let the go command say that there is no such package
			}
		}
		new, err = b.describe(ctx, options, now)
		return old, new, err
	}
	r, err := openRevision(ctx, b.dir, b.against)
	if err != nil {
		return nil, nil, err
	}
	defer r.close()
	then, err := r.patterns(b.patterns)
	if err != nil {
		return nil, nil, err
	}
	// A package that only one of the versions has is no error.
	now := existing(ctx, options, b.patterns)
	optionsThen := options
	optionsThen.Dir, optionsThen.Env = r.dir, r.env
	if then = existing(ctx, optionsThen, then); r.missing {
		then = nil
	}
	if len(then) == 0 && len(now) == 0 {
		now = b.patterns // let the go command say what is wrong
	}
	if new, err = b.describe(ctx, options, now); err != nil {
		return nil, nil, err
	}
	if old, err = b.describe(ctx, optionsThen, then); err != nil {
		return nil, nil, r.explain(err)
	}
	if len(old.Sessions)+len(new.Sessions) == 0 {
		return nil, nil, fmt.Errorf("no //sessiongen:session directive in %s, neither now nor in %s: there is nothing to compare; name the packages that have one", strings.Join(b.patterns, " "), b.against)
	}
	return old, new, nil
}

// describe loads the packages and describes their specs.
func (b *breaking) describe(ctx context.Context, options parse.Options, patterns []string) (*schema.Schema, error) {
	if len(patterns) == 0 {
		return schema.Of(nil), nil
	}
	result, err := parse.Load(ctx, options, patterns...)
	if err != nil {
		return nil, err
	}
	return schema.Of(result.Packages), nil
}

// existing returns those of the patterns that name a package where options
// load from. One that the go command can't answer is kept, so that its loading
// says why.
func existing(ctx context.Context, options parse.Options, patterns []string) []string {
	const files = "{{if or .GoFiles .CgoFiles .IgnoredGoFiles .TestGoFiles .XTestGoFiles}}x{{end}}"
	return slices.DeleteFunc(slices.Clone(patterns), func(p string) bool {
		cmd := exec.CommandContext(ctx, "go", "list", "-e", "-find", "-tags="+options.Tags, "-f", files, "--", p)
		cmd.Dir, cmd.Env = options.Dir, options.Env
		out, err := cmd.Output()
		return err == nil && len(bytes.TrimSpace(out)) == 0
	})
}

// knows tells whether a schema may have the package of a directory that is gone.
func knows(s *schema.Schema, dir string) bool {
	return slices.ContainsFunc(s.Sessions, func(s schema.Session) bool { return path.Base(s.Package) == filepath.Base(dir) })
}

// directory tells whether a pattern names directories, and not import paths.
func directory(pattern string) bool {
	return pattern == "." || pattern == ".." || strings.HasPrefix(pattern, "./") || strings.HasPrefix(pattern, "../") || filepath.IsAbs(pattern)
}

// changeJSON is a change as -json prints it.
type changeJSON struct {
	Rule      string `json:"rule"`
	Class     string `json:"class"`
	OnPurpose bool   `json:"on_purpose,omitempty"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Col       int    `json:"col,omitempty"`
	Package   string `json:"package"`
	Type      string `json:"type"`
	Field     string `json:"field,omitempty"`
	Message   string `json:"message"`
}

// print lists the changes and returns the exit status.
func (b *breaking) print(changes []schema.Change) int {
	code := same
	list := struct {
		Changes []changeJSON `json:"changes"`
	}{[]changeJSON{}}
	for _, c := range changes {
		if c.Breaks() {
			code = differs
		}
		j := changeJSON{Rule: c.ID, Class: string(c.Class), OnPurpose: c.OnPurpose, Package: c.Package, Type: c.Type, Field: c.Field, Message: c.Message}
		if c.Pos.File != "" {
			j.File, j.Line, j.Col = b.rel(c.Pos.File), c.Pos.Line, c.Pos.Col
		}
		list.Changes = append(list.Changes, j)
		if !b.json {
			fmt.Fprintln(b.stdout, j)
		}
	}
	if b.json {
		enc := json.NewEncoder(b.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "\t")
		if err := enc.Encode(list); err != nil {
			return b.fail(err)
		}
	}
	return code
}

// String is the line that is printed for a change.
func (c changeJSON) String() string {
	at, what, class := c.Package, c.Type, c.Class
	if c.File != "" {
		at = fmt.Sprintf("%s:%d:%d", c.File, c.Line, c.Col)
	}
	if c.Field != "" {
		what += "." + c.Field
	}
	if c.OnPurpose {
		class += " on purpose"
	}
	return fmt.Sprintf("%s: %s: %s: %s [%s]", at, class, what, c.Message, c.Rule)
}
