package parse

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"
)

func TestReachesShared(t *testing.T) {
	const src = `package p
import "time"
type (
	Plain  struct{ A int; B string; C [3]bool; T time.Time }
	Slice  struct{ P Plain; S []int }
	Map    struct{ M map[int]int }
	Ptr    struct{ P *int }
	Chan   struct{ C chan int }
	Func   struct{ F func() }
	Iface  struct{ I any }
	Self   struct{ S *Self }
	Array  [2]Slice
	Fixed  [2]Plain
	Loc    time.Location
)`
	want := map[string]bool{"Slice": true, "Map": true, "Ptr": true, "Chan": true, "Func": true, "Iface": true, "Self": true, "Array": true, "Loc": true}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := conf.Check("p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pkg.Scope().Names() {
		if got := reachesShared(pkg.Scope().Lookup(name).Type(), nil); got != want[name] {
			t.Errorf("%s: %v", name, got)
		}
	}
}
