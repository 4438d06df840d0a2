package parse

import (
	"fmt"
	"path/filepath"

	"golang.org/x/tools/go/packages"

	"github.com/sessiongen/sessiongen/internal/model"
)

// The name of a package is what its hand-written files say. The go command
// asks all files, and believes the first: where a package was renamed, that may
// be an output that still has the old name.

// clause returns the name in the package clauses of the hand-written files of
// a load, "" if there are none, and an error if they do not agree.
func clause(pkg *packages.Package, b *blanker) (name string, err *Error) {
	first := ""
	for _, file := range pkg.Syntax {
		p := pkg.Fset.Position(file.Package)
		if _, ours := b.blanked.Load(p.Filename); ours {
			continue
		}
		switch {
		case name == "":
			name, first = file.Name.Name, filepath.Base(p.Filename)
		case name != file.Name.Name:
			at := pkg.Fset.Position(file.Name.Pos())
			return name, &Error{model.Position{File: at.Filename, Line: at.Line, Col: at.Column},
				fmt.Sprintf("package %s, but %s beside it says package %s: a directory holds one package; change one of them or move it", file.Name.Name, first, name)}
		}
	}
	return name, nil
}

// renamed returns the packages that the go command has under the name of an
// old output: their directories, and the names by what the source says.
func renamed(pkgs []*packages.Package, b *blanker) map[string]map[string]string {
	var out map[string]map[string]string
	for _, pkg := range pkgs {
		name, err := clause(pkg, b)
		if name == "" || err != nil || name == pkg.Name {
			continue
		}
		if out == nil {
			out = map[string]map[string]string{}
		}
		dir := packageDir(pkg)
		if out[dir] == nil {
			out[dir] = map[string]string{}
		}
		out[dir][name] = pkg.Name
	}
	return out
}

// nameOf returns the real name of a package.
func (b *blanker) nameOf(pkg *packages.Package) string {
	for real, name := range b.renamed[packageDir(pkg)] {
		if name == pkg.Name {
			return real
		}
	}
	return pkg.Name
}
