package parse

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"

	"github.com/sessiongen/sessiongen/internal/model"
)

// hiddenName is a name of the package that this load does not see.
type hiddenName struct {
	pos      model.Position
	imported bool // in one file; otherwise it is declared in the package
}

// findHidden notes what the files of the package's directory declare that are
// not part of this load, but are compiled together with the output elsewhere:
// in tests, on other systems, under other tags.
func (b *builder) findHidden() {
	for _, name := range goFilesIn(b.out.Dir) {
		if slices.Contains(b.pkg.GoFiles, name) {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil || (&blanker{output: b.output}).own(name, src) {
			continue
		}
		fset := token.NewFileSet()
		clause, _ := parser.ParseFile(fset, name, src, parser.ImportsOnly|parser.ParseComments)
		if clause.Name.Name != b.out.Name || !together(b.out.Constraint, buildConstraint(clause, name, importsC(clause))) {
			continue
		}
		// What a file with a syntax error declares before it counts too.
		if file, _ := parser.ParseFile(fset, name, src, parser.SkipObjectResolution); file != nil {
			b.hide(fset, file)
		}
	}
}

// hide notes the names of one file.
func (b *builder) hide(fset *token.FileSet, file *ast.File) {
	note := func(id *ast.Ident, imported bool) {
		if _, ok := b.hidden[id.Name]; ok || id.Name == "_" || id.Name == "init" {
			return
		}
		p := fset.Position(id.Pos())
		b.hidden[id.Name] = hiddenName{model.Position{File: p.Filename, Line: p.Line, Col: p.Column}, imported}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				note(decl.Name, false)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					note(spec.Name, false)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						note(id, false)
					}
				case *ast.ImportSpec:
					if spec.Name != nil && spec.Name.Name != "." {
						note(spec.Name, true)
					}
				}
			}
		}
	}
}

// inPackage returns where a name is declared at package level, hidden or not.
func (b *builder) inPackage(name string) (model.Position, bool) {
	if obj := b.pkg.Types.Scope().Lookup(name); obj != nil {
		return b.position(obj.Pos()), true
	}
	h, ok := b.hidden[name]
	return h.pos, ok && !h.imported
}
