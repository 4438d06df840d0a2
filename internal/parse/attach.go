package parse

import (
	"go/ast"
	"go/token"
)

// specDecl is a type declaration with a directive.
type specDecl struct {
	typ  *ast.TypeSpec
	doc  string
	file *ast.File
	name string    // from the directive; may be empty
	pos  token.Pos // of the directive
}

// declaration is what a comment group stands above.
type declaration struct {
	typ  *ast.TypeSpec // nil if what is not a type
	what string
}

// findSpecs returns the annotated types of a file. Every line that looks like
// a directive is either one of them or an error.
func (b *builder) findSpecs(file *ast.File) []*specDecl {
	var decls map[*ast.CommentGroup]declaration
	var found []*specDecl
	for _, group := range file.Comments {
		var spec *specDecl
		for _, comment := range group.List {
			d, ok, err := parseDirective(comment.Text)
			if !ok {
				continue
			}
			if err != nil {
				b.errorAt(comment.Slash+token.Pos(err.off), "%s", err.msg)
				continue
			}
			if decls == nil {
				decls = declarations(file)
			}
			switch on, ok := decls[group]; {
			case !ok:
				b.errorAt(comment.Slash, "%s belongs to no type: it is not in the doc comment of a declaration; put it directly above the type, without an empty line between", wantDirective)
			case on.typ == nil:
				b.errorAt(comment.Slash, "%s is above %s: a session is made from a struct type; move it to one", wantDirective, on.what)
			case spec != nil:
				b.errorAt(comment.Slash, "type %s has two directives: it becomes one session; remove one", on.typ.Name.Name)
			default:
				spec = &specDecl{typ: on.typ, doc: docText(group), file: file, name: d.Name, pos: comment.Slash}
				found = append(found, spec)
			}
		}
	}
	return unique(b, found)
}

// unique reports a type that got directives by two comments: its own and that of its group.
func unique(b *builder, specs []*specDecl) []*specDecl {
	seen := map[*ast.TypeSpec]bool{}
	var out []*specDecl
	for _, s := range specs {
		if seen[s.typ] {
			b.errorAt(s.pos, "type %s has two directives: it becomes one session; remove one", s.typ.Name.Name)
			continue
		}
		seen[s.typ] = true
		out = append(out, s)
	}
	return out
}

// declarations maps the doc comments of a file to what they document.
func declarations(file *ast.File) map[*ast.CommentGroup]declaration {
	out := map[*ast.CommentGroup]declaration{}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			out[decl.Doc] = declaration{what: "func " + decl.Name.Name}
			if decl.Body != nil {
				localTypes(decl.Body, out)
			}
		case *ast.GenDecl:
			if decl.Tok != token.TYPE {
				out[decl.Doc] = declaration{what: "a " + decl.Tok.String() + " declaration"}
				continue
			}
			out[decl.Doc] = declaration{what: "a group of types"}
			for _, spec := range decl.Specs {
				spec := spec.(*ast.TypeSpec)
				if len(decl.Specs) == 1 {
					out[decl.Doc] = declaration{typ: spec}
				}
				out[spec.Doc] = declaration{typ: spec}
			}
		}
	}
	delete(out, nil)
	return out
}

// localTypes notes the types declared inside a function: they can't have
// methods, nor be named by generated code.
func localTypes(body *ast.BlockStmt, out map[*ast.CommentGroup]declaration) {
	ast.Inspect(body, func(n ast.Node) bool {
		if decl, ok := n.(*ast.GenDecl); ok {
			out[decl.Doc] = declaration{what: "a declaration inside a function"}
			for _, spec := range decl.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					out[spec.Doc] = declaration{what: "a declaration inside a function"}
				}
			}
		}
		return true
	})
}

// checkDecl says whether a session can be made from the declaration.
func (b *builder) checkDecl(d *specDecl) bool {
	name := d.typ.Name.Name
	_, isStruct := ast.Unparen(d.typ.Type).(*ast.StructType)
	switch {
	case d.typ.Assign.IsValid():
		b.errorAt(d.typ.Name.Pos(), "type %s is an alias: a session is made from a struct declared here; write type %s struct{ ... }, with the other type embedded", name, name)
	case !isStruct:
		b.errorAt(d.typ.Name.Pos(), "type %s is not a struct: the fields of a session are the fields of a struct; write type %s struct{ ... }", name, name)
	case d.typ.TypeParams != nil:
		b.errorAt(d.typ.TypeParams.Pos(), "type %s has type parameters: stored sessions have one form; give the fields concrete types", name)
	default:
		return true
	}
	return false
}
