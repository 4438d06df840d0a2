package parse

import (
	"go/ast"
	"go/types"

	"github.com/sessiongen/sessiongen/internal/model"
)

// checkAccessors refuses fields whose accessors would hide a method of the
// session or be an accessor of another field, and methods declared by hand
// that will be generated.
func (b *builder) checkAccessors() {
	for _, s := range b.specs {
		methods := map[string]string{}
		for _, name := range model.SessionMethods {
			methods[name] = "the session's own method " + name
		}
		if s.isError() {
			for _, name := range []string{"As", "Is", "Unwrap"} {
				methods[name] = "the " + name + " of an error, which field Error makes of the session"
			}
		}
		managerMethods := map[string]string{}
		for _, name := range model.ManagerMethods {
			managerMethods[name] = "the manager's own method " + name
		}
		for _, f := range s.spec.Fields {
			b.claimMethods(s, f, f.Accessors(), methods)
			b.claimMethods(s, f, f.Finders(), managerMethods)
		}
		for _, field := range []string{"v", s.spec.BagIdent} {
			methods[field] = "the session's field " + field
		}
		managerMethods["Sessions"] = "the manager's field Sessions"
		b.handWritten(s.spec.Name, methods)
		b.handWritten(s.spec.Manager, managerMethods)
	}
}

// isError tells whether the session gets the method Error() string. Package
// errors and vet then look for methods of other signatures than accessors have.
func (s *specBuilder) isError() bool {
	f := s.names["Error"]
	if f == nil || f.Flash {
		return false
	}
	v, _, _ := types.LookupFieldOrMethod(s.named, true, s.pkg.Types, "Error")
	return v != nil && types.Identical(v.Type(), types.Typ[types.String])
}

// claimMethods notes the accessors of one field; of several clashes only the
// first is reported, since one new name resolves all.
func (b *builder) claimMethods(s *specBuilder, f *model.Field, names []string, owners map[string]string) {
	reported := false
	for _, name := range names {
		if owner, ok := owners[name]; ok {
			if !reported {
				b.errs = append(b.errs, Error{f.Pos, "field " + f.GoName + ": its accessor " + name + " would hide " + owner +
					"; rename the field (a name in the tag keeps it stored under session:\"" + f.Wire + "\")"})
			}
			reported = true
			continue
		}
		owners[name] = "accessor " + name + " of field " + f.GoName
	}
}

// handWritten reports methods that the user declared on a generated type under
// a name that is generated.
func (b *builder) handWritten(typeName string, generated map[string]string) {
	for _, file := range b.pkg.Syntax {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || len(fn.Recv.List) != 1 {
				continue
			}
			if id := embeddedName(fn.Recv.List[0].Type); id == nil || id.Name != typeName {
				continue
			}
			if owner, ok := generated[fn.Name.Name]; ok {
				b.errorAt(fn.Name.Pos(), "method %s.%s would take the place of %s; rename it", typeName, fn.Name.Name, owner)
			}
		}
	}
}
