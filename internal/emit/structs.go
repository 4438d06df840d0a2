package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// structCodec emits what encodes and decodes a struct, once for the package:
//
//	var itemColumns = sessrt.NewColumns("sku", "qty")
//
//	func appendItem(b []byte, v *Item) []byte { ... }
//
//	func readItem(r *sessrt.Reader, v *Item, i int) { ... }
func (w *writer) structCodec(s *model.Struct) {
	var names []jen.Code
	for _, f := range s.Fields {
		names = append(names, jen.Lit(f.Wire))
	}
	w.emit(jen.Var().Id(s.Columns).Op("=").Add(rt("NewColumns")).Call(names...))
	w.appendRow(s)
	w.readColumn(s)
}

// appendRow emits
//
//	func appendItem(b []byte, v *Item) []byte {
//		b = sessrt.AppendString(b, v.SKU)
//		return sessrt.AppendInt(b, v.Qty)
//	}
//
// A struct that reaches itself first bounds how deep it goes:
//
//	b = sessrt.Recursive(b)
func (w *writer) appendRow(s *model.Struct) {
	var code []jen.Code
	if s.Recursive {
		code = append(code, jen.Id(w.local.b).Op("=").Add(rt("Recursive")).Call(jen.Id(w.local.b)))
	}
	if len(s.Fields) == 0 {
		code = append(code, jen.Return(jen.Id(w.local.b)))
	}
	for i, f := range s.Fields {
		column := jen.Id(w.local.appendExpr(f.Type, w.local.b, variable(w.local.v+"."+f.Path)))
		if i < len(s.Fields)-1 {
			code = append(code, jen.Id(w.local.b).Op("=").Add(column))
		} else {
			code = append(code, jen.Return(column))
		}
	}
	w.emit(jen.Func().Id(s.Append).Add(params(s.Go, jen.Id(w.local.b).Index().Byte(), jen.Id(w.local.v).Op("*").Id(s.Go))).Index().Byte().Block(code...))
}

// readColumn emits
//
//	func readItem(r *sessrt.Reader, v *Item, i int) {
//		switch i {
//		case 0:
//			sessrt.ReadString(r, &v.SKU)
//		}
//	}
func (w *writer) readColumn(s *model.Struct) {
	var cases []jen.Code
	for i, f := range s.Fields {
		cases = append(cases, jen.Case(jen.Lit(i)).Block(jen.Id(w.local.readExpr(f.Type, variable(w.local.v+"."+f.Path)))))
	}
	head := jen.Func().Id(s.Read)
	reader := jen.Op("*").Add(rt("Reader"))
	if len(cases) == 0 {
		w.emit(head.Add(params(s.Go, reader, jen.Op("*").Id(s.Go), jen.Int())).Op("{}"))
		return
	}
	w.emit(head.Add(params(s.Go, jen.Id(w.local.r).Add(reader), jen.Id(w.local.v).Op("*").Id(s.Go), jen.Id(w.local.i).Int())).Block(w.local.byNumber(cases)...))
}
