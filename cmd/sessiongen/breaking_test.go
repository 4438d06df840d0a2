package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A run that is interrupted leaves no checked out revision behind. It is
// interrupted as soon as there is one; on a slow machine that may come too
// late, so that it is tried again.
func TestBreakingCleansUpWhenInterrupted(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: install it to compare revisions")
	}
	repo := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":     "module example.com/app\n\ngo 1.26.0\n",
		"session.go": "package app\n\n//sessiongen:session\ntype session struct{ A int }\n",
	} {
		if err := os.WriteFile(filepath.Join(repo, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "--all"},
		{"-c", "user.name=A. U. Thor", "-c", "user.email=author@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "version"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	t.Chdir(repo)
	for range 20 {
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			for ctx.Err() == nil {
				if found, _ := filepath.Glob(filepath.Join(temp, "sessiongen-*", "tree", "session.go")); len(found) > 0 {
					cancel()
				}
				time.Sleep(100 * time.Microsecond)
			}
		}()
		var stdout, stderr bytes.Buffer
		code := run(ctx, []string{"breaking", "-against", "HEAD"}, &stdout, &stderr)
		interrupted := ctx.Err() != nil
		cancel()
		<-watched
		if left, _ := filepath.Glob(filepath.Join(temp, "sessiongen-*")); len(left) > 0 {
			t.Fatalf("left behind: %v", left)
		}
		if interrupted && code == trouble {
			return
		}
		if code != same {
			t.Fatalf("status %d: %s%s", code, &stdout, &stderr)
		}
	}
	t.Error("no run was interrupted")
}
