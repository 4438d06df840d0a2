package parse

import (
	"cmp"
	"context"
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
	Tests  bool     // also the specs in _test.go files; without it these files are not read
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
	hits, err := l.hits(patterns)
	if err != nil {
		return nil, err
	}
	for tests, patterns := range hits {
		if len(patterns) > 0 {
			if err := l.read(patterns, tests == 1); err != nil {
				return nil, err
			}
		}
	}
	if len(l.errs) > 0 {
		return nil, l.errs.sorted()
	}
	slices.SortFunc(l.result.Packages, func(a, b *model.Package) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Output, b.Output))
	})
	slices.SortFunc(l.result.Orphans, func(a, b Orphan) int { return strings.Compare(a.File, b.File) })
	l.result.Orphans = slices.DeleteFunc(l.result.Orphans, func(o Orphan) bool {
		return slices.ContainsFunc(l.result.Packages, func(p *model.Package) bool { return p.Output == o.File })
	})
	return &l.result, nil
}

type loader struct {
	ctx    context.Context
	opts   Options
	result Result
	errs   Errors
}

// hits returns what is to be type-checked: without tests, and with them. The
// second costs several times the first, so that it is only for packages where a
// test file may hold a spec, or an output that is left over.
func (l *loader) hits(patterns []string) (hits [2][]string, err error) {
	if !direct(patterns) {
		return l.search(patterns)
	}
	tests := 0
	if l.opts.Tests && l.directTests(patterns) {
		tests = 1
	}
	hits[tests] = patterns
	return hits, nil
}

// directTests tells whether what direct patterns name has tests to be loaded.
func (l *loader) directTests(patterns []string) bool {
	if strings.HasSuffix(patterns[0], ".go") {
		return slices.ContainsFunc(patterns, func(p string) bool { return strings.HasSuffix(p, testSuffix) })
	}
	dir := patterns[0]
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(l.opts.Dir, dir)
	}
	return testsCount(dir)
}

// direct tells whether the typed load can be asked for at once: of a single
// directory, nearly always one with a spec, or of files, which have no import path.
func direct(patterns []string) bool {
	if strings.HasSuffix(patterns[0], ".go") {
		return true
	}
	one := filepath.ToSlash(patterns[0])
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
func (l *loader) search(patterns []string) (hits [2][]string, err error) {
	pkgs, err := l.load(l.config(packages.NeedName|packages.NeedFiles|packages.NeedModule), patterns)
	if err != nil {
		return hits, err
	}
	found, err := scan(l.ctx, pkgs, l.opts.Tests)
	if err != nil {
		return hits, err
	}
	for i, pkg := range pkgs {
		switch {
		case found[i].tests:
			hits[1] = append(hits[1], pkg.PkgPath)
		case found[i].hit:
			hits[0] = append(hits[0], pkg.PkgPath)
		default:
			l.orphans(found[i], "")
		}
	}
	return hits, nil
}

// read type-checks packages and builds their models. Dependencies come from
// export data: an overlay or NeedDeps would type-check all of them from source.
func (l *loader) read(patterns []string, tests bool) error {
	cfg := l.config(packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedModule | packages.NeedForTest)
	blank := &blanker{output: l.opts.Output}
	cfg.ParseFile, cfg.Tests = blank.parseFile, tests
	pkgs, err := l.load(cfg, patterns)
	if err != nil {
		return err
	}
	if blank.renamed = renamed(pkgs, blank); blank.renamed != nil {
		if pkgs, err = l.load(cfg, patterns); err != nil {
			return err
		}
	}
	declared := map[string]map[string]string{} // by a package's outputs, so that each has names of its own
	for _, pkg := range units(pkgs) {
		if len(pkg.GoFiles) == 0 {
			continue
		}
		if declared[pkg.PkgPath] == nil {
			declared[pkg.PkgPath] = map[string]string{}
		}
		model, errs := build(pkg, blank, declared[pkg.PkgPath])
		l.errs = append(l.errs, errs...)
		output := ""
		if model != nil {
			l.result.Packages = append(l.result.Packages, model)
			output = model.Output
		}
		l.orphans(scanUnit(pkg), output)
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
		return nil, l.asked(err, patterns)
	}
	l.errs = append(l.errs, l.unnamed(pkgs, patterns)...)
	return pkgs, nil
}
