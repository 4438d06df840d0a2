package parse

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// A linter reports each use of what another package calls deprecated. In the
// output nobody can change one: it uses what the spec does. Export data holds no
// comments, so that the files are read that declare the types and fields.

// usesDeprecated tells whether a type or field that the specs reach in other
// packages is deprecated there. Where the source is not at hand it is not.
func (b *builder) usesDeprecated() bool {
	d := deprecations{builder: b, files: map[string][]int{}}
	for _, s := range b.specs {
		if d.reached(s.named) {
			return true
		}
	}
	return false
}

type deprecations struct {
	*builder
	seen  typeutil.Map
	files map[string][]int // file name to the lines below its deprecations
}

func (d *deprecations) reached(t types.Type) bool {
	if d.seen.At(t) != nil {
		return false
	}
	d.seen.Set(t, true)
	switch t := t.(type) {
	case *types.Alias:
		return d.declared(t.Obj()) || d.reached(types.Unalias(t))
	case *types.Named:
		if d.declared(t.Obj()) {
			return true
		}
		for arg := range t.TypeArgs().Types() {
			if d.reached(arg) {
				return true
			}
		}
		return !isNamed(t, "time", "Time") && d.hasMarshaler(t) == 0 && d.reached(t.Underlying())
	case *types.Struct:
		for i := range t.NumFields() {
			v := t.Field(i)
			if tag, _ := parseTag(t.Tag(i)); !tag.Skip && (d.declared(v) || d.reached(v.Type())) {
				return true
			}
		}
	case *types.Map:
		return d.reached(t.Key()) || d.reached(t.Elem())
	case interface{ Elem() types.Type }: // slices, arrays, pointers
		return d.reached(t.Elem())
	}
	return false
}

// declared tells whether obj's own declaration, in another package, says so.
func (d *deprecations) declared(obj types.Object) bool {
	if obj.Pkg() == nil || obj.Pkg() == d.pkg.Types {
		return false
	}
	p := d.pkg.Fset.Position(obj.Pos())
	lines, ok := d.files[p.Filename]
	if !ok {
		lines = deprecatedLines(p.Filename)
		d.files[p.Filename] = lines
	}
	for _, line := range lines {
		if line == p.Line {
			return true
		}
	}
	return false
}

// deprecatedLines returns the lines of a file that follow a comment with a
// paragraph that begins with Deprecated:, as https://go.dev/wiki/Deprecated has it.
func deprecatedLines(name string) (lines []int) {
	src, err := os.ReadFile(name)
	if err != nil || !bytes.Contains(src, []byte("Deprecated: ")) {
		return nil
	}
	fset := token.NewFileSet()
	file, _ := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if file == nil {
		return nil
	}
	for _, group := range file.Comments {
		if isDeprecation(group) {
			lines = append(lines, fset.Position(group.End()).Line+1)
		}
	}
	return lines
}

func isDeprecation(group *ast.CommentGroup) bool {
	for paragraph := range strings.SplitSeq(group.Text(), "\n\n") {
		if strings.HasPrefix(paragraph, "Deprecated: ") {
			return true
		}
	}
	return false
}
