package parse

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/sessiongen/sessiongen/internal/model"
)

// builder makes the model of one package.
type builder struct {
	pkg    *packages.Package
	unit   unit
	out    *model.Package
	output string // base name of the output of what is compiled
	errs   Errors
	syntax Errors // syntax errors in hand-written files

	fields    map[token.Pos]*ast.Field    // struct fields of the package, by the position of their name
	typeDecls map[token.Pos]*ast.TypeSpec // its types, likewise
	handled   map[*ast.Field]bool         // fields of specs that an error was reported for
	blamed    map[*types.Var]bool         // fields of any struct of the package, likewise

	specs   []*specBuilder
	types   []*model.Type
	structs typeutil.Map // types.Type -> *codec
	codecs  []*codec
	guarded typeutil.Map // *types.Named -> true
	guards  []*model.Guard

	mentioned map[string]*types.Package // packages that a spelling mentions
	basics    map[string]bool           // predeclared types that a spelling mentions
	names     map[string]string         // import path -> identifier, once chosen
	declares  map[string]string         // what the output declares at package level -> for what
	hidden    map[string]hiddenName     // what files declare that this load leaves out
	postponed []func()                  // what needs the names
}

// build returns the model of pkg, nil if it holds no spec, and what is wrong
// with it. What the output declares is added to declares, which holds what
// another output of the package declares.
func build(pkg *packages.Package, blank *blanker, declares map[string]string) (*model.Package, Errors) {
	b := &builder{
		pkg: pkg, unit: unitOf(pkg), output: blank.output,
		out: &model.Package{Path: pkg.PkgPath, Name: blank.nameOf(pkg), Dir: packageDir(pkg)},

		fields: map[token.Pos]*ast.Field{}, typeDecls: map[token.Pos]*ast.TypeSpec{},
		handled:   map[*ast.Field]bool{nil: true},
		blamed:    map[*types.Var]bool{},
		mentioned: map[string]*types.Package{}, basics: map[string]bool{},
		declares: declares, hidden: map[string]hiddenName{},
	}
	b.out.Output = filepath.Join(b.out.Dir, b.unit.output(b.output))
	var decls []*specDecl
	for _, file := range pkg.Syntax {
		if b.unit.holds(b.position(file.Package).File) {
			decls = append(decls, b.findSpecs(file)...)
		}
	}
	if _, err := clause(pkg, blank); err != nil && scanUnit(pkg).hit {
		return nil, Errors{*err}
	}
	if b.syntaxErrors() && scanUnit(pkg).hit {
		return nil, b.syntax // what the parser skipped can't be judged
	}
	if len(decls) == 0 || pkg.Types == nil {
		return nil, b.errs
	}
	for _, file := range pkg.Syntax {
		b.indexFields(file)
	}
	for _, d := range decls {
		if b.checkDecl(d) {
			b.readSpec(d)
		}
	}
	b.brokenSources()
	b.constraints(decls)
	b.oneAfterTheOther(decls)
	b.foreignOutput()
	b.chooseNames()
	b.checkAccessors()
	for _, f := range b.postponed {
		f()
	}
	b.markRecursive()
	b.out.Guards = b.guards
	if len(b.errs) == 0 { // types that go on for ever are errors
		b.out.Deprecated = b.usesDeprecated()
	}
	return b.out, b.errs
}

func (b *builder) later(f func()) { b.postponed = append(b.postponed, f) }

func packageDir(pkg *packages.Package) string {
	if pkg.Dir != "" {
		return pkg.Dir
	}
	if len(pkg.GoFiles) > 0 {
		return filepath.Dir(pkg.GoFiles[0])
	}
	return ""
}

// indexFields notes where the package's struct fields and types are declared.
func (b *builder) indexFields(file *ast.File) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		ast.Inspect(gen, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				b.typeDecls[n.Name.Pos()] = n
			case *ast.StructType:
				for _, field := range n.Fields.List {
					for _, name := range field.Names {
						b.fields[name.Pos()] = field
					}
					if id := embeddedName(field.Type); len(field.Names) == 0 && id != nil {
						b.fields[id.Pos()] = field
					}
				}
			}
			return true
		})
	}
}

// embeddedName is the identifier that names an embedded field.
func embeddedName(x ast.Expr) *ast.Ident {
	switch x := x.(type) {
	case *ast.Ident:
		return x
	case *ast.StarExpr:
		return embeddedName(x.X)
	case *ast.ParenExpr:
		return embeddedName(x.X)
	case *ast.SelectorExpr:
		return x.Sel
	case *ast.IndexExpr:
		return embeddedName(x.X)
	case *ast.IndexListExpr:
		return embeddedName(x.X)
	}
	return nil
}

// constraints copies the build constraint of the specs' files, which must agree.
func (b *builder) constraints(decls []*specDecl) {
	for i, d := range decls {
		file := b.position(d.file.Package).File
		expr := buildConstraint(d.file, file, b.usesC(d.file))
		if i == 0 {
			b.out.Constraint = expr
			continue
		}
		if expr != b.out.Constraint {
			b.errorAt(d.typ.Name.Pos(), "spec %s is built %s, spec %s in %s %s: their code goes to one file; move them to files with one constraint",
				d.typ.Name.Name, orAlways(expr), decls[0].typ.Name.Name, filepath.Base(b.position(decls[0].pos).File), orAlways(b.out.Constraint))
			return
		}
	}
}

// usesC tells whether a file is compiled with cgo only. Of one that cgo has
// translated it is the translation that was parsed, which imports no C.
func (b *builder) usesC(file *ast.File) bool {
	return importsC(file) || !slices.Contains(b.pkg.GoFiles, b.pkg.Fset.File(file.Package).Name())
}

func orAlways(expr string) string {
	if expr == "" {
		return "always"
	}
	return "if " + expr
}

// foreignOutput refuses to take the place of a file that is not ours.
func (b *builder) foreignOutput() {
	src, err := os.ReadFile(b.out.Output)
	if err == nil && !hasHeader(src) && !wreck(src) {
		b.errs = append(b.errs, Error{model.Position{File: b.out.Output, Line: 1, Col: 1},
			"the file was not generated by sessiongen and would be overwritten; rename it, or choose another name with -output"})
	}
}

// generatedOnly tells whether a name is declared by an output, old or new.
func (b *builder) generatedOnly(name string) bool {
	for _, s := range b.specs {
		if name == s.spec.Name || name == s.spec.Manager {
			return true
		}
	}
	decl := regexp.MustCompile(`(?m)^(type|\t)\s*` + regexp.QuoteMeta(name) + `\b`)
	for _, file := range b.pkg.GoFiles {
		if !strings.HasSuffix(file, ".go") {
			continue
		}
		if src, err := os.ReadFile(file); err == nil && (&blanker{output: b.output}).own(file, src) && decl.Match(src) {
			return true
		}
	}
	return false
}
