package testserver

import (
	"os/exec"
	"testing"
)

func TestRedis(t *testing.T) {
	p := StartRedis(t)
	if err := redisAnswers(p.Addr); err != nil {
		t.Fatal(err)
	}
	p.Pause()
	if redisAnswers(p.Addr) == nil {
		t.Error("a paused server answers")
	}
	p.Resume()
	if err := redisAnswers(p.Addr); err != nil {
		t.Error(err)
	}
	pid := p.PID()
	p.Kill()
	if Listens(p.Addr) {
		t.Error("a killed server listens")
	}
	p.Restart()
	if p.PID() == pid || redisAnswers(p.Addr) != nil {
		t.Error("the server was not started again")
	}
	p.Stop()
	if Listens(p.Addr) {
		t.Error("a stopped server listens")
	}
}

// A server ends with the test that started it.
func TestEndsWithItsTest(t *testing.T) {
	var addr string
	t.Run("inner", func(t *testing.T) { addr = StartRedis(t).Addr })
	if addr != "" && Listens(addr) {
		t.Error("the server outlives its test")
	}
}

func TestProgram(t *testing.T) {
	path, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	if got := Program([]string{"no-such-program", "go"}); got != path {
		t.Errorf("got %q, want %q", got, path)
	}
	if got := Program([]string{"no-such-program"}, "/nowhere/*"); got != "" {
		t.Errorf("got %q", got)
	}
	if Listens(FreeAddr(t)) {
		t.Error("a free address is in use")
	}
}
