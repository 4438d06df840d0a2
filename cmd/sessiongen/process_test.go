package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/emit"
)

// The tests here run the command as a process of its own, since they stop it or
// run several at once.

// TestProcess is no test: it is the command, run by other tests.
func TestProcess(t *testing.T) {
	if os.Getenv("SESSIONGEN_TEST_PROCESS") == "" {
		return
	}
	_, args, _ := strings.Cut(strings.Join(os.Args, "\n"), "\n--\n")
	os.Args = append([]string{"sessiongen"}, strings.Fields(args)...)
	main()
}

// process returns the command, to be run in dir.
func process(dir string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestProcess$", "--"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SESSIONGEN_TEST_PROCESS=1", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// tree makes a module of n packages with a spec each, whose outputs are there
// from before an edit.
func tree(t *testing.T, n int) (root string, outputs []string) {
	t.Helper()
	root = t.TempDir()
	put(t, filepath.Join(root, "go.mod"), "module example.com/tree\n\ngo 1.26\n")
	for i := range n {
		outputs = append(outputs, filepath.Join(root, fmt.Sprintf("p%d", i), defaultOutput))
	}
	edit(t, outputs, "Visits")
	if cmd, out := process(root, "./..."); cmd.Run() != nil {
		t.Fatal(out)
	}
	return root, outputs
}

// edit writes the spec beside each output: a field of the given name.
func edit(t *testing.T, outputs []string, field string) {
	t.Helper()
	for _, output := range outputs {
		pkg := filepath.Base(filepath.Dir(output))
		put(t, filepath.Join(filepath.Dir(output), "session.go"), "package "+pkg+"\n\n//sessiongen:session\ntype session struct{ "+field+" int }\n")
	}
}

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// whole tells whether src is a complete output for a spec with the field.
func whole(src []byte, field string) bool {
	return bytes.HasPrefix(src, []byte(emit.Header)) && bytes.HasSuffix(src, []byte("}\n")) &&
		bytes.Contains(src, []byte(") Set"+field+"(")) && bytes.Contains(src, []byte("MaxGenerator"))
}

// A run that is killed leaves each file old or new, and the next completes the
// work and removes what was left.
func TestKilledRun(t *testing.T) {
	t.Parallel()
	root, outputs := tree(t, 25)
	fields := []string{"Visits", "Views"}
	for i := range 8 {
		old, new := fields[i%2], fields[(i+1)%2]
		edit(t, outputs, new)
		cmd, _ := process(root, "./...")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			cmd.Wait()
			close(ended)
		}()
		awaitTemp(root, ended)
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond) // strike at any moment of the writing
		cmd.Process.Kill()
		<-ended
		for _, output := range outputs {
			src, err := os.ReadFile(output)
			if err != nil || !whole(src, old) && !whole(src, new) {
				t.Fatalf("after the kill %s is neither old nor new (%v):\n%s", output, err, src)
			}
		}
		if cmd, out := process(root, "./..."); cmd.Run() != nil {
			t.Fatalf("the next run: %s", out)
		}
		for _, output := range outputs {
			if !changed(output, new) {
				t.Errorf("the next run left %s as it was", output)
			}
		}
		noTemp(t, root)
	}
}

// awaitTemp waits for the first temporary file, or for the end of the run.
func awaitTemp(root string, ended chan struct{}) {
	for {
		if found, _ := filepath.Glob(filepath.Join(root, "*", ".*"+tempSuffix)); len(found) > 0 {
			return
		}
		select {
		case <-ended:
			return
		case <-time.After(100 * time.Microsecond):
		}
	}
}

func changed(output, field string) bool {
	src, err := os.ReadFile(output)
	return err == nil && whole(src, field)
}

// Runs over one tree at once all succeed, and leave what one would: new
// outputs, and no orphans.
func TestRunsAtOnce(t *testing.T) {
	t.Parallel()
	root, outputs := tree(t, 8)
	fields := []string{"Visits", "Views"}
	for i := range 12 {
		new := fields[(i+1)%2]
		edit(t, outputs, new)
		orphan := filepath.Join(filepath.Dir(outputs[0]), "old_gen.go")
		put(t, orphan, emit.Header+"\n\npackage p0\n\ntype Old struct{}\n")
		missing := outputs[1+i%4]
		if err := os.Remove(missing); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if cmd, out := process(root, "./..."); cmd.Run() != nil {
					t.Errorf("%s", out)
				}
			})
		}
		all.Wait()
		for _, output := range outputs {
			if !changed(output, new) {
				t.Errorf("%s is not what a run writes", output)
			}
		}
		if _, err := os.Stat(orphan); !os.IsNotExist(err) {
			t.Errorf("%s: %v", orphan, err)
		}
		noTemp(t, root)
		if t.Failed() {
			return
		}
	}
}

// Whoever reads an output while it is rewritten, such as an editor or the
// compiler, sees a whole file, and always one.
func TestReadersSeeWholeFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, defaultOutput)
	versions := []string{strings.Repeat("a", 1<<16) + "\n", strings.Repeat("b", 1<<17) + "\n"}
	put(t, path, versions[0])
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var reads [2]atomic.Int64
	for i := range reads {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				src, err := os.ReadFile(path)
				if text := string(src); err != nil || text != versions[0] && text != versions[1] {
					t.Errorf("read %d bytes, %v", len(src), err)
					return
				}
				reads[i].Add(1)
			}
		})
	}
	c, stderr := testCommand(dir)
	for i := 0; !t.Failed() && (i < 500 || reads[0].Load() < 100 || reads[1].Load() < 100); i++ {
		o := output{path: path, content: []byte(versions[(i+1)%2])}
		if err := c.readOld(&o); err != nil {
			t.Error(err)
		}
		if code := c.write(t.Context(), []output{o}, nil); code != same {
			t.Errorf("status %d: %s", code, stderr)
		}
	}
	close(stop)
	readers.Wait()
	noTemp(t, dir)
}
