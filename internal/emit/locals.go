package emit

import "github.com/sessiongen/sessiongen/internal/model"

// locals are the names of receivers, parameters and variables of the output
// that stand beside type names. A package may have a type called b; then a
// parameter b of a codec would hide it.
type locals struct {
	s string // receiver: the session
	m string // receiver: the manager; in Merge: mine
	f string // receiver: the fields
	b string // bytes to append to; in Merge: base
	r string // the reader
	v string // a value
	i string // number of a field or column
}

// chooseLocals returns the usual names, with an underscore where a type or an
// import has the name.
func chooseLocals(p *model.Package) locals {
	var spelled []byte
	for _, s := range p.Specs {
		for _, f := range s.Fields {
			spelled = append(append(spelled, f.Type.Go...), '\n')
		}
	}
	for _, s := range p.Structs {
		spelled = append(append(spelled, s.Go...), '\n')
		for _, f := range s.Fields {
			spelled = append(append(spelled, f.Type.Go...), '\n')
		}
	}
	taken := identifiers(spelled)
	free := func(name string) string {
		for taken[name] {
			name += "_"
		}
		return name
	}
	return locals{free("s"), free("m"), free("f"), free("b"), free("r"), free("v"), free("i")}
}
