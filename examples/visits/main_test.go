package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestVisits runs the program as a user does and counts with a client that
// keeps cookies, on both stores.
func TestVisits(t *testing.T) {
	program := filepath.Join(t.TempDir(), "visits.exe")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, store := range []string{"memory", "cookie"} {
		t.Run(store, func(t *testing.T) {
			url := start(t, program, "-addr", "127.0.0.1:0", "-store", store)
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
			for _, want := range []string{`{"visits":1}`, `{"visits":2}`, `{"visits":3}`} {
				resp, err := client.Get(url)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || strings.TrimSpace(string(body)) != want {
					t.Errorf("got %s, %v; want %s", body, err, want)
				}
			}
		})
	}
	out, err := exec.Command(program, "-store", "nonsense").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "use memory or cookie") {
		t.Errorf("-store nonsense: %v, %s", err, out)
	}
}

// start starts the program and returns the address that it prints.
func start(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if url := regexp.MustCompile(`http://\S+`).FindString(lines.Text()); url != "" {
				found <- url
			}
		}
	}()
	select {
	case url := <-found:
		return url
	case <-time.After(20 * time.Second):
		t.Fatal("the program does not say where it listens")
		return ""
	}
}
