package fastifycompat_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every behaviour of the plugin has a test here that is there, or says why it has
// no meaning in Go.
func TestParity(t *testing.T) {
	text, err := os.ReadFile("../../docs/parity-fastify.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			tests[m[1]] = true
		}
	}
	want := map[string]int{"The plugin's tests": 49, "Options": 10, "Methods": 11}
	kept, without := 0, 0
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		rows := 0
		for line := range strings.Lines(body) {
			name, how, ok := strings.Cut(strings.Trim(strings.TrimSpace(line), "|"), " | ")
			if !ok || strings.Contains(how, "kept by") || strings.Contains(how, "---") {
				continue
			}
			rows++
			named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(how, -1)
			switch reason, no := strings.CutPrefix(strings.TrimSpace(how), "not applicable: "); {
			case no && len(reason) > 20 && len(named) == 0:
				without++
			case no || len(named) == 0:
				t.Errorf("%s: neither a test nor a reason", name)
			default:
				kept++
			}
			for _, m := range named {
				if !tests[m[1]] {
					t.Errorf("%s: there is no %s", name, m[1])
				}
			}
		}
		if rows != want[title] {
			t.Errorf("%s: %d rows, not %d", title, rows, want[title])
		}
		delete(want, title)
	}
	if len(want) > 0 {
		t.Errorf("no part for %v", want)
	}
	t.Logf("%d kept, %d not applicable", kept, without)
}
