package storetest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestSecondArgs(t *testing.T) {
	got := secondArgs([]string{"-test.v=true", "--test.count=20", "-store=x", "file"}, "TestA/b.c/d")
	want := []string{"-test.run=^TestA$/^b\\.c$/^d$", "-test.timeout=10m", "-store=x", "file"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSecondRun has the second Run of a test have a second process, which passes
// over the first one, and finds the directory that the first process has made.
func TestSecondRun(t *testing.T) {
	dir := Once(t, "directory", t.TempDir)
	if second() != nil {
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
	}
	var o options
	if takePart(t, memory, &o) != (second() != nil) {
		t.Fatal("only a second process takes part in a Run that is not its own")
	}
	if takePart(t, memory, &o) {
		return
	}
	if o.run != 1 {
		t.Errorf("the second Run is number %d, want 1", o.run)
	}
	k := newKit(t, memory, o)
	p := k.newProcess() // each process has a memory of its own
	p.do(job{Name: "create", Key: "a"})
	p.do(job{Name: "add", Key: "a"})
	k.wantGone("a")
	p.conn.Close()
	<-p.done
	if !p.cmd.ProcessState.Success() {
		t.Errorf("the second process: %v\n%s", p.cmd.ProcessState, p.out.String())
	}
}

// A process that never comes to Run is an error that shows what it printed.
func TestProcessWithoutRun(t *testing.T) {
	if second() != nil {
		t.Fatal("on purpose")
	}
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		newKit(r, memory, options{test: t.Name()}).newProcess()
	}()
	<-done
	if len(r.failures) != 1 || !strings.Contains(r.failures[0], "on purpose") {
		t.Errorf("the failures are %q", r.failures)
	}
}
