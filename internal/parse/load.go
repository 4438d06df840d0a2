package parse

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"

	"github.com/sessiongen/sessiongen/internal/model"
)

// Options of a load.
type Options struct {
	Dir    string   // working directory for patterns; "" is the process's
	Tags   string   // build tags, comma separated
	Output string   // base name of the output file, "session_gen.go" by default
	Env    []string // environment of the go command; nil is the process's
}

// Result is what a load found.
type Result struct {
	Packages []*model.Package // with at least one spec, sorted by import path
	Orphans  []Orphan         // our output files in loaded packages that are no output any more, sorted by name
	Loading  time.Duration    // how much of the time went to the go command and the type checker
}

// Orphan is a file that an earlier run wrote, and that this one would not.
type Orphan struct {
	File string
	By   string // the output that took its place, "" if the package has no spec any more
}

// DefaultOutput is the base name of the output where the options name none.
const DefaultOutput = "session_gen.go"

// Load reads the packages that the patterns name. Its error is of type Errors,
// and holds everything that is wrong in all packages, or a plain error if the
// go command could not be asked at all.
func Load(ctx context.Context, opts Options, patterns ...string) (*Result, error) {
	if opts.Output == "" {
		opts.Output = DefaultOutput
	}
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	l := &loader{ctx: ctx, opts: opts}
	if !direct(patterns) {
		hits, err := l.search(patterns)
		if err != nil {
			return nil, err
		}
		patterns = hits
	}
	if len(patterns) > 0 {
		if err := l.read(patterns); err != nil {
			return nil, err
		}
	}
	if len(l.errs) > 0 {
		return nil, l.errs.sorted()
	}
	slices.SortFunc(l.result.Packages, func(a, b *model.Package) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(l.result.Orphans, func(a, b Orphan) int { return strings.Compare(a.File, b.File) })
	return &l.result, nil
}

type loader struct {
	ctx    context.Context
	opts   Options
	result Result
	errs   Errors
}

// direct tells whether the typed load can be asked for at once: of a single
// directory, nearly always one with a spec, or of files, which have no import path.
func direct(patterns []string) bool {
	if strings.HasSuffix(patterns[0], ".go") {
		return true
	}
	one := patterns[0]
	return len(patterns) == 1 && !strings.Contains(one, "...") && (one == "." || strings.HasPrefix(one, "./") || strings.HasPrefix(one, "../") || filepath.IsAbs(one))
}

func (l *loader) config(mode packages.LoadMode) *packages.Config {
	cfg := &packages.Config{Context: l.ctx, Mode: mode, Dir: l.opts.Dir, Env: l.opts.Env}
	if l.opts.Tags != "" {
		cfg.BuildFlags = []string{"-tags=" + l.opts.Tags}
	}
	return cfg
}

// search asks only for names and files, and returns the import paths of the
// packages that may hold a spec.
func (l *loader) search(patterns []string) ([]string, error) {
	pkgs, err := l.load(l.config(packages.NeedName|packages.NeedFiles|packages.NeedModule), patterns)
	if err != nil {
		return nil, err
	}
	found, err := scan(l.ctx, pkgs)
	if err != nil {
		return nil, err
	}
	var hits []string
	for i, pkg := range pkgs {
		l.errs = append(l.errs, testDirectives(found[i].tests)...)
		if found[i].hit {
			hits = append(hits, pkg.PkgPath)
		} else {
			l.orphans(found[i], "")
		}
	}
	return hits, nil
}

// read type-checks packages and builds their models. Dependencies come from
// export data: an overlay or NeedDeps would type-check all of them from source.
func (l *loader) read(patterns []string) error {
	cfg := l.config(packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedModule)
	cfg.ParseFile = blanker{l.opts.Output}.parseFile
	pkgs, err := l.load(cfg, patterns)
	if err != nil {
		return err
	}
	for _, pkg := range pkgs {
		model, errs := build(pkg, l.opts.Output)
		l.errs = append(l.errs, errs...)
		found := scanPackage(pkg)
		l.errs = append(l.errs, testDirectives(found.tests)...)
		if model != nil {
			l.result.Packages = append(l.result.Packages, model)
			l.orphans(found, model.Output)
		} else {
			l.orphans(found, "")
		}
	}
	return nil
}

// orphans notes the files of a package that are ours but not its output, "" for none.
func (l *loader) orphans(found scanned, output string) {
	for _, file := range found.outputs {
		if file != output {
			l.result.Orphans = append(l.result.Orphans, Orphan{file, output})
		}
	}
}

// load asks the go command, and notes what it says about patterns that name nothing.
func (l *loader) load(cfg *packages.Config, patterns []string) ([]*packages.Package, error) {
	start := time.Now()
	pkgs, err := packages.Load(cfg, patterns...)
	l.result.Loading += time.Since(start)
	if err != nil {
		if l.ctx.Err() != nil {
			return nil, l.ctx.Err()
		}
		msg := err.Error()
		if _, said, ok := strings.Cut(msg, "stderr: "); ok {
			msg = said
		}
		return nil, fmt.Errorf("loading %s: %s", strings.Join(patterns, " "), strings.Join(strings.Fields(msg), " "))
	}
	if len(pkgs) == 0 {
		l.errs = append(l.errs, Error{Msg: fmt.Sprintf("%s: no packages match; give a directory, such as ./shop, or ./...", strings.Join(patterns, " "))})
	}
	var out []*packages.Package
	for _, pkg := range pkgs {
		if len(pkg.GoFiles) > 0 {
			out = append(out, pkg)
			continue
		}
		for _, err := range pkg.Errors {
			if strings.HasPrefix(err.Msg, "# ") {
				continue // the compiler's complaints about a package that we read ourselves
			}
			l.errs = append(l.errs, Error{parsePosition(err.Pos), firstLine(err.Msg)})
		}
		l.errs = append(l.errs, testDirectives(scanPackage(pkg).tests)...)
	}
	return out, nil
}
