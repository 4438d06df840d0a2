package runtime_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// secretName is what variables, fields and functions are called whose value is
// a secret or is compared with one.
var secretName = regexp.MustCompile(`(?i)(token|secret|signature|hmac|mac|digest|password|bearer)$`)

// TestSecretsAreComparedInConstantTime looks at every comparison of this module's
// runtime and stores: one whose operand is called like a secret must be made by
// hmac.Equal or package subtle. A comparison with a constant is none.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "storetest") {
			return err
		}
		files++
		for _, found := range leakyComparisons(t, path, nil) {
			t.Errorf("%s: use hmac.Equal or subtle.ConstantTimeCompare", found)
		}
		return nil
	})
	if err != nil || files < 40 {
		t.Fatalf("%d files, %v", files, err)
	}
	const bad = `package p
func f(token, want string, mac []byte, s struct{ Signature, key string }) bool {
	return token == want || want != s.Signature || string(mac) == want || bytes.Equal(mac, nil) ||
		bytes.Equal([]byte(want), mac[:4]) || strings.EqualFold(want, sign(token)) || want == sign(want).MAC
}`
	if got := leakyComparisons(t, "bad.go", bad); len(got) != 6 {
		t.Errorf("of six comparisons it finds %q", got)
	}
	const good = `package p
func f(token, want string, mac []byte) bool {
	return token == "" || len(token) != len(want) || mac == nil || hmac.Equal(mac, []byte(want)) || want == "token" || token == none || strings.HasPrefix(token, "s:")
}
const none = "none"`
	if got := leakyComparisons(t, "good.go", good); len(got) != 0 {
		t.Errorf("of no comparison it finds %q", got)
	}
}

// leakyComparisons returns the comparisons of secrets in a file whose time tells
// where they differ.
func leakyComparisons(t *testing.T, path string, src any) (found []string) {
	t.Helper()
	files := token.NewFileSet()
	var text any
	if src != nil {
		text = src
	}
	file, err := parser.ParseFile(files, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]bool{"nil": true, "true": true, "false": true}
	ast.Inspect(file, func(n ast.Node) bool {
		if decl, ok := n.(*ast.GenDecl); ok && decl.Tok == token.CONST {
			for _, spec := range decl.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					constants[name.Name] = true
				}
			}
		}
		return true
	})
	check := func(n ast.Node, operands ...ast.Expr) {
		secret := false
		for _, x := range operands {
			name, constant := nameOf(x)
			if constant || constants[name] {
				return
			}
			secret = secret || secretName.MatchString(name)
		}
		if secret {
			found = append(found, files.Position(n.Pos()).String())
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				check(n, n.X, n.Y)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) == 2 {
				switch p, _ := nameOf(f.X); p + "." + f.Sel.Name {
				case "bytes.Equal", "bytes.Compare", "bytes.EqualFold", "bytes.HasPrefix", "strings.Compare", "strings.EqualFold",
					"strings.HasPrefix", "strings.HasSuffix", "slices.Equal", "slices.Compare", "reflect.DeepEqual", "cmp.Compare":
					check(n, n.Args...)
				}
			}
		}
		return true
	})
	return found
}

// nameOf returns what an operand is called, and whether it is a literal or a length.
func nameOf(x ast.Expr) (name string, constant bool) {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name, false
	case *ast.BasicLit:
		return "", true
	case *ast.SelectorExpr:
		return x.Sel.Name, false
	case *ast.ParenExpr:
		return nameOf(x.X)
	case *ast.StarExpr:
		return nameOf(x.X)
	case *ast.SliceExpr:
		return nameOf(x.X)
	case *ast.IndexExpr: // one byte, or an element
		return nameOf(x.X)
	case *ast.CallExpr:
		name, _ := nameOf(x.Fun)
		switch _, slice := x.Fun.(*ast.ArrayType); {
		case name == "len" || name == "cap":
			return "", true
		case len(x.Args) == 1 && (slice || !secretName.MatchString(name)): // a conversion, or what is made of a secret
			return nameOf(x.Args[0])
		}
		return name, false
	}
	return "", false
}

// listening is a store that notes all that it is told.
type listening struct {
	*spyStore
	heard bytes.Buffer
}

func (l *listening) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := l.spyStore.Bind(setup)
	parts.Records = l
	return parts, err
}

func (l *listening) hear(values ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range values {
		if rec, ok := v.(sess.Record); ok {
			l.heard.Write(rec.Data)
			for _, e := range rec.Index {
				l.heard.Write(e.Sum[:])
			}
			continue
		}
		fmt.Fprintln(&l.heard, v)
	}
}

func (l *listening) Load(ctx context.Context, key string) (sess.Record, error) {
	l.hear(key)
	return l.spyStore.Load(ctx, key)
}

func (l *listening) Create(ctx context.Context, key string, rec sess.Record) error {
	l.hear(key, rec)
	return l.spyStore.Create(ctx, key, rec)
}

func (l *listening) Update(ctx context.Context, key string, old, rec sess.Record) error {
	l.hear(key, old, rec)
	return l.spyStore.Update(ctx, key, old, rec)
}

func (l *listening) Touch(ctx context.Context, key string, old sess.Record, expires time.Time) error {
	l.hear(key, old)
	return l.spyStore.Touch(ctx, key, old, expires)
}

func (l *listening) Delete(ctx context.Context, key string, old sess.Record) error {
	l.hear(key, old)
	return l.spyStore.Delete(ctx, key, old)
}

// TestStoreNeverHearsTheToken is promise 8: neither a token, in text or in
// bytes, nor the value of an index reaches the store or the log; the key is the
// documented hash.
func TestStoreNeverHearsTheToken(t *testing.T) {
	l := &listening{spyStore: &spyStore{Store: newMemory(t)}}
	a := newApp(t, l)
	b := a.browser()
	var tokens []string
	step := func(f func(*shop.Session)) {
		b.see(f)
		tokens = append(tokens, b.token())
		a.clock.advance(3 * time.Hour)
	}
	step(func(s *shop.Session) { s.SetVisits(1) })
	first := tokens[0]
	b.see(func(s *shop.Session) {
		raw, err := base64.RawURLEncoding.DecodeString(first)
		must(t, err)
		sum := sha256.Sum256(append([]byte("session\x00"), raw...))
		if want := base64.RawURLEncoding.EncodeToString(sum[:]); s.ID() != want {
			t.Errorf("the key is %s, want %s", s.ID(), want)
		}
	})
	step(func(s *shop.Session) { s.SetUserID("u1") })
	step(func(s *shop.Session) { s.Renew() })
	step(func(s *shop.Session) { s.Visits() })
	step(func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") })
	step(func(s *shop.Session) { s.SetSecret(strings.Repeat("x", 100_000)) }) // refused, and logged
	for _, token := range tokens {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(raw) != 32 {
			t.Fatalf("%q, %v", token, err)
		}
		for what, text := range map[string]string{"store": l.heard.String(), "log": a.logs.String()} {
			if strings.Contains(text, token) || strings.Contains(text, string(raw)) || strings.Contains(text, fmt.Sprintf("%x", raw)) {
				t.Errorf("the %s has the token", what)
			}
		}
	}
	if !strings.Contains(a.logs.String(), "too large") {
		t.Errorf("log: %s", a.logs)
	}
}
