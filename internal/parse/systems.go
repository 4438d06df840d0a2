package parse

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
)

// oneAfterTheOther refuses to replace the code of a spec that this build leaves
// out, such as one for another system: the runs for the two would undo each
// other's work for ever, and no one file would do for both.
func (b *builder) oneAfterTheOther(decls []*specDecl) {
	src, err := os.ReadFile(b.out.Output)
	if err != nil || !hasHeader(src) {
		return
	}
	_, old := b.head(b.out.Output, src)
	if old == b.out.Constraint {
		return
	}
	for _, name := range goFilesIn(b.out.Dir) {
		if slices.Contains(b.pkg.GoFiles, name) || !b.unit.holds(name) {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil || (&blanker{output: b.output}).own(name, src) || !mayHoldDirective(src) {
			continue
		}
		if clause, its := b.head(name, src); clause.Name.Name == b.out.Name && its == old {
			b.errorAt(decls[0].pos, "spec %s is built %s, and %s holds the code of the spec in %s, built %s: one would overwrite the other; call sessiongen for each with an -output of its own, or write one spec for both",
				decls[0].typ.Name.Name, orAlways(b.out.Constraint), filepath.Base(b.out.Output), filepath.Base(name), orAlways(old))
			return
		}
	}
}

// head reads the package clause of a file and the condition under which it is built.
func (b *builder) head(name string, src []byte) (*ast.File, string) {
	file, _ := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly|parser.ParseComments)
	return file, buildConstraint(file, name, importsC(file))
}
