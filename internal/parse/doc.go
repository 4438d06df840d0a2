// Package parse reads the annotated structs of Go packages into the model, and
// finds everything that is wrong with them.
//
// The files follow a run: load.go and scan.go find the packages, blank.go
// keeps our own outputs out of the way, directive.go, nearmiss.go, testfiles.go
// and attach.go find the specs and what was to be one, package.go and spec.go walk them, tag.go, options.go and defaults.go
// read the tags, types.go and structs.go the types, names.go, idents.go,
// hidden.go and imports.go choose every name of the output.
package parse

import (
	"go/ast"
	"strings"
)

// docText is a comment as text, without comment marks and directives.
func docText(groups ...*ast.CommentGroup) string {
	for _, group := range groups {
		if text := strings.TrimSpace(group.Text()); text != "" {
			return text
		}
	}
	return ""
}
