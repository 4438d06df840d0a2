package testserver

import (
	"os/exec"
	"strings"
	"testing"
	"time"
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

func TestRedisCluster(t *testing.T) {
	nodes := StartRedisCluster(t)
	if len(nodes) != 6 {
		t.Fatalf("%d nodes", len(nodes))
	}
	for i, node := range nodes {
		role, err := redisCommand(node.Addr, "INFO replication")
		if err != nil || strings.Contains(role, "role:master") != (i < 3) {
			t.Errorf("node %d: %v\n%s", i, err, role)
		}
	}
	nodes[0].Kill()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		role, err := redisCommand(nodes[3].Addr, "INFO replication")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(role, "role:master") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no replica takes over")
		}
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
