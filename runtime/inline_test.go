package runtime_test

import (
	"os/exec"
	"strings"
	"testing"
)

// What reads and sets a field costs no call: generated accessors are small
// enough for the compiler to put them in the place of their calls, and so is
// what they call.
func TestAccessorsAreInlined(t *testing.T) {
	cmd := exec.Command("go", "build", "-gcflags=-m", "./internal/shop")
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, method := range []string{
		"Visits", "SetVisits", "HasVisits", "ClearVisits", "AddVisits", "UserID", "SetUserID",
		"Cart", "SetCart", "Style", "SetStyle",
	} {
		if !strings.Contains(string(said), "can inline (*Session)."+method+"\n") {
			t.Errorf("%s is not inlined", method)
		}
	}
	for _, function := range []string{"Set[", "Has", "Add[", "Lend[", "SetLent["} {
		if !strings.Contains(string(said), "inlining call to runtime."+function) {
			t.Errorf("%s is not inlined in its accessor", strings.TrimSuffix(function, "["))
		}
	}
}
