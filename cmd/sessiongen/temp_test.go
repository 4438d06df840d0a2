package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// What a killed run left is removed by the next; what a running one is about to
// rename stays, and so does what only looks like a temporary file.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	alive := os.Getppid()
	keep := []string{
		fmt.Sprintf(".session_gen.go.%d-1.tmp", alive),
		".session_gen.go.swp", ".session_gen.go.1.tmp", ".session_gen.go.x-1.tmp", ".session_gen.go.-1.tmp",
		fmt.Sprintf(".other.go.%d-1.tmp", dead.Process.Pid),
		fmt.Sprintf("session_gen.go.%d-1.tmp", dead.Process.Pid),
	}
	remove := []string{
		fmt.Sprintf(".session_gen.go.%d-1.tmp", dead.Process.Pid),
		fmt.Sprintf(".session_gen.go.%d-4294967295.tmp", dead.Process.Pid),
		fmt.Sprintf(".session_gen.go.%d-1.tmp", os.Getpid()),
	}
	for _, name := range append(slices.Clone(keep), remove...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sweep(filepath.Join(dir, "session_gen.go"))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	slices.Sort(keep)
	if !slices.Equal(left, keep) {
		t.Errorf("left:\n%q\nwant:\n%q", left, keep)
	}
}

// The names that are written are those that are swept.
func TestTempNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "session_gen.go")
	for range 100 {
		f, err := createTemp(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if pid, ok := writer(filepath.Base(f.Name()), path); !ok || pid != os.Getpid() {
			t.Fatalf("%s: %d, %v", f.Name(), pid, ok)
		}
	}
}
