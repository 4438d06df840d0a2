package parse

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// unit says which files of a directory become one package clause, and so one
// output. What tests declare is compiled with tests only, and so is what is
// generated for it.
type unit int

const (
	compiled unit = iota // the files that are not for tests
	inside               // _test.go files of the package itself
	outside              // _test.go files of the package whose name ends in _test
)

func unitOf(pkg *packages.Package) unit {
	switch {
	case pkg.ForTest == "":
		return compiled
	case strings.HasSuffix(pkg.PkgPath, "_test") && pkg.PkgPath != pkg.ForTest:
		return outside
	}
	return inside
}

// holds tells whether a file of the unit's load is one of its own: a package is
// loaded together with the tests inside it.
func (u unit) holds(file string) bool {
	return strings.HasSuffix(file, testSuffix) == (u != compiled)
}

// output is the base name of the unit's output, given that of a package. It
// does not depend on which other units have a spec.
func (u unit) output(name string) string {
	switch u {
	case inside:
		return strings.TrimSuffix(name, ".go") + testSuffix
	case outside:
		return strings.TrimSuffix(name, ".go") + "_x" + testSuffix
	}
	return name
}

const testSuffix = "_test.go"

// units returns the packages of a load in the order in which their outputs get
// their names: what is compiled into a package before its tests. The programs
// that the go command makes to run tests are left out.
func units(pkgs []*packages.Package) []*packages.Package {
	programs := map[string]bool{}
	for _, pkg := range pkgs {
		if pkg.ForTest != "" {
			programs[pkg.ForTest+".test"] = true
		}
	}
	out := slices.DeleteFunc(slices.Clone(pkgs), func(pkg *packages.Package) bool {
		return programs[pkg.ID] && pkg.Name == "main"
	})
	slices.SortStableFunc(out, func(a, b *packages.Package) int { return cmp.Compare(unitOf(a), unitOf(b)) })
	return out
}
