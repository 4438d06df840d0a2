package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// field writes what belongs to one field, number i of its spec.
type field struct {
	spec
	*model.Field
	i int
}

// accessors emits the methods of the field, in the order of the documentation's table.
func (f field) accessors() {
	if f.Flash {
		f.presence()
		f.take()
		f.claim()
	} else {
		f.get()
		f.presence()
		f.update()
	}
	switch {
	case f.Type.Kind == model.Slice:
		f.append()
	case f.Flash:
	case f.Type.Number():
		f.add()
	case f.Type.Kind == model.Map:
		f.put()
		f.delete()
		if f.Type.Elem.Number() {
			f.addKey()
		}
	}
}

// get emits the getter:
//
//	// Visits counts the pages that the visitor has seen.
//	// It is field Visits of session in session.go.
//	func (s *Session) Visits() int { return s.v.Visits }
//
// of a field with a default or a ttl:
//
//	func (s *Session) Theme() string {
//		if !sessrt.Has(&s.sessionBag, 7) {
//			return "light"
//		}
//		return s.v.Theme
//	}
//
// and of a slice, a map or a pointer:
//
//	func (s *Session) Cart() []Item { return sessrt.Lend(&s.sessionBag, 3, s.v.Cart) }
func (f field) get() {
	var code []jen.Code
	switch {
	case f.Default != nil:
		code = append(code, jen.If(jen.Op("!").Add(f.live())).Block(jen.Return(jen.Id(f.Default.Go))))
	case f.TTL > 0:
		code = append(code, jen.If(jen.Op("!").Add(f.live())).Block(f.returnZero()...))
	}
	value := f.value()
	if f.Type.Lent {
		value = f.call("Lend", value)
	}
	f.method(f.about(), f.GoName, nil, typ(f.Type), append(code, jen.Return(value))...)
}

// update emits
//
//	// UpdateVisits sets Visits to what f makes of it; f must be pure: a conflict calls it again.
//	func (s *Session) UpdateVisits(f func(int) int) { sessrt.Update(s.SessionFields(), 0, f) }
//
// and of a time.Time, whose result is made an instant:
//
//	sessrt.UpdateTime(s.SessionFields(), 14, f)
//
// or of what has times in it:
//
//	sessrt.Update(s.SessionFields(), 15, func(event Event) Event {
//		event = f(event)
//		event.At = sessrt.Instant(event.At)
//		return event
//	})
func (f field) update() {
	function, change := "Update", jen.Id("f")
	if holdsTimes(f.Type) {
		code := append([]jen.Code{jen.Id(f.Param).Op("=").Id("f").Call(jen.Id(f.Param))}, f.instants(f.Type, f.Param, 0)...)
		change = jen.Func().Add(params(f.Type.Go, f.param())).Add(typ(f.Type)).Block(append(code, jen.Return(jen.Id(f.Param)))...)
	}
	if f.Type.Kind == model.Time {
		function = "UpdateTime"
	}
	f.method(f.updateDoc(), "Update"+f.GoName,
		[]jen.Code{jen.Id("f").Func().Params(typ(f.Type)).Add(typ(f.Type))}, nil,
		f.restart([]jen.Code{rt(function).Call(jen.Id(f.local.s).Dot("SessionFields").Call(), jen.Lit(f.i), change)})...)
}

// take emits
//
//	// TakeNotice returns Notice and removes it.
//	func (s *Session) TakeNotice() string { return sessrt.Take(&s.sessionBag, 9, &s.v.Notice) }
func (f field) take() {
	var code []jen.Code
	if f.TTL > 0 {
		code = append(code, jen.If(jen.Op("!").Add(f.live())).Block(f.returnZero()...))
	}
	f.method(f.about(), "Take"+f.GoName, nil, typ(f.Type),
		append(code, jen.Return(f.call("Take", f.address())))...)
}

// claim emits
//
//	// ClaimNotice takes Notice and commits at once: of many parallel requests
//	// exactly one gets it, with true.
//	func (s *Session) ClaimNotice(ctx context.Context) (string, bool, error) {
//		return sessrt.Claim(ctx, s.SessionFields(), 9, &s.v.Notice)
//	}
func (f field) claim() {
	f.method(f.claimDoc(), "Claim"+f.GoName,
		[]jen.Code{jen.Id("ctx").Add(jen.Id(f.pkg.Std.Context).Dot("Context"))},
		jen.Params(typ(f.Type), jen.Bool(), jen.Error()),
		jen.Return(rt("Claim").Call(jen.Id("ctx"), jen.Id(f.local.s).Dot("SessionFields").Call(), jen.Lit(f.i), f.address())))
}

// param is the parameter that holds a whole value: userID string.
func (f field) param() jen.Code { return jen.Id(f.Param).Add(typ(f.Type)) }

// value is the field's value: s.v.Base.UserID.
func (f field) value() *jen.Statement { return jen.Id(f.local.s).Dot("v").Dot(f.Path) }

// address points to the field's value: &s.v.Visits.
func (f field) address() *jen.Statement { return jen.Op("&").Add(f.value()) }

// call is a call of the runtime about the field: sessrt.Clear(&s.sessionBag, 0, ...).
func (f field) call(name string, more ...jen.Code) *jen.Statement {
	return rt(name).Call(append([]jen.Code{jen.Op("&").Id(f.local.s).Dot(f.BagIdent), jen.Lit(f.i)}, more...)...)
}

// live tells whether the field has a value: sessrt.Has(&s.sessionBag, 0).
func (f field) live() *jen.Statement {
	if f.TTL > 0 {
		return f.call("HasLive")
	}
	return f.call("Has")
}

// restart ends a change: that of a ttl field starts its time again.
func (f field) restart(code []jen.Code) []jen.Code {
	if f.TTL > 0 {
		code = append(code, f.call("StartTTL", f.duration(f.TTL)))
	}
	return code
}

// dropLapsed begins a change relative to a ttl field's value, which is none
// once its time has passed.
func (f field) dropLapsed() []jen.Code {
	if f.TTL == 0 {
		return nil
	}
	return []jen.Code{jen.If(jen.Op("!").Add(f.live())).Block(f.value().Op("=").Nil())}
}

// returnZero returns the type's zero value. What a marshaler's type is made of
// the model does not tell, hence the variable at the end.
func (f field) returnZero() []jen.Code {
	switch f.Type.Kind {
	case model.Bool:
		return []jen.Code{jen.Return(jen.False())}
	case model.Int, model.Uint, model.Float32, model.Float64:
		return []jen.Code{jen.Return(jen.Lit(0))}
	case model.String:
		return []jen.Code{jen.Return(jen.Lit(""))}
	case model.Bytes, model.Slice, model.Map, model.Pointer:
		return []jen.Code{jen.Return(jen.Nil())}
	case model.Time, model.StructKind, model.Array, model.ByteArray:
		return []jen.Code{jen.Return(typ(f.Type).Values())}
	}
	return []jen.Code{jen.Var().Id("zero").Add(typ(f.Type)), jen.Return(jen.Id("zero"))}
}
