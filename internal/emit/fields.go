package emit

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// fields emits the type through which the runtime reaches the fields:
//
//	// sessionFields is how the runtime reaches the fields of a [Session].
//	type sessionFields Session
//
//	func (f *sessionFields) Spec() *sessrt.Spec   { return sessionSpec }
//	func (f *sessionFields) Fresh() sessrt.Fields { return &sessionFields{} }
func (s spec) fields() {
	s.emit(
		doc(s.FieldsIdent+" is how the runtime reaches the fields of a ["+s.Name+"]."),
		jen.Type().Id(s.FieldsIdent).Id(s.Name),
	)
	s.emit(
		s.fieldsMethod("Spec", nil, jen.Op("*").Add(rt("Spec"))).Add(oneLine(jen.Return(jen.Id(s.SpecIdent)))).Line(),
		s.fieldsMethod("Fresh", nil, rt("Fields")).Add(oneLine(jen.Return(jen.Op("&").Id(s.FieldsIdent).Values()))),
	)
	s.appendAll()
	s.appendOne()
	s.read()
	s.pointer()
	s.merge()
}

// appendAll emits the encoder of a whole session, straight-line and with the
// names as constants; the names of was= and the entries of a rest field are
// written by the runtime:
//
//	func (f *sessionFields) AppendAll(b []byte) []byte {
//		if sessrt.Has(&f.sessionBag, 0) {
//			b = sessrt.AppendInt(append(b, "\xa6visits"...), f.v.Visits)
//		}
//		return b
//	}
func (s spec) appendAll() {
	var code []jen.Code
	for i, f := range s.Fields {
		if f.Rest {
			continue
		}
		named := "append(" + s.local.b + ", " + quoteName(f.Wire) + "...)"
		code = append(code, jen.If(s.present(i)).Block(jen.Id(s.local.b).Op("=").Id(s.local.appendExpr(f.Type, named, s.stored(f)))))
	}
	s.emit(s.fieldsMethod("AppendAll", []jen.Code{jen.Id(s.local.b).Index().Byte()}, jen.Index().Byte()).
		Block(append(code, jen.Return(jen.Id(s.local.b)))...))
}

// appendOne emits the encoder of one field:
//
//	func (f *sessionFields) Append(i int, b []byte) []byte {
//		switch i {
//		case 0:
//			return sessrt.AppendInt(b, f.v.Visits)
//		}
//		return b
//	}
func (s spec) appendOne() {
	var cases []jen.Code
	for i, f := range s.Fields {
		cases = append(cases, jen.Case(jen.Lit(i)).Block(jen.Return(jen.Id(s.local.appendExpr(f.Type, s.local.b, s.stored(f))))))
	}
	s.emit(s.fieldsMethod("Append", []jen.Code{jen.Id(s.local.i).Int(), jen.Id(s.local.b).Index().Byte()}, jen.Index().Byte()).
		Block(s.local.byNumber(cases, jen.Return(jen.Id(s.local.b)))...))
}

// read emits the decoder of one field:
//
//	func (f *sessionFields) Read(i int, r *sessrt.Reader) {
//		switch i {
//		case 0:
//			sessrt.ReadInt(r, &f.v.Visits)
//		}
//	}
func (s spec) read() {
	var cases []jen.Code
	for i, f := range s.Fields {
		expr := s.local.readExpr(f.Type, s.stored(f))
		if f.Rest {
			expr = s.local.readRest(f.Type, s.stored(f))
		}
		cases = append(cases, jen.Case(jen.Lit(i)).Block(jen.Id(expr)))
	}
	s.emit(s.fieldsMethod("Read", []jen.Code{jen.Id(s.local.i).Int(), jen.Id(s.local.r).Op("*").Add(rt("Reader"))}, nil).
		Block(s.local.byNumber(cases)...))
}

// pointer emits the access of what has no better one, such as JSON. A default
// is put in place first, so that all of it sees what the getter returns:
//
//	func (f *sessionFields) Pointer(i int) any {
//		switch i {
//		case 7:
//			if !sessrt.Has(&f.sessionBag, 7) {
//				f.v.Theme = "light"
//			}
//			return &f.v.Theme
//		}
//		return nil
//	}
func (s spec) pointer() {
	var cases []jen.Code
	for i, f := range s.Fields {
		value := jen.Id(s.local.f).Dot("v").Dot(f.Path)
		var code []jen.Code
		if f.Default != nil {
			code = append(code, jen.If(jen.Op("!").Add(s.present(i))).Block(value.Clone().Op("=").Id(f.Default.Go)))
		}
		cases = append(cases, jen.Case(jen.Lit(i)).Block(append(code, jen.Return(jen.Op("&").Add(value)))...))
	}
	s.emit(s.fieldsMethod("Pointer", []jen.Code{jen.Id(s.local.i).Int()}, jen.Any()).
		Block(s.local.byNumber(cases, jen.Return(jen.Nil()))...))
}

// merge emits how adds and appends of parallel requests are combined; the
// runtime merges the rest by itself, on the encoded values:
//
//	func (f *sessionFields) Merge(i int, base, mine sessrt.Fields) {
//		b, m := base.(*sessionFields), mine.(*sessionFields)
//		switch i {
//		case 0:
//			f.v.Visits += m.v.Visits - b.v.Visits
//		case 3:
//			f.v.Cart = sessrt.AppendTail(f.v.Cart, b.v.Cart, m.v.Cart)
//		}
//	}
func (s spec) merge() {
	var cases []jen.Code
	for i, f := range s.Fields {
		at := func(receiver string) *jen.Statement { return jen.Id(receiver).Dot("v").Dot(f.Path) }
		var sum jen.Code
		switch (field{s, f, i}).merge() {
		case "MergeNumber":
			sum = at(s.local.f).Op("+=").Add(at(s.local.m)).Op("-").Add(at(s.local.b))
		case "MergeSlice":
			sum = at(s.local.f).Op("=").Add(rt("AppendTail")).Call(at(s.local.f), at(s.local.b), at(s.local.m))
		case "MergeCounts":
			sum = rt("AddCounts").Call(jen.Op("&").Id(s.local.m).Dot(s.BagIdent), jen.Lit(i), jen.Op("&").Add(at(s.local.f)), at(s.local.b), at(s.local.m))
		default:
			continue
		}
		cases = append(cases, jen.Case(jen.Lit(i)).Block(sum))
	}
	if len(cases) == 0 {
		s.emit(s.fieldsMethod("Merge", []jen.Code{jen.Int(), rt("Fields"), rt("Fields")}, nil).Op("{}"))
		return
	}
	asserted := func(name string) jen.Code { return jen.Id(name).Assert(ptr(s.FieldsIdent)) }
	s.emit(s.fieldsMethod("Merge", []jen.Code{jen.Id(s.local.i).Int(), jen.List(jen.Id("base"), jen.Id("mine")).Add(rt("Fields"))}, nil).
		Block(append([]jen.Code{jen.List(jen.Id(s.local.b), jen.Id(s.local.m)).Op(":=").List(asserted("base"), asserted("mine"))}, s.local.byNumber(cases)...)...))
}

// fieldsMethod is the head of a method of the fields type.
func (s spec) fieldsMethod(name string, params []jen.Code, result jen.Code) *jen.Statement {
	m := jen.Func().Params(jen.Id(s.local.f).Op("*").Id(s.FieldsIdent)).Id(name).Params(params...)
	if result != nil {
		m.Add(result)
	}
	return m
}

// present is sessrt.Has(&f.sessionBag, 0).
func (s spec) present(i int) *jen.Statement {
	return rt("Has").Call(jen.Op("&").Id(s.local.f).Dot(s.BagIdent), jen.Lit(i))
}

// stored is where a field is, seen from the fields type: f.v.Base.UserID.
func (s spec) stored(f *model.Field) operand { return variable(s.local.f + ".v." + f.Path) }

// byNumber is a switch over field or column numbers and what follows it.
func (l locals) byNumber(cases []jen.Code, after ...jen.Code) []jen.Code {
	if len(cases) == 0 {
		return after
	}
	return append([]jen.Code{jen.Switch(jen.Id(l.i)).Block(cases...)}, after...)
}

// quoteName is a wire name with its MessagePack header as a Go string: "\xa6visits".
// A \x escape takes exactly two digits, so what follows can't join it.
func quoteName(name string) string {
	n := len(name)
	head := []byte{0xda, byte(n >> 8), byte(n)}
	switch {
	case n < 32:
		head = []byte{0xa0 | byte(n)}
	case n < 256:
		head = []byte{0xd9, byte(n)}
	}
	quoted := ""
	for _, c := range head {
		quoted += `\x` + strconv.FormatUint(uint64(c)|0x100, 16)[1:]
	}
	return `"` + quoted + strconv.Quote(name)[1:]
}
