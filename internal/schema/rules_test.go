package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every rule is shown by a script of testdata, in what breaking prints.
func TestEveryRuleHasAScript(t *testing.T) {
	scripts, err := filepath.Glob("../../testdata/breaking-*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, r := range Rules {
		if !strings.Contains(all.String(), "["+r.ID+"]\n") {
			t.Errorf("no script prints a change by the rule %s", r.ID)
		}
	}
}
