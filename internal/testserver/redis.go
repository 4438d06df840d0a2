package testserver

import (
	"fmt"
	"net"
	"os"
	"testing"
)

// Redis returns the address of a Redis or Valkey server: that of SESSIONGEN_REDIS,
// or at 127.0.0.1:6379, or a private one. Tests use a key prefix of their own.
func Redis(t testing.TB) (addr string) {
	t.Helper()
	if addr := os.Getenv("SESSIONGEN_REDIS"); addr != "" {
		return addr
	}
	const standard = "127.0.0.1:6379"
	if redisAnswers(standard) == nil {
		return standard
	}
	return StartRedis(t).Addr
}

// StartRedis starts a private server with more settings, such as "--maxmemory",
// "5mb". It keeps nothing on disk unless they say so.
func StartRedis(t testing.TB, settings ...string) *Process {
	t.Helper()
	return startRedisAt(t, FreeAddr(t), settings...)
}

func startRedisAt(t testing.TB, addr string, settings ...string) *Process {
	t.Helper()
	program := Program([]string{"redis-server", "valkey-server"})
	if program == "" {
		Missing(t, "Redis server", "install redis-server (apt-get install redis-server), or set SESSIONGEN_REDIS to an address")
	}
	_, port, _ := net.SplitHostPort(addr)
	args := []string{"--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--save", "", "--appendonly", "no", "--daemonize", "no"}
	return Start(t, Settings{Program: program, Args: append(args, settings...), Addr: addr, Ready: func() error { return redisAnswers(addr) }})
}

// redisAnswers asks the server for a PONG.
func redisAnswers(addr string) error {
	answer, err := redisCommand(addr, "PING")
	if err == nil && answer != "+PONG" {
		err = fmt.Errorf("%s answered %q", addr, answer)
	}
	return err
}
