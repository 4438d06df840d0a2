package parse

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/sessiongen/sessiongen/internal/model"
)

// The code around a spec need not compile: its handlers call accessors that
// are not generated yet. Only what touches a spec counts: a syntax error in a
// hand-written file, which hides declarations, and a type error inside the
// struct or in the type of a field.

// syntaxErrors notes the syntax errors in hand-written files, and tells whether there are any.
func (b *builder) syntaxErrors() bool {
	for _, err := range b.pkg.Errors {
		if err.Kind != packages.ParseError {
			continue
		}
		pos := parsePosition(err.Pos)
		src, rerr := os.ReadFile(pos.File)
		if rerr == nil && (&blanker{output: b.output}).own(pos.File, src) || errors.Is(rerr, fs.ErrNotExist) {
			continue // the second: another run removed an output that was left over
		}
		// What follows the first error of a file is mostly its consequence.
		if slices.ContainsFunc(b.syntax, func(e Error) bool { return e.Pos.File == pos.File }) {
			continue
		}
		b.syntax = append(b.syntax, Error{pos, "syntax error: " + err.Msg + "; fix it first, since what follows it may hold a spec"})
	}
	return len(b.syntax) > 0
}

// parsePosition reads the "file:line:col" of a packages.Error.
func parsePosition(s string) model.Position {
	var p model.Position
	if s == "" || s == "-" {
		return p
	}
	rest, col, ok := cutLastNumber(s)
	if !ok {
		return model.Position{File: s}
	}
	if file, line, ok := cutLastNumber(rest); ok {
		p.File, p.Line, p.Col = file, line, col
	} else {
		p.File, p.Line, p.Col = rest, col, 1
	}
	return p
}

func cutLastNumber(s string) (string, int, bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil
}

// errorsIn reports the type errors inside a declaration that no field's error covers.
func (b *builder) errorsIn(decl *ast.TypeSpec) {
	for _, err := range b.pkg.TypeErrors {
		if !within(err.Pos, decl) || strings.HasPrefix(err.Msg, "\t") {
			continue
		}
		if field := fieldAt(decl, err.Pos); field == nil || !b.handled[field] {
			b.errorAt(err.Pos, "%s; fix it first, since a session is made from a struct that compiles", err.Msg)
		}
	}
}

func within(pos token.Pos, n ast.Node) bool { return n.Pos() <= pos && pos <= n.End() }

// fieldAt returns the outermost field of a struct declaration at pos.
func fieldAt(decl *ast.TypeSpec, pos token.Pos) *ast.Field {
	st, ok := ast.Unparen(decl.Type).(*ast.StructType)
	if !ok {
		return nil
	}
	for _, field := range st.Fields.List {
		if within(pos, field) {
			return field
		}
	}
	return nil
}

// invalid reports a field whose type the type checker does not know, with what it said.
func (b *builder) invalid(w where) {
	b.handled[w.field] = true
	if b.blame(w) {
		return
	}
	field := b.fields[w.v.Pos()]
	name := "a type that is not known"
	if field != nil {
		name = "type " + types.ExprString(field.Type)
	}
	said, missing := b.checkerSaid(w.v, field)
	if missing != "" && b.generatedOnly(missing) {
		b.errorAt(w.pos, "field %s has %s: %s is declared only in generated code, which is made from this spec; declare it by hand, or use another type", w.label, name, missing)
		return
	}
	b.errorAt(w.pos, "field %s has %s: %s; fix it first, since how a field is stored depends on its type", w.label, name, said)
}

// checkerSaid returns the reason why the type of a field is not known, and the
// undeclared name if that is the reason.
func (b *builder) checkerSaid(v *types.Var, field *ast.Field) (said, missing string) {
	if field == nil {
		if pkg := b.pkg.Imports[v.Pkg().Path()]; pkg != nil {
			if said := firstError(pkg.Errors); said != "" {
				return "package " + pkg.PkgPath + " does not compile: " + said, ""
			}
		}
		return "package " + v.Pkg().Path() + " could not be type-checked", ""
	}
	// Of a package that could not be read the checker only says that it knows nothing.
	for _, path := range b.importsIn(field.Type) {
		if pkg := b.pkg.Imports[path]; pkg != nil {
			if said := firstError(pkg.Errors); said != "" {
				return "package " + path + ": " + said, ""
			}
		}
	}
	for _, err := range b.pkg.TypeErrors {
		if within(err.Pos, field) {
			missing, _ = strings.CutPrefix(err.Msg, "undefined: ")
			if missing == err.Msg {
				missing = ""
			}
			return err.Msg, missing
		}
	}
	for _, path := range b.importsIn(field.Type) {
		for _, err := range b.pkg.Errors {
			if strings.Contains(err.Msg, path) && !strings.HasPrefix(err.Msg, "# ") {
				return firstLine(err.Msg), ""
			}
		}
	}
	// Of a type that is wrong in itself the checker complains at its declaration.
	for _, decl := range b.declsIn(field.Type) {
		for _, err := range b.pkg.TypeErrors {
			if within(err.Pos, decl) && !strings.HasPrefix(err.Msg, "\t") {
				return err.Msg, ""
			}
		}
	}
	return "the type checker can't resolve it", ""
}

// importsIn returns the paths of the packages that a type expression names.
func (b *builder) importsIn(x ast.Expr) (paths []string) {
	ast.Inspect(x, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if name, ok := b.pkg.TypesInfo.Uses[id].(*types.PkgName); ok {
				paths = append(paths, name.Imported().Path())
			}
		}
		return true
	})
	return paths
}

// declsIn returns the declarations of the package's types that an expression names.
func (b *builder) declsIn(x ast.Expr) (decls []*ast.TypeSpec) {
	ast.Inspect(x, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if obj := b.pkg.TypesInfo.Uses[id]; obj != nil && b.typeDecls[obj.Pos()] != nil {
				decls = append(decls, b.typeDecls[obj.Pos()])
			}
		}
		return true
	})
	return decls
}

// firstError is the first thing that the go command or the type checker said
// about a package, with its file and line.
func firstError(errs []packages.Error) string {
	for _, err := range errs {
		if err.Kind == packages.ListError {
			msg := err.Msg
			for strings.HasPrefix(msg, "# ") {
				_, msg, _ = strings.Cut(msg, "\n")
			}
			if msg = firstLine(msg); msg != "" {
				return msg
			}
			continue
		}
		return Error{parsePosition(err.Pos), firstLine(err.Msg)}.Error()
	}
	return ""
}

// brokenSources reports the syntax errors of other packages whose types the
// specs store: a struct that was read half-way would be stored half.
func (b *builder) brokenSources() {
	used := map[string]bool{}
	for path := range b.mentioned {
		used[path] = true
	}
	for _, c := range b.codecs {
		if named, ok := c.typ.(*types.Named); ok && named.Obj().Pkg() != nil {
			used[named.Obj().Pkg().Path()] = true
		}
	}
	delete(used, b.pkg.PkgPath)
	packages.Visit([]*packages.Package{b.pkg}, func(pkg *packages.Package) bool {
		if used[pkg.PkgPath] {
			other := &builder{pkg: pkg, output: b.output}
			other.syntaxErrors()
			b.errs = append(b.errs, other.syntax...)
		}
		return true
	}, nil)
}
