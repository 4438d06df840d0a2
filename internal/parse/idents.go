package parse

import (
	"fmt"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/sessiongen/sessiongen/internal/model"
)

// chooseNames chooses every identifier of the output: first what users see,
// where a clash is an error, then helpers, which give way.
func (b *builder) chooseNames() {
	b.findHidden()
	b.checkScope()
	for _, s := range b.specs {
		for _, name := range []string{s.spec.Name, s.spec.Manager, s.spec.New} {
			if !b.declare(s, name) {
				break // another name resolves the rest too
			}
		}
	}
	for _, s := range b.specs {
		stem := lowerCamel(s.spec.Name)
		s.spec.BagIdent = b.helper(stem + "Bag")
		s.spec.FieldsIdent = b.helper(stem + "Fields")
		s.spec.SpecIdent = b.helper(stem + "Spec")
	}
	b.nameCodecs()
	b.chooseImports()
	for _, s := range b.specs {
		for _, f := range s.spec.Fields {
			f.Param = b.param(f.GoName)
		}
	}
}

// declare claims a package-level name that users see.
func (b *builder) declare(s *specBuilder, name string) bool {
	if name == s.spec.GoName && name == s.spec.Name {
		return false // reported by chooseName
	}
	other, ok := b.declares[name]
	where := b.declaredAt(name)
	switch {
	case ok:
		b.errorAt(s.decl.pos, "spec %s makes %s, which is also made from %s; write %s Name with another name", s.spec.GoName, name, other, wantDirective)
	case where != "":
		b.errorAt(s.decl.pos, "spec %s makes %s, which %s; rename that, or write %s Name with another name", s.spec.GoName, name, where, wantDirective)
	default:
		b.declares[name] = "spec " + s.spec.GoName
		return true
	}
	return false
}

// declaredAt says where a name is declared in the package's scope, or, since
// Go wants them to differ, among the imports of one of its files; "" for nowhere.
func (b *builder) declaredAt(name string) string {
	if pos, ok := b.inPackage(name); ok {
		return "is declared at " + base(pos)
	}
	if h, ok := b.hidden[name]; ok {
		return "is imported at " + base(h.pos)
	}
	for _, file := range b.pkg.Syntax {
		scope := b.pkg.TypesInfo.Scopes[file]
		if scope == nil {
			continue
		}
		switch obj := scope.Lookup(name).(type) {
		case nil:
		case *types.PkgName:
			return "is imported at " + base(b.position(obj.Pos()))
		default:
			return filepath.Base(b.position(file.Package).File) + " imports from " + obj.Pkg().Path()
		}
	}
	return ""
}

// taken tells whether a helper can't have the name.
func (b *builder) taken(name string) bool {
	return b.declares[name] != "" || token.IsKeyword(name) || types.Universe.Lookup(name) != nil ||
		name == model.RuntimeName || b.declaredAt(name) != ""
}

// helper claims a free package-level name: the one given, or with a number.
func (b *builder) helper(name string) string {
	name = uniqueNames(b.taken, func(number string) []string { return []string{name + number} })[0]
	b.declares[name] = "a helper"
	return name
}

// predeclared are the names of the language that generated code uses; where
// the package gives one of them another meaning, no output would compile.
var predeclared = []string{"any", "append", "bool", "byte", "error", "false", "int", "len", "nil", "rune", "string", "true", "uint8"}

func (b *builder) checkScope() {
	if pos, ok := b.inPackage(model.RuntimeName); ok {
		b.errorIn(pos, "%s is what generated code calls the sessiongen runtime; rename this declaration", model.RuntimeName)
	}
	for _, name := range predeclared {
		b.basics[name] = true
	}
	for name := range b.basics {
		if pos, ok := b.inPackage(name); ok {
			b.errorIn(pos, "%s hides Go's own %s, which generated code uses; rename this declaration", name, name)
		}
	}
}

// spelledBasic notes a predeclared type that the output may name.
func (b *builder) spelledBasic(t *types.Basic) { b.basics[t.Name()] = true }

// nameCodecs names the functions of struct types: own types first, so that
// appendItem is for Item whatever is imported, then those of other packages,
// then types without a name, after the field that they belong to.
func (b *builder) nameCodecs() {
	for _, rank := range []int{0, 1, 2} {
		for _, c := range b.codecs {
			if b.codecRank(c) == rank {
				b.nameCodec(c)
			}
		}
	}
	for _, c := range b.codecs {
		b.out.Structs = append(b.out.Structs, c.model)
	}
}

func (b *builder) codecRank(c *codec) int {
	named, ok := c.typ.(*types.Named)
	switch {
	case !ok:
		return 2
	case named.Obj().Pkg() == b.pkg.Types && named.TypeArgs() == nil:
		return 0
	}
	return 1
}

func (b *builder) nameCodec(c *codec) {
	stems := []string{typeStem(c.typ)}
	if named, ok := c.typ.(*types.Named); !ok {
		stems = []string{labelStem(c.label)}
	} else if pkg := named.Obj().Pkg(); pkg != nil && pkg != b.pkg.Types {
		stems = append(stems, packageStem(pkg.Name())+stems[0])
	}
	names := func(stem string) []string {
		return []string{"append" + stem, "read" + stem, lowerCamel(stem) + "Columns"}
	}
	chosen := names(stems[0])
	if slices.ContainsFunc(chosen, b.taken) {
		chosen = uniqueNames(b.taken, func(number string) []string { return names(stems[len(stems)-1] + number) })
	}
	c.model.Append, c.model.Read, c.model.Columns = chosen[0], chosen[1], chosen[2]
	for _, name := range chosen {
		b.declares[name] = "a helper"
	}
}

// typeStem is a type as part of an identifier: Item, OptionString, PairStringItems.
func typeStem(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		stem := upperFirst(t.Obj().Name())
		for arg := range t.TypeArgs().Types() {
			stem += typeStem(arg)
		}
		return stem
	case *types.Basic:
		return upperFirst(t.Name())
	case *types.Pointer:
		return typeStem(t.Elem()) + "Pointer"
	case *types.Slice:
		return typeStem(t.Elem()) + "s"
	case *types.Array:
		return typeStem(t.Elem()) + "s" + fmt.Sprint(t.Len())
	case *types.Map:
		return typeStem(t.Key()) + typeStem(t.Elem()) + "Map"
	}
	return "Struct"
}

// packageStem is a package's name as part of an identifier: Catalog, SQL.
func packageStem(name string) string {
	if upper := strings.ToUpper(name); initialisms[upper] {
		return upper
	}
	return upperFirst(name)
}

// initialisms are the names of packages that linters want in upper case: of the
// standard library, and of what is often in sessions.
var initialisms = set("API HTML HTTP IP JSON RPC SMTP SQL TLS URL UTF8 UUID XML")

// labelStem is the way to a field as part of an identifier: Cart[].Size becomes CartSize.
func labelStem(label string) string {
	var stem strings.Builder
	for part := range strings.FieldsFuncSeq(label, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
		stem.WriteString(upperFirst(part))
	}
	return stem.String()
}

// param names the parameter of a field's setter: the field's name, unless that
// means something else in the output.
func (b *builder) param(goName string) string {
	used := set("ctx delta key options")
	for _, name := range b.names {
		used[name] = true
	}
	bad := func(name string) bool {
		return !token.IsIdentifier(name) || types.Universe.Lookup(name) != nil || used[name] || locals[name] ||
			b.pkg.Types.Scope().Lookup(name) != nil || b.declares[name] != ""
	}
	if name := lowerCamel(goName); !bad(name) {
		return name
	}
	return uniqueNames(bad, func(number string) []string { return []string{"value" + number} })[0]
}

// markRecursive finds the structs that lead back to themselves.
func (b *builder) markRecursive() {
	for _, c := range b.codecs {
		seen := map[*model.Struct]bool{}
		for _, f := range c.model.Fields {
			reachStructs(f.Type, seen)
		}
		c.model.Recursive = seen[c.model]
	}
	for _, t := range b.types {
		seen := map[*model.Struct]bool{}
		reachStructs(t, seen)
		for s := range seen {
			t.Recursive = t.Recursive || s.Recursive
		}
	}
}

func reachStructs(t *model.Type, seen map[*model.Struct]bool) {
	if t == nil {
		return
	}
	reachStructs(t.Key, seen)
	reachStructs(t.Elem, seen)
	if t.Struct != nil && !seen[t.Struct] {
		seen[t.Struct] = true
		for _, f := range t.Struct.Fields {
			reachStructs(f.Type, seen)
		}
	}
}
