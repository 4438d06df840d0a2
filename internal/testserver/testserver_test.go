package testserver

import (
	"context"
	"database/sql"
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

// A database's processes, of which some servers have many, are paused and killed
// together, and what was committed is there when the server is back.
func TestDatabases(t *testing.T) {
	for driver, start := range map[string]func(testing.TB, ...string) (*Process, string){"pgx": StartPostgres, "mysql": StartMariaDB} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			p, dsn := start(t)
			db, err := sql.Open(driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for _, query := range []string{"CREATE TABLE t (n int)", "INSERT INTO t VALUES (7)"} {
				if _, err := db.Exec(query); err != nil {
					t.Fatal(err)
				}
			}
			p.Pause()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if err := db.PingContext(ctx); err == nil {
				_, err = db.ExecContext(ctx, "INSERT INTO t VALUES (8)")
				if err == nil {
					t.Error("a paused server answers")
				}
			}
			p.Resume()
			p.Kill()
			if Listens(p.Addr) {
				t.Error("a killed server listens")
			}
			p.Restart()
			var n int
			if err := db.QueryRow("SELECT n FROM t WHERE n = 7").Scan(&n); err != nil || n != 7 {
				t.Errorf("after a restart: %d, %v", n, err)
			}
		})
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
