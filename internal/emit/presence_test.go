package emit

import (
	"strings"
	"testing"

	"mvdan.cc/gofumpt/format"

	"github.com/sessiongen/sessiongen/internal/model"
)

// The setter and its like are one group as long as each fits a line, whatever
// the length of a name: else gofumpt wants empty lines between them.
func TestPresenceFitsLines(t *testing.T) {
	p := shop()
	s := p.Specs[0]
	p.Guards, p.Structs = nil, nil
	grouped := 0
	for n := 1; n <= 60; n++ {
		name := "F" + strings.Repeat("a", n)
		s.Fields = nil
		for _, typ := range []*model.Type{stringType, intType, timeType, {Kind: model.Slice, Go: "[]string", Elem: stringType, Lent: true}} {
			s.Fields = append(s.Fields, &model.Field{GoName: name, Path: name, Wire: name, Param: strings.ToLower(name), Type: typ})
		}
		out := emit(t, p)
		formatted, err := format.Source([]byte(out), format.Options{LangVersion: "go1.26"})
		if err != nil {
			t.Fatal(err)
		}
		if string(formatted) != out {
			t.Errorf("gofumpt would change the accessors of %s:\n%s", name, formatted)
		}
		grouped += strings.Count(out, "; Has"+name+" tells whether it is set")
	}
	if grouped < 20 || grouped > 200 {
		t.Errorf("%d of 240 fields have a group", grouped)
	}
}
