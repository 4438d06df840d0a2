package parse

import (
	"cmp"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// locals are what generated functions call their receivers and the parameters
// of functions inside them; an import of such a name would be hidden where a
// type is spelled.
var locals = set("b f i m r s v")

// spell has dst set to t as the output spells it, once the names of the
// imports are chosen. It returns false if the output can't name the type.
func (b *builder) spell(w where, t types.Type, dst *string) bool {
	if alias, ok := t.(*types.Alias); ok && !b.canName(alias.Obj()) {
		t = types.Unalias(t)
	}
	ok := true
	mentions(t, func(obj *types.TypeName) {
		if ok && !b.canName(obj) {
			ok = false
			b.typeError(w, t, "%s", b.whyNotNamed(w, obj))
		}
	})
	if !ok {
		return false
	}
	types.TypeString(t, func(p *types.Package) string {
		if p != b.pkg.Types {
			b.mentioned[p.Path()] = p
		}
		return ""
	})
	b.later(func() { *dst = types.TypeString(t, b.qualify) })
	return true
}

func (b *builder) qualify(p *types.Package) string {
	if p == b.pkg.Types {
		return ""
	}
	return b.names[p.Path()]
}

// nameable tells whether the output can spell t.
func (b *builder) nameable(t types.Type) bool {
	ok := true
	mentions(t, func(obj *types.TypeName) { ok = ok && b.canName(obj) })
	return ok
}

// canName tells whether the output can refer to a declared type.
func (b *builder) canName(obj *types.TypeName) bool {
	p := obj.Pkg()
	return p == nil || p == b.pkg.Types || obj.Exported() && b.canImport(p.Path())
}

// canImport is the go command's rule for internal packages.
func (b *builder) canImport(importPath string) bool {
	parent, _, ok := strings.Cut("/"+importPath+"/", "/internal/")
	from := cmp.Or(b.pkg.ForTest, b.pkg.PkgPath) // a test may import what its package may
	return !ok || strings.HasPrefix("/"+from+"/", parent+"/")
}

func (b *builder) whyNotNamed(w where, obj *types.TypeName) string {
	if !obj.Exported() {
		return obj.Name() + " is not exported by package " + obj.Pkg().Path() + ", so that generated code can't name it; " + b.instead(w, "use an exported type")
	}
	return "generated code can't import the internal package " + obj.Pkg().Path() + "; " + b.instead(w, "use a type of another package")
}

// mentions calls f for every declared type that the spelling of t holds.
func mentions(t types.Type, f func(*types.TypeName)) {
	all := func(list *types.TypeList) {
		for t := range list.Types() {
			mentions(t, f)
		}
	}
	switch t := t.(type) {
	case *types.Alias:
		f(t.Obj())
		all(t.TypeArgs())
	case *types.Named:
		f(t.Obj())
		all(t.TypeArgs())
	case *types.Pointer:
		mentions(t.Elem(), f)
	case *types.Slice:
		mentions(t.Elem(), f)
	case *types.Array:
		mentions(t.Elem(), f)
	case *types.Chan:
		mentions(t.Elem(), f)
	case *types.Map:
		mentions(t.Key(), f)
		mentions(t.Elem(), f)
	case *types.Struct:
		for v := range t.Fields() {
			mentions(v.Type(), f)
		}
	case *types.Signature:
		for v := range t.Params().Variables() {
			mentions(v.Type(), f)
		}
		for v := range t.Results().Variables() {
			mentions(v.Type(), f)
		}
	}
}

// chooseImports gives every package an identifier: its own name, or that with
// a number where the name means something else in the output. The standard
// packages that generated code itself uses come first, the rest by path, so
// that the result does not depend on the order of fields.
func (b *builder) chooseImports() {
	used := map[string]bool{model.RuntimeName: true}
	b.names = map[string]string{model.RuntimePath: model.RuntimeName}
	own := map[string]string{model.RuntimePath: "runtime"} // the packages' own names
	choose := func(importPath, name string) string {
		own[importPath] = name
		b.names[importPath] = uniqueNames(func(name string) bool {
			_, declared := b.inPackage(name)
			return declared || used[name] || locals[name] || name == "init" || token.IsKeyword(name) || types.Universe.Lookup(name) != nil || b.declares[name] != ""
		}, func(number string) []string { return []string{name + number} })[0]
		used[b.names[importPath]] = true
		return b.names[importPath]
	}
	b.out.Std = model.Std{
		Context: choose("context", "context"), Fmt: choose("fmt", "fmt"), Iter: choose("iter", "iter"),
		Slog: choose("log/slog", "slog"), Time: choose("time", "time"),
	}
	for _, importPath := range slices.Sorted(maps.Keys(b.mentioned)) {
		if b.names[importPath] == "" {
			choose(importPath, b.mentioned[importPath].Name())
		}
	}
	need := b.neededStd()
	for importPath := range b.mentioned {
		need[importPath] = true
	}
	for _, importPath := range slices.Sorted(maps.Keys(need)) {
		name := b.names[importPath]
		b.out.Imports = append(b.out.Imports, model.Import{Path: importPath, Name: name, Alias: name != path.Base(importPath)})
	}
}

// neededStd are the packages that the output needs whatever the types are.
func (b *builder) neededStd() map[string]bool {
	need := map[string]bool{model.RuntimePath: true, "fmt": true, "iter": true, "log/slog": true}
	for _, spec := range b.out.Specs {
		for _, f := range spec.Fields {
			if f.Index || f.Principal || f.Flash {
				need["context"] = true
			}
			if f.TTL > 0 {
				need["time"] = true
			}
		}
	}
	return need
}
