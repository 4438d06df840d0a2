package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/internal/parse"
	"github.com/sessiongen/sessiongen/internal/schema"
)

// TestSchemaExample checks that -schema prints for the spec of schema.md what
// schema.md says.
func TestSchemaExample(t *testing.T) {
	page := read(t, "schema.md")
	block := func(language string) string {
		_, rest, ok := strings.Cut(page, "```"+language+" schema\n")
		text, _, end := strings.Cut(rest, "```\n")
		if !ok || !end {
			t.Fatalf("schema.md has no block %s schema", language)
		}
		return text
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":          "module example.com\n\ngo 1.26.0\n",
		"shop/session.go": block("go"),
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	result, err := parse.Load(t.Context(), parse.Options{Dir: dir, Env: append(os.Environ(), "GOWORK=off", "GOFLAGS=")}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	got, err := schema.Of(result.Packages).Print()
	if err != nil {
		t.Fatal(err)
	}
	if want := block("json"); string(got) != want {
		t.Errorf("schema.md shows\n%s\nand -schema prints\n%s", want, got)
	}
}

// TestSchemaKeys checks that schema.md describes every key that -schema prints,
// and no other.
func TestSchemaKeys(t *testing.T) {
	page := read(t, "schema.md")
	_, table, _ := strings.Cut(page, "| key | of | meaning |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	described := map[string]bool{}
	for line := range strings.Lines(table) {
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			described[key[1]] = true
		}
	}
	known := map[string]bool{}
	for _, v := range []any{schema.Schema{}, schema.Session{}, schema.Field{}, schema.Struct{}, schema.Column{}, schema.Stored{}} {
		for f := range reflect.TypeOf(v).Fields() {
			if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "-" {
				known[key] = true
				if !described[key] {
					t.Errorf("schema.md does not describe %s.%s, the key %s", reflect.TypeOf(v), f.Name, key)
				}
			}
		}
	}
	for key := range described {
		if !known[key] {
			t.Errorf("schema.md describes the key %s, which there is not", key)
		}
	}
}

// TestSchemaRules checks that schema.md lists the rules of breaking, in order.
func TestSchemaRules(t *testing.T) {
	page := read(t, "schema.md")
	_, table, _ := strings.Cut(page, "| rule | class | what changed | what it means |\n| --- | --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	lines := strings.Split(table, "\n")
	if len(lines) != len(schema.Rules) {
		t.Errorf("schema.md has %d rules, and there are %d", len(lines), len(schema.Rules))
	}
	for i, r := range schema.Rules {
		if want := fmt.Sprintf("| `%s` | %s | %s | ", r.ID, r.Class, r.Means); i < len(lines) && !strings.HasPrefix(lines[i], want) {
			t.Errorf("schema.md says\n%s\nwhere the rule is\n%s", lines[i], want)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
