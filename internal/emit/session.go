package emit

import "github.com/dave/jennifer/jen"

// session emits the session's type. The bag is embedded through an alias that
// is not exported, so that the session has its methods but no field s.Bag:
//
//	type sessionBag = sessrt.Bag
//
//	// Session is the typed session of session in session.go.
//	//
//	// session is what the shop remembers about a visitor.
//	type Session struct {
//		sessionBag
//		v session
//	}
func (s spec) session() {
	s.emit(jen.Type().Id(s.BagIdent).Op("=").Add(rt("Bag")))
	text := []string{s.Name + " is the typed session of " + s.GoName + " in " + s.File + "."}
	if s.Doc != "" {
		text = append(text, s.Doc)
	}
	s.emit(
		doc(text...),
		jen.Type().Id(s.Name).Struct(jen.Id(s.BagIdent), jen.Id("v").Id(s.GoName)),
	)
}

// listing emits what shows the whole session, and the door to it for the
// runtime, which does the work:
//
//	// All yields wire name and value of every field that is set, except redacted ones.
//	func (s *Session) All() iter.Seq2[string, any] { return sessrt.All(s.SessionFields()) }
func (s spec) listing() {
	call := func(name string, more ...jen.Code) jen.Code {
		return jen.Return(rt(name).Call(append([]jen.Code{jen.Id(s.local.s).Dot("SessionFields").Call()}, more...)...))
	}
	s.method([]string{"All yields wire name and value of every field that is set, except redacted ones."},
		"All", nil, jen.Id(s.pkg.Std.Iter).Dot("Seq2").Types(jen.String(), jen.Any()), call("All"))
	s.method([]string{"MarshalJSON returns the session as JSON, without redacted fields."},
		"MarshalJSON", nil, jen.Params(jen.Index().Byte(), jen.Error()), call("MarshalJSON"))
	s.method([]string{"LogValue returns the session for a log, without redacted fields."},
		"LogValue", nil, jen.Id(s.pkg.Std.Slog).Dot("Value"), call("LogValue"))
	s.method([]string{"Format prints the session without redacted fields, whatever the verb."},
		"Format", []jen.Code{jen.Id("state").Add(jen.Id(s.pkg.Std.Fmt).Dot("State")), jen.Id("verb").Rune()}, nil,
		rt("Print").Call(jen.Id(s.local.s).Dot("SessionFields").Call(), jen.Id("state"), jen.Id("verb")))
	s.method([]string{"SessionFields gives the runtime access to the fields."},
		"SessionFields", nil, rt("Fields"), jen.Return(jen.Parens(ptr(s.FieldsIdent)).Parens(jen.Id(s.local.s))))
}

// method emits a documented method of the session.
func (s spec) method(text []string, name string, list []jen.Code, results jen.Code, statements ...jen.Code) {
	s.emit(doc(text...), s.head(name, jen.Params(list...), results).Add(body(statements...)))
}

// method emits a documented method of the session about the field.
func (f field) method(text []string, name string, list []jen.Code, results jen.Code, statements ...jen.Code) {
	code := body(statements...)
	if multiline(f.Type.Go) {
		code = jen.Block(statements...)
	}
	f.emit(doc(text...), f.head(name, params(f.Type.Go, list...), results).Add(code))
}

// head is a method up to its body: func (s *Session) Visits() int.
func (s spec) head(name string, list, results jen.Code) *jen.Statement {
	head := jen.Func().Params(jen.Id(s.local.s).Op("*").Id(s.Name)).Id(name).Add(list)
	if results != nil {
		head.Add(results)
	}
	return head
}
