//go:build unix

package main

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asOther returns the test binary, running one test in this process's place:
// as a user who may not write everywhere, if this one may.
func asOther(t *testing.T, test, dir string) *exec.Cmd {
	t.Helper()
	// The binary and its directory may be closed to the other user.
	bin := filepath.Join(t.TempDir(), "test")
	content, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bin, content, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-test.run=^"+test+"$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "SESSIONGEN_TEST_DIR="+dir)
	if os.Getuid() == 0 {
		for _, d := range []string{filepath.Dir(bin), dir} {
			open(t, d)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return cmd
}

// open lets every user into the temporary directory of a test.
func open(t *testing.T, dir string) {
	t.Helper()
	for ; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil {
			t.Fatal(err)
		} else if err := os.Chmod(dir, info.Mode().Perm()|0o055); err != nil {
			t.Fatal(err)
		}
	}
}

// A directory that may not be written to stops the run before any file
// changed, and the error names the file that was to be there.
func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("SESSIONGEN_TEST_DIR"); dir != "" {
		writeTwo(t, dir, "b/x.go: the generated code can't be written there: permission denied; correct that and run it again")
		return
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a", "x.go"), "old\n")
	put(t, filepath.Join(dir, "b", "x.go"), "old\n")
	if err := os.Chmod(filepath.Join(dir, "a"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "b"), 0o555); err != nil {
		t.Fatal(err)
	}
	out, err := asOther(t, "TestReadOnlyDirectory", dir).CombinedOutput()
	os.Chmod(filepath.Join(dir, "b"), 0o777)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	bothOld(t, dir)
}

// A disk without room for the second file leaves the first as it was. A limit
// on the size of files stands for the full disk: the write fails half-way too.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("SESSIONGEN_TEST_DIR"); dir != "" {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: 1000}); err != nil {
			t.Fatal(err)
		}
		writeTwo(t, dir, "b/x.go: the generated code can't be written there: file too large; correct that and run it again")
		return
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a", "x.go"), "old\n")
	put(t, filepath.Join(dir, "b", "x.go"), "old\n")
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoRoom$", "-test.v")
	cmd.Env = append(os.Environ(), "SESSIONGEN_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	bothOld(t, dir)
}

// writeTwo writes a short file and a long one, which fails.
func writeTwo(t *testing.T, dir, want string) {
	c, stderr := testCommand(dir)
	var outputs []output
	for name, size := range map[string]int{"a": 10, "b": 5000} {
		o := output{path: filepath.Join(dir, name, "x.go"), content: []byte(strings.Repeat("n", size))}
		if err := c.readOld(&o); err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, o)
	}
	if code := c.write(t.Context(), outputs, nil); code != trouble || stderr.String() != "sessiongen: "+want+"\n" {
		t.Errorf("status %s, printed %q", strconv.Itoa(code), stderr)
	}
}

func bothOld(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"a", "b"} {
		if content, err := os.ReadFile(filepath.Join(dir, name, "x.go")); err != nil || string(content) != "old\n" {
			t.Errorf("%s/x.go holds %q, %v", name, content, err)
		}
	}
	noTemp(t, dir)
}

// An interrupt ends a run with all files old, or, once it writes, with all
// new; nothing temporary stays.
func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	root, outputs := tree(t, 10)
	fields := []string{"Visits", "Views"}
	old := fields[0]
	for i, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGINT, syscall.SIGTERM} {
		new := fields[(i+1)%2]
		edit(t, outputs, new)
		cmd, out := process(root, "./...")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		var err error
		go func() {
			err = cmd.Wait()
			close(ended)
		}()
		if i%2 == 0 {
			awaitTemp(root, ended)
		} else {
			time.Sleep(30 * time.Millisecond) // about when the go command is asked
		}
		cmd.Process.Signal(sig)
		<-ended
		want := new
		if err != nil {
			want = old
			// Before main has begun, the signal ends the process as it does any other.
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() && (cmd.ProcessState.ExitCode() != trouble || out.String() != "sessiongen: interrupted: nothing was written; run it again\n") {
				t.Errorf("%v: %s", err, out)
			}
		}
		for _, output := range outputs {
			if !changed(output, want) {
				t.Errorf("after %v (%v) %s is not for %s", sig, err, output, want)
			}
		}
		noTemp(t, root)
		if cmd, out := process(root, "./..."); cmd.Run() != nil {
			t.Fatal(out)
		}
		old = new
	}
}
