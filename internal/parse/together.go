package parse

import (
	"go/build/constraint"
	"maps"
	"slices"
)

// together tells whether some build takes files with both constraints. In doubt
// it says yes: then a name is taken that was free.
func together(a, b string) bool {
	if a == "" && b == "" {
		return true
	}
	var both []constraint.Expr
	names := map[string]bool{}
	for _, text := range []string{a, b} {
		if text == "" {
			continue
		}
		x, err := constraint.Parse("//go:build " + text)
		if err != nil {
			return true
		}
		both = append(both, x)
		tagsOf(x, names)
	}
	tags := slices.Sorted(maps.Keys(names))
	if len(tags) > 10 {
		return true
	}
	for bits := range 1 << len(tags) {
		on := map[string]bool{}
		for i, tag := range tags {
			on[tag] = bits&(1<<i) != 0
		}
		out := func(x constraint.Expr) bool { return !x.Eval(func(tag string) bool { return on[tag] }) }
		if oneSystem(on) && !slices.ContainsFunc(both, out) {
			return true
		}
	}
	return false
}

func tagsOf(x constraint.Expr, tags map[string]bool) {
	switch x := x.(type) {
	case *constraint.TagExpr:
		tags[x.Tag] = true
	case *constraint.NotExpr:
		tagsOf(x.X, tags)
	case *constraint.AndExpr:
		tagsOf(x.X, tags)
		tagsOf(x.Y, tags)
	case *constraint.OrExpr:
		tagsOf(x.X, tags)
		tagsOf(x.Y, tags)
	}
}

// implied are systems that count as another one too.
var implied = map[string]string{"android": "linux", "illumos": "solaris", "ios": "darwin"}

var unixOS = set("aix android darwin dragonfly freebsd hurd illumos ios linux netbsd openbsd solaris")

// oneSystem tells whether the tags that are on can be on at once. The tag
// ignore is for files that are in no package.
func oneSystem(on map[string]bool) bool {
	system, arch := "", ""
	for _, tag := range slices.Sorted(maps.Keys(on)) { // android before linux, and so on
		switch {
		case !on[tag]:
		case knownOS[tag]:
			if system != "" && implied[system] != tag {
				return false
			}
			if system == "" {
				system = tag
			}
		case knownArch[tag]:
			if arch != "" {
				return false
			}
			arch = tag
		}
	}
	unix, said := on["unix"]
	return !on["ignore"] && !(said && system != "" && unix != unixOS[system])
}
