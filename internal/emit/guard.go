package emit

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// window emits the check that the generated code and the runtime fit:
//
//	const (
//		_ = sessrt.EnforceVersion(1 - sessrt.MinGenerator)
//		_ = sessrt.EnforceVersion(sessrt.MaxGenerator - 1)
//	)
//
// EnforceVersion is unsigned, so a negative difference does not compile.
func (w *writer) window() {
	w.emit(
		doc("A compile error in the next lines means that this file and the sessiongen\n"+
			"runtime in go.mod do not fit each other: run go generate."),
		jen.Const().Defs(
			jen.Id("_").Op("=").Add(rt("EnforceVersion")).Call(jen.Lit(version).Op("-").Add(rt("MinGenerator"))),
			jen.Id("_").Op("=").Add(rt("EnforceVersion")).Call(rt("MaxGenerator").Op("-").Lit(version)),
		),
	)
}

// guards emits the checks that the specs, and the package's structs in them, are
// what the code was generated from:
//
//	var _ struct {
//		Visits int
//		Theme  string `session:",default=light"`
//	} = session{}
//
// An assignment, unlike a conversion, wants identical tags too.
func (w *writer) guards(guards []*model.Guard) {
	for _, g := range guards {
		var fields []jen.Code
		for _, f := range g.Literal {
			line := jen.Id(f.Type)
			if f.Name != "" {
				line = jen.Id(f.Name).Id(f.Type)
			}
			if f.Tag != "" {
				line.Id(quoteTag(f.Tag))
			}
			fields = append(fields, line)
		}
		w.emit(
			doc("A compile error here means that "+g.Type+" has changed since this file was\n"+
				"generated: run go generate."),
			jen.Var().Id("_").Struct(fields...).Op("=").Id(g.Type).Values(),
		)
	}
}

// quoteTag quotes a struct tag, in the usual form where that is possible.
func quoteTag(tag string) string {
	if strconv.CanBackquote(tag) {
		return "`" + tag + "`"
	}
	return strconv.Quote(tag)
}
