package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sessiongen/sessiongen/internal/emit"
	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/internal/parse"
)

// The exit statuses.
const (
	same    = 0
	differs = 1
	trouble = 2
)

// defaultOutput is the base name of the generated files.
const defaultOutput = "session_gen.go"

// command is one run.
type command struct {
	check, schema, verbose, version bool

	output, tags   string
	patterns       []string
	dir            string // working directory: patterns and printed paths are relative to it
	stdout, stderr io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, stderr: stderr}
	if len(args) > 0 && args[0] == "keygen" {
		return c.keygen(args[1:])
	}
	if len(args) > 0 && args[0] == "breaking" {
		return c.breaking(ctx, args[1:])
	}
	if done, code := c.parseFlags(args); done {
		return code
	}
	if c.version {
		fmt.Fprintln(stdout, "sessiongen", version())
		return same
	}
	var err error
	if c.dir, err = os.Getwd(); err != nil {
		return c.fail(err)
	}
	return c.generate(ctx)
}

// generate does what the flags say.
func (c *command) generate(ctx context.Context) int {
	start := time.Now()
	result, err := parse.Load(ctx, parse.Options{Dir: c.dir, Tags: c.tags, Output: c.output, Tests: !c.schema}, c.patterns...)
	if ctx.Err() != nil {
		return c.fail(errInterrupted)
	}
	if err != nil {
		return c.fail(c.meantKeygen(err))
	}
	if len(result.Packages)+len(result.Orphans) == 0 && !c.wild() {
		return c.fail(fmt.Errorf("no //sessiongen:session directive in %s: only what it stands above becomes a session; annotate a struct with it, or name the packages that have one", c.searched()))
	}
	for _, p := range result.Packages {
		c.log("loaded %s: %d spec(s)", p.Path, len(p.Specs))
	}
	if c.schema {
		return c.printSchema(result.Packages)
	}
	outputs, err := c.produce(result.Packages)
	if err != nil {
		return c.fail(err)
	}
	orphans, err := ours(result.Orphans)
	if err != nil {
		return c.fail(err)
	}
	var code int
	if c.check {
		code = c.compare(outputs, orphans)
	} else {
		code = c.write(ctx, outputs, orphans)
	}
	c.log("loading took %v, generating %v", result.Loading.Round(10*time.Microsecond), (time.Since(start) - result.Loading).Round(10*time.Microsecond))
	return code
}

// produce generates the outputs of all packages, and reads what is there now.
func (c *command) produce(packages []*model.Package) ([]output, error) {
	outputs, errs := make([]output, len(packages)), make([]error, len(packages))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range packages {
		group.Go(func() error {
			outputs[i], errs[i] = c.produceOne(p)
			return nil
		})
	}
	group.Wait()
	return outputs, errors.Join(errs...)
}

func (c *command) produceOne(p *model.Package) (o output, err error) {
	o.path = p.Output
	if o.content, err = emit.File(p); err != nil {
		return o, err
	}
	return o, c.readOld(&o)
}

// parseFlags tells whether the run is over, and with which status.
func (c *command) parseFlags(args []string) (done bool, code int) {
	f := flag.NewFlagSet("sessiongen", flag.ContinueOnError)
	f.BoolVar(&c.check, "check", false, "write nothing; list stale, missing and orphaned files with a diff, exit 1 if there is one")
	f.StringVar(&c.output, "output", defaultOutput, "base `name` of the generated files")
	f.BoolVar(&c.schema, "schema", false, "write nothing; print the specs as JSON")
	f.StringVar(&c.tags, "tags", "", "build tags for loading, a comma-separated `list`")
	f.BoolVar(&c.verbose, "v", false, "print what is loaded, written, removed and left unchanged, and how long it took")
	f.BoolVar(&c.version, "version", false, "print the version and exit")
	const usage = "usage: sessiongen [flags] [packages]\n       sessiongen breaking -against revision|file [flags] [packages]\n       sessiongen keygen\n\nThe manual: go doc github.com/sessiongen/sessiongen/cmd/sessiongen\n\nThe flags are:\n"
	if done, code := c.parse(f, args, usage); done {
		return true, code
	}
	if err := checkOutput(c.output); err != nil {
		return true, c.fail(err)
	}
	if c.check && c.schema {
		return true, c.fail(errors.New("-check and -schema both say what to print, and exclude each other; run them one after the other"))
	}
	if c.patterns, code = c.packages(f.Args()); code != same {
		return true, code
	}
	return false, same
}

// packages returns the patterns among the arguments that are left, "." for none.
func (c *command) packages(args []string) (patterns []string, code int) {
	for _, p := range args {
		if strings.HasPrefix(p, "-") {
			return nil, c.fail(fmt.Errorf("%s stands after a package, where it is taken for one more; put the flags first", p))
		}
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	return args, same
}

// checkOutput accepts the name of a file that the go command compiles into the package.
func checkOutput(name string) error {
	switch {
	case strings.ContainsAny(name, `/\`):
		return fmt.Errorf("-output %s: a name with a separator, but every generated file lies beside its spec; give its base name", name)
	case !strings.HasSuffix(name, ".go") || name == ".go":
		return fmt.Errorf("-output %s: not the name of a Go file, which the go command would compile; let it end in .go", name)
	case strings.HasSuffix(name, "_test.go"):
		return fmt.Errorf("-output %s: a test file is not compiled into the package; use a name that does not end in _test.go", name)
	case strings.HasPrefix(name, "_") || strings.HasPrefix(name, "."):
		return fmt.Errorf("-output %s: the go command ignores files whose name begins with %s; use another name", name, name[:1])
	case len(parse.NameTags(name)) > 0:
		return fmt.Errorf("-output %s: the go command compiles a file of this name for %s only, but a generated file takes the build constraint of its spec's file; use a name that does not end in _%s.go",
			name, strings.Join(parse.NameTags(name), " on "), strings.Join(parse.NameTags(name), "_"))
	}
	return nil
}

// wild tells whether the patterns may match packages without a spec.
func (c *command) wild() bool {
	return slices.ContainsFunc(c.patterns, func(p string) bool { return strings.Contains(p, "...") })
}

// searched is where a spec was looked for.
func (c *command) searched() string {
	where := strings.Join(c.patterns, " ")
	if c.schema {
		where += " outside of tests"
	}
	return where
}

// keygen prints a new key.
func (c *command) keygen(args []string) int {
	if len(args) == 1 && slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(c.stdout, "usage: sessiongen keygen\n\nPrints a new key of 256 random bits for runtime.ParseKey.\n")
		return same
	}
	if len(args) > 0 {
		return c.fail(fmt.Errorf("keygen takes no argument, but was given %s; run sessiongen keygen alone", strings.Join(args, " ")))
	}
	// As runtime.GenerateKey does, which would make the command a third larger,
	// and every run of it by "go tool", which looks at all its packages, slower.
	var secret [32]byte
	rand.Read(secret[:]) // never fails, since Go 1.24
	fmt.Fprintln(c.stdout, base64.RawURLEncoding.EncodeToString(secret[:]))
	return same
}

// fail prints every error in err.
func (c *command) fail(err error) int {
	var list parse.Errors
	if !errors.As(err, &list) {
		fmt.Fprintln(c.stderr, "sessiongen:", err)
		return trouble
	}
	for _, e := range list {
		if e.Pos.File == "" {
			fmt.Fprint(c.stderr, "sessiongen: ")
		}
		fmt.Fprintln(c.stderr, e)
	}
	return trouble
}

// log prints what is done, for -v.
func (c *command) log(format string, args ...any) {
	if c.verbose {
		fmt.Fprintf(c.stderr, format+"\n", args...)
	}
}

// rel is path relative to the working directory where that is the shorter
// name. The go command may name files by their real path, so that a working
// directory that is a symbolic link is tried under both names.
func (c *command) rel(path string) string {
	short := path
	real, err := filepath.EvalSymlinks(c.dir)
	if err != nil {
		real = c.dir
	}
	for _, dir := range []string{c.dir, real} {
		if rel, err := filepath.Rel(dir, path); err == nil && len(rel) < len(short) {
			short = rel
		}
	}
	return short
}

// version is the module's version as the go command recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}
