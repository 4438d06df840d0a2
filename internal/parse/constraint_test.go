package parse

import (
	"slices"
	"testing"
)

func TestNameTags(t *testing.T) {
	for name, want := range map[string][]string{
		"session_gen.go":         nil,
		"linux.go":               nil,
		"a_linux.go":             {"linux"},
		"a_amd64.go":             {"amd64"},
		"a_linux_amd64.go":       {"linux", "amd64"},
		"dir/a_windows_test.go":  {"windows"},
		"a_unix.go":              nil,
		"windows_gen.go":         nil,
		"a_windows.something.go": {"windows"},
	} {
		if got := NameTags(name); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTogether(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"", "windows", true},
		{"", "ignore", false},
		{"", "!ignore", true},
		{"x", "!x", false},
		{"x", "x && y", true},
		{"x && y", "!x || !y", false},
		{"linux", "windows", false},
		{"linux", "!linux && amd64", false},
		{"linux", "amd64", true},
		{"amd64", "arm64", false},
		{"linux", "unix", true},
		{"linux", "!unix", false},
		{"windows", "unix", false},
		{"android", "linux", true},
		{"ios", "linux", false},
		{"a && b && c && d && e && f", "g && h && i && j && k && !a", true}, // not worth the search
	} {
		if together(c.a, c.b) != c.want || together(c.b, c.a) != c.want {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.want)
		}
	}
}
