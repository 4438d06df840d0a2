package emit

import (
	"bytes"
	"go/format"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/runtime"
)

func basic(kind model.Kind, name string) *model.Type { return &model.Type{Kind: kind, Go: name} }

var (
	intType    = basic(model.Int, "int")
	stringType = basic(model.String, "string")
	timeType   = basic(model.Time, "time.Time")
)

// shop is a package with a field of every kind and option.
func shop() *model.Package {
	item := &model.Struct{
		Go: "Item", Append: "appendItem", Read: "readItem", Columns: "itemColumns",
		Fields: []model.StructField{{Path: "SKU", Wire: "sku", Type: stringType}, {Path: "Qty", Wire: "qty", Type: intType}},
	}
	node := &model.Struct{Go: "Node", Append: "appendNode", Read: "readNode", Columns: "nodeColumns", Recursive: true}
	nodeType := &model.Type{Kind: model.StructKind, Go: "Node", Struct: node, Lent: true, Recursive: true}
	nodePointer := &model.Type{Kind: model.Pointer, Go: "*Node", Elem: nodeType, Lent: true, Recursive: true}
	node.Fields = []model.StructField{{Path: "Next", Wire: "next", Type: nodePointer}}
	itemType := &model.Type{Kind: model.StructKind, Go: "Item", Struct: item}
	slice := func(elem *model.Type) *model.Type {
		return &model.Type{Kind: model.Slice, Go: "[]" + elem.Go, Elem: elem, Lent: true}
	}
	mapOf := func(key, elem *model.Type) *model.Type {
		return &model.Type{Kind: model.Map, Go: "map[" + key.Go + "]" + elem.Go, Key: key, Elem: elem, Lent: true}
	}
	pointer := func(elem *model.Type) *model.Type {
		return &model.Type{Kind: model.Pointer, Go: "*" + elem.Go, Elem: elem, Lent: true}
	}
	hash := &model.Type{Kind: model.ByteArray, Go: "[32]byte", Len: 32}
	array := func(elem *model.Type) *model.Type {
		return &model.Type{Kind: model.Array, Go: "[2]" + elem.Go, Len: 2, Elem: elem, Lent: elem.Lent}
	}
	fields := []*model.Field{
		{GoName: "Visits", Type: intType, Doc: "Visits counts the pages that the visitor has seen.\n"},
		{GoName: "UserID", Wire: "user_id", Type: stringType, Principal: true},
		{GoName: "Cart", Type: slice(itemType)},
		{GoName: "Pointers", Type: slice(pointer(itemType))},
		{GoName: "Pair", Type: array(itemType)},
		{GoName: "PairOfPointers", Type: array(pointer(itemType))},
		{GoName: "Hash", Type: hash},
		{GoName: "Hashes", Type: mapOf(stringType, hash)},
		{GoName: "Nested", Type: mapOf(intType, slice(slice(itemType)))},
		{GoName: "Addr", Type: basic(model.Text, "netip.Addr")},
		{GoName: "Addrs", Type: slice(basic(model.Binary, "netip.Addr"))},
		{GoName: "Node", Type: nodeType},
		{GoName: "Qty", Type: mapOf(stringType, intType)},
		{GoName: "Labels", Type: mapOf(stringType, stringType)},
		{GoName: "Theme", Type: stringType, Default: &model.Default{Text: "light", Go: `"light"`}},
		{GoName: "Limit", Type: intType, Default: &model.Default{Text: "10", Go: "10"}, TTL: 7 * 24 * time.Hour},
		{GoName: "Notice", Type: stringType, Flash: true},
		{GoName: "Notices", Type: slice(stringType), Flash: true, TTL: time.Hour},
		{GoName: "StepUp", Wire: "step_up", Type: basic(model.Bool, "bool"), TTL: 15 * time.Minute},
		{GoName: "Recent", Type: slice(stringType), TTL: 1500 * time.Millisecond},
		{GoName: "Tries", Type: mapOf(stringType, intType), TTL: time.Hour},
		{GoName: "Seen", Type: timeType, TTL: time.Hour},
		{GoName: "LoginAt", Wire: "login_at", Type: timeType, Redact: true},
		{GoName: "Style", Type: stringType, Was: []string{"look", "skin"}, Path: "Base.Style"},
		{GoName: "Extra", Type: mapOf(stringType, stringType), Rest: true},
	}
	for _, f := range fields {
		f.Param = strings.ToLower(f.GoName[:1]) + f.GoName[1:]
		if f.Wire == "" {
			f.Wire = f.Param
		}
		if f.Path == "" {
			f.Path = f.GoName
		}
	}
	return &model.Package{
		Path: "example.com/shop", Name: "shop", Constraint: "linux && !race",
		Std: model.Std{Context: "context", Fmt: "fmt", Iter: "iter", Slog: "slog", Time: "time"},
		Imports: []model.Import{
			{Path: "context", Name: "context"},
			{Path: "fmt", Name: "fmt"},
			{Path: "iter", Name: "iter"},
			{Path: "log/slog", Name: "slog"},
			{Path: "net/netip", Name: "netip"},
			{Path: "time", Name: "time"},
			{Path: "unused", Name: "unused"},
			{Path: "example.com/fmt", Name: "fmt2", Alias: true},
			{Path: model.RuntimePath, Name: model.RuntimeName, Alias: true},
		},
		Specs: []*model.Spec{{
			GoName: "session", Name: "Session", Manager: "Sessions", New: "NewSessions",
			Doc: "session is what the shop remembers.\n\n\ta := \"listing\"\n", File: "session.go",
			BagIdent: "sessionBag", FieldsIdent: "sessionFields", SpecIdent: "sessionSpec",
			Fields: fields, Drop: []string{"birthday"},
		}},
		Guards: []*model.Guard{{Type: "session", Literal: []model.GuardField{
			{Type: "Base"},
			{Name: "Visits", Type: "int"},
			{Name: "Odd", Type: "fmt2.Stringish", Tag: "a`b"},
			{Name: "UserID", Type: "string", Tag: `session:"user_id,principal"`},
		}}},
		Structs: []*model.Struct{item, node},
	}
}

func emit(t *testing.T, p *model.Package) string {
	t.Helper()
	out, err := File(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestFileIsFormattedGo(t *testing.T) {
	out := emit(t, shop())
	if _, err := parser.ParseFile(token.NewFileSet(), "session_gen.go", out, 0); err != nil {
		t.Fatal(err)
	}
	formatted, err := format.Source([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if string(formatted) != out {
		t.Error("gofmt would change the output")
	}
	if !strings.HasPrefix(out, Header+"\n\n//go:build linux && !race\n\npackage shop\n\nimport (\n") {
		t.Errorf("the file begins with\n%s", out[:200])
	}
}

func TestFileImportsWhatItMentions(t *testing.T) {
	out := emit(t, shop())
	want := `import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"time"

	fmt2 "example.com/fmt"
	sessrt "github.com/sessiongen/sessiongen/runtime"
)
`
	if !strings.Contains(out, want) {
		t.Errorf("imports: got\n%s\nwant\n%s", out[:600], want)
	}

	p := shop()
	p.Specs[0].Fields = p.Specs[0].Fields[:1]
	p.Guards = nil
	p.Structs = nil
	out = emit(t, p)
	for _, path := range []string{"context", "net/netip", "time", "example.com/fmt"} {
		if strings.Contains(out, strconv.Quote(path)) {
			t.Errorf("a spec of one int imports %s", path)
		}
	}
}

func TestFileIsDeterministic(t *testing.T) {
	want, err := File(shop())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		got, err := File(shop())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatal("two runs wrote different bytes")
		}
	}
}

func TestQuoteName(t *testing.T) {
	for _, name := range []string{"a", "beef", "0day", `quo"te`, "naïve", strings.Repeat("f", 31), strings.Repeat("f", 32), strings.Repeat("0", 255), strings.Repeat("x", 256)} {
		got, err := strconv.Unquote(quoteName(name))
		if err != nil {
			t.Fatalf("%s: %v", quoteName(name), err)
		}
		var want []byte
		switch n := len(name); {
		case n < 32:
			want = []byte{0xa0 + byte(n)}
		case n < 256:
			want = []byte{0xd9, byte(n)}
		default:
			want = []byte{0xda, byte(n >> 8), byte(n)}
		}
		if got != string(want)+name {
			t.Errorf("%q is written as %q", name, got)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		15 * time.Minute: "15 minutes", time.Hour: "1 hour", 24 * time.Hour: "24 hours",
		7 * 24 * time.Hour: "7 days", 90 * time.Second: "90 seconds", 1500 * time.Millisecond: "1.5s",
	} {
		if got := words(d); got != want {
			t.Errorf("words(%v) = %q, want %q", d, got, want)
		}
	}
}

// The parser checks the names of Accessors and Finders for clashes, so those and no others are generated.
func TestFileHasTheModelsAccessors(t *testing.T) {
	p := shop()
	out := emit(t, p)
	for _, f := range p.Specs[0].Fields {
		for _, name := range f.Accessors() {
			if !strings.Contains(out, "\nfunc (s *Session) "+name+"(") {
				t.Errorf("no method %s", name)
			}
		}
		for _, name := range f.Finders() {
			if !strings.Contains(out, "\nfunc (m *Sessions) "+name+"(") {
				t.Errorf("no method %s", name)
			}
		}
	}
	want := 5 // All, MarshalJSON, LogValue, Format, SessionFields
	for _, f := range p.Specs[0].Fields {
		want += len(f.Accessors())
	}
	if got := strings.Count(out, "\nfunc (s *Session) "); got != want {
		t.Errorf("%d methods of Session, want %d", got, want)
	}
}

// A type b would be hidden by a parameter b of a function that mentions it.
func TestLocalsHideNoType(t *testing.T) {
	p := shop()
	b := &model.Type{Kind: model.Slice, Go: "[]b", Elem: stringType, Lent: true}
	p.Specs[0].Fields[0].Type = &model.Type{Kind: model.Map, Go: "map[v][]b", Key: basic(model.String, "v"), Elem: b, Lent: true}
	out := emit(t, p)
	for _, want := range []string{
		"func (f *sessionFields) Append(i int, b_ []byte) []byte {",
		"func(b_ []byte, v_ []b) []byte {\n\t\t\treturn sessrt.AppendSlice(b_, v_, sessrt.AppendString)",
		"func(r *sessrt.Reader, v_ *[]b) {",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the output has no %s", want)
		}
	}
}

func TestVersion(t *testing.T) {
	if version != runtime.GeneratorVersion {
		t.Errorf("code is written as of version %d, the runtime's version is %d", version, runtime.GeneratorVersion)
	}
}

// A generated file can be read: what twenty fields take is bounded.
func TestFileIsShort(t *testing.T) {
	p := shop()
	s := p.Specs[0]
	s.Fields, p.Guards, p.Structs = nil, nil, nil
	for i := range 20 {
		name := "Field" + string(rune('A'+i))
		s.Fields = append(s.Fields, &model.Field{GoName: name, Path: name, Wire: name, Param: "v", Type: stringType})
	}
	if n := strings.Count(emit(t, p), "\n"); n > 530 {
		t.Errorf("20 fields of type string take %d lines", n)
	}
}

// 250 fields of a spec take a few milliseconds beside those of go list.
func BenchmarkFile(b *testing.B) {
	p := shop()
	s := p.Specs[0]
	fields := s.Fields
	for s.Fields = nil; len(s.Fields) < 250; {
		s.Fields = append(s.Fields, fields...)
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := File(p); err != nil {
			b.Fatal(err)
		}
	}
}
