package emit

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"mvdan.cc/gofumpt/format"

	"github.com/sessiongen/sessiongen/internal/model"
)

// The setter and its like are one group as long as each fits a line, whatever
// the length of a name: no group has a function of several lines.
func TestPresenceFitsLines(t *testing.T) {
	p := shop()
	s := p.Specs[0]
	p.Guards, p.Structs = nil, nil
	s.Fields = nil
	for _, typ := range []*model.Type{stringType, intType, timeType, {Kind: model.Slice, Go: "[]string", Elem: stringType, Lent: true}} {
		for n := 1; n <= 60; n++ {
			name := string(rune('A'+len(s.Fields)/60)) + strings.Repeat("a", n)
			s.Fields = append(s.Fields, &model.Field{GoName: name, Path: name, Wire: name, Param: strings.ToLower(name), Type: typ})
		}
	}
	out := emit(t, p)
	formatted, err := format.Source([]byte(out), format.Options{LangVersion: "go1.26"})
	if err != nil {
		t.Fatal(err)
	}
	if string(formatted) != out {
		t.Errorf("gofumpt would change the accessors:\n%s", diff.Diff("output", []byte(out), "gofumpt", formatted))
	}
	if at := strings.Index(out, "\n}\nfunc "); at >= 0 {
		t.Errorf("a group has a function of several lines:\n%s", out[max(at-200, 0):min(at+200, len(out))])
	}
	if n := strings.Count(out, " tells whether it is set, Clear"); n < 20 || n > 200 {
		t.Errorf("%d of %d fields have a group", n, len(s.Fields))
	}
}
