package parse

import (
	"go/parser"
	"go/token"
	"os"

	"github.com/sessiongen/sessiongen/internal/model"
)

// testDirectives returns an error for every directive in test files. They are
// not part of the package that the output belongs to, so that a spec there
// would be passed over.
func testDirectives(files []string) (errs Errors) {
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		fset := token.NewFileSet()
		file, _ := parser.ParseFile(fset, name, src, parser.ParseComments|parser.AllErrors|parser.SkipObjectResolution)
		if file == nil {
			continue
		}
		for _, group := range file.Comments {
			for _, comment := range group.List {
				if _, found, _ := parseDirective(comment.Text); found {
					p := fset.Position(comment.Slash)
					errs = append(errs, Error{model.Position{File: p.Filename, Line: p.Line, Col: p.Column},
						wantDirective + " is in a test file: a session is no test code; move it to a file that is not named _test.go"})
				}
			}
		}
	}
	return errs
}
