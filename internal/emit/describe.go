package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// describe emits what the runtime knows about the fields:
//
//	var sessionSpec = sessrt.NewSpec("shop.Session", []sessrt.Field{
//		{Name: "visits", Merge: sessrt.MergeNumber},
//		{Name: "user_id", Principal: true},
//	}, "birthday")
func (s spec) describe() {
	var fields []jen.Code
	for i, f := range s.Fields {
		fields = append(fields, field{s, f, i}.describe())
	}
	args := []jen.Code{
		jen.Lit(s.pkg.Name + "." + s.Name),
		jen.Index().Add(rt("Field")).Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: len(fields) > 0}, fields...),
	}
	for _, name := range s.Drop {
		args = append(args, jen.Lit(name))
	}
	s.emit(jen.Var().Id(s.SpecIdent).Op("=").Add(rt("NewSpec")).Call(args...))
}

// describe is one line of it, with the options that the field has.
func (f field) describe() jen.Code {
	options := []jen.Code{option("Name", jen.Lit(f.Wire))}
	if len(f.Was) > 0 {
		var names []jen.Code
		for _, name := range f.Was {
			names = append(names, jen.Lit(name))
		}
		options = append(options, option("Was", jen.Index().String().Values(names...)))
	}
	if name := f.merge(); name != "" {
		options = append(options, option("Merge", rt(name)))
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"Index", f.Index}, {"Principal", f.Principal}, {"Flash", f.Flash}, {"Redact", f.Redact}, {"Rest", f.Rest}} {
		if flag.set {
			options = append(options, option(flag.name, jen.True()))
		}
	}
	if f.TTL > 0 {
		options = append(options, option("TTL", f.duration(f.TTL)))
	}
	return jen.Values(options...)
}

func option(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }

// merge names how parallel changes of the field are combined, "" for the later
// one wins. It follows from the accessors that the field has.
func (f field) merge() string {
	switch {
	case f.Type.Kind == model.Slice:
		return "MergeSlice"
	case f.Flash:
		return ""
	case f.Type.Number():
		return "MergeNumber"
	case f.Type.Kind == model.Map && f.Type.Elem.Number():
		return "MergeCounts"
	case f.Type.Kind == model.Map:
		return "MergeMap"
	}
	return ""
}
