package main

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestProgram runs the program as a user does, and ends it while a request is
// under way.
func TestProgram(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "shop.exe")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, store := range []string{"memory", "cookie"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			cmd, base := start(t, program, "-addr", "127.0.0.1:0", "-store", store)
			v := (&world{url: base}).visitor(t)
			for _, want := range []string{`{"visits":1}`, `{"visits":2}`} {
				if p := v.get("/visits"); p.body != want+"\n" {
					t.Errorf("got %s, want %s", p.body, want)
				}
			}
			if runtime.GOOS == "windows" {
				return // it has no signals between processes
			}
			late := slowRequest(t, base)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			waitUntilClosed(t, base)
			late("HTTP/1.1 422 ")
			if err := cmd.Wait(); err != nil {
				t.Errorf("after SIGTERM the program ends with: %v", err)
			}
		})
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		var v *visitor
		choice := "sqlite:" + filepath.Join(t.TempDir(), "shop.db")
		for _, want := range []string{`{"visits":1}`, `{"visits":2}`} { // one a start
			cmd, base := start(t, program, "-addr", "127.0.0.1:0", "-store", choice)
			if v == nil {
				v = (&world{url: base}).visitor(t)
			}
			v.base = base // cookies know no ports
			if p := v.get("/visits"); p.body != want+"\n" {
				t.Errorf("got %s, want %s", p.body, want)
			}
			if runtime.GOOS == "windows" { // the end without a word is survived too
				cmd.Process.Kill()
				cmd.Wait()
				continue
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("after SIGTERM the program ends with: %v", err)
			}
		}
	})
	for _, c := range []struct{ args, env, want string }{
		{"-store nonsense", "", "-store nonsense: there is no such store; use one of memory, cookie, sqlite:FILE, " + redisForm},
		{"-store cookie", "SESSION_KEY=short", "SESSION_KEY: "},
		{"-addr 127.0.0.1:nonsense", "", "nonsense"},
	} {
		cmd := exec.Command(program, strings.Fields(c.args)...)
		cmd.Env = append(os.Environ(), c.env)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), c.want) || strings.Contains(string(out), "panic") {
			t.Errorf("%s %s: %v, %s", c.env, c.args, err, out)
		}
	}
}

// start starts the program and returns it with the address that it prints.
func start(t *testing.T, program string, args ...string) (cmd *exec.Cmd, base string) {
	t.Helper()
	cmd = exec.Command(program, args...)
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
			if m := regexp.MustCompile(`listening on (http://\S+)/`).FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
		}
	}()
	select {
	case base = <-found:
		return cmd, base
	case <-time.After(30 * time.Second):
		t.Fatal("the program does not say where it listens")
		return nil, ""
	}
}

// slowRequest sends all of a request but its last byte, and returns a function
// that sends it and checks the response.
func slowRequest(t *testing.T, base string) func(want string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	// The server answers 100 Continue when the handler reads the form: the
	// request is then under way.
	request := "POST /theme HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\n"
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the server says %q, %v", line, err)
	}
	return func(want string) {
		t.Helper()
		if _, err := conn.Write([]byte("theme=other")); err != nil {
			t.Error(err)
		}
		if _, err := lines.ReadString('\n'); err != nil { // the end of 100 Continue
			t.Error(err)
		}
		if line, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("the request under way got %q, %v; want %s", line, err, want)
		}
	}
}

// waitUntilClosed waits until the program takes no new requests.
func waitUntilClosed(t *testing.T, base string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/static/icon.svg", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if ctx.Err() != nil {
			t.Fatal("the program still takes requests")
		}
		if err != nil {
			return
		}
		resp.Body.Close()
		time.Sleep(5 * time.Millisecond)
	}
}
