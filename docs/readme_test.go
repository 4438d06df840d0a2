package docs

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeCommands checks that what the README tells to run is there.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"go generate ./examples/... && go run ./examples/shop", "go test ./..."} {
		if !strings.Contains(string(readme), command+"\n") {
			t.Errorf("the README does not say %q", command)
		}
	}
}
