package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/internal/emit"
	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/internal/parse"
)

// Twenty runs over the same source write the same bytes.
func TestOutputIsDeterministic(t *testing.T) {
	var first []byte
	for range 20 {
		result, err := parse.Load(t.Context(), parse.Options{Dir: ".", Output: defaultOutput}, "../../runtime/internal/shop")
		if err != nil {
			t.Fatal(err)
		}
		out, err := emit.File(result.Packages[0])
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out
		}
		if !bytes.Equal(out, first) {
			t.Fatal("two runs wrote different bytes")
		}
	}
}

func testCommand(dir string) (*command, *bytes.Buffer) {
	var stderr bytes.Buffer
	return &command{dir: dir, output: defaultOutput, stdout: &stderr, stderr: &stderr}, &stderr
}

// A run by "go tool" looks at every package of the command first, so that what
// the runtime needs has no place in it.
func TestCommandIsSmall(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		if pkg == "net/http" || strings.HasPrefix(pkg, model.RuntimePath) {
			t.Errorf("the command depends on %s", pkg)
		}
	}
}
