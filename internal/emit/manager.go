package emit

import "github.com/dave/jennifer/jen"

// manager emits the type that an application opens once:
//
//	// Sessions manages the sessions of type [Session].
//	type Sessions struct {
//		*sessrt.Sessions[Session]
//	}
func (s spec) manager() {
	s.emit(
		doc(s.Manager+" manages the sessions of type ["+s.Name+"]."),
		jen.Type().Id(s.Manager).Struct(jen.Op("*").Add(rt("Sessions")).Types(jen.Id(s.Name))),
	)
	s.newManager()
	for i, f := range s.Fields {
		if f.Index || f.Principal {
			field{s, f, i}.findBy()
			field{s, f, i}.destroyBy()
		}
	}
}

// newManager emits the manager's constructor:
//
//	// NewSessions returns the manager of the sessions in store.
//	func NewSessions(store sessrt.Store, config sessrt.Config) (*Sessions, error) {
//		sessions, err := sessrt.New[Session](store, config)
//		if err != nil {
//			return nil, err
//		}
//		return &Sessions{sessions}, nil
//	}
func (s spec) newManager() {
	s.emit(
		doc(s.New+" returns the manager of the sessions in store."),
		jen.Func().Id(s.New).
			Params(jen.Id("store").Add(rt("Store")), jen.Id("config").Add(rt("Config"))).
			Params(ptr(s.Manager), jen.Error()).
			Block(
				jen.List(jen.Id("sessions"), jen.Err()).Op(":=").Add(rt("New")).Types(jen.Id(s.Name)).
					Call(jen.Id("store"), jen.Id("config")),
				jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err())),
				jen.Return(jen.Op("&").Id(s.Manager).Values(jen.Id("sessions")), jen.Nil()),
			),
	)
}

// findBy emits the look-up by an index or principal:
//
//	// FindByUserID yields the sessions whose UserID is userID.
//	func (m *Sessions) FindByUserID(ctx context.Context, userID string) iter.Seq2[*Session, error] {
//		return sessrt.FindBy(ctx, m.Sessions, 1, userID)
//	}
func (f field) findBy() {
	name := "FindBy" + f.GoName
	f.emit(
		doc(name+" yields the sessions whose "+f.GoName+" is "+f.Param+"."),
		jen.Func().Params(jen.Id(f.local.m).Op("*").Id(f.Manager)).Id(name).
			Params(jen.Id("ctx").Add(jen.Id(f.pkg.Std.Context).Dot("Context")), f.param()).
			Add(jen.Id(f.pkg.Std.Iter).Dot("Seq2")).Types(ptr(f.Name), jen.Error()).
			Add(oneLine(jen.Return(rt("FindBy").Call(jen.Id("ctx"), jen.Id(f.local.m).Dot("Sessions"), jen.Lit(f.i), jen.Id(f.Param))))),
	)
}

// destroyBy emits log out everywhere, or everywhere else:
//
//	// DestroyByUserID destroys the sessions whose UserID is userID and returns how many they were.
//	func (m *Sessions) DestroyByUserID(ctx context.Context, userID string, options ...sessrt.DestroyOption) (int, error) {
//		return sessrt.DestroyBy(ctx, m.Sessions, 1, userID, options...)
//	}
func (f field) destroyBy() {
	name := "DestroyBy" + f.GoName
	f.emit(
		doc(name+" destroys the sessions whose "+f.GoName+" is "+f.Param+" and returns how many they were."),
		jen.Func().Params(jen.Id(f.local.m).Op("*").Id(f.Manager)).Id(name).
			Params(jen.Id("ctx").Add(jen.Id(f.pkg.Std.Context).Dot("Context")), f.param(), jen.Id("options").Op("...").Add(rt("DestroyOption"))).
			Params(jen.Int(), jen.Error()).
			Add(oneLine(jen.Return(rt("DestroyBy").Call(jen.Id("ctx"), jen.Id(f.local.m).Dot("Sessions"), jen.Lit(f.i), jen.Id(f.Param), jen.Id("options").Op("..."))))),
	)
}
