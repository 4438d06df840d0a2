package redisstore_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
)

// TestSentinel kills the master that a Sentinel watches: the replica takes over, and
// what was answered is there.
func TestSentinel(t *testing.T) {
	t.Parallel()
	master := testserver.StartRedis(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(master.Addr)
	replica := testserver.StartRedis(t, "--replicaof", host+" "+port)
	until(t, "replicate", func() bool {
		info, err := connect(t, replica.Addr).Info(ctx, "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	})
	sentinel := startSentinel(t, master.Addr)
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: "sessions", SentinelAddrs: []string{sentinel}, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { client.Close() })
	watched := redis.NewSentinelClient(&redis.Options{Addr: sentinel})
	t.Cleanup(func() { watched.Close() })
	until(t, "tell the Sentinel of the replica", func() bool {
		replicas, err := watched.Replicas(ctx, "sessions").Result()
		return err == nil && len(replicas) == 1
	})
	s := newStorm(t, client, 8, patient)
	s.more(200)
	s.killReplicated(master)
	s.returns()
}

// startSentinel starts a Sentinel that alone decides.
func startSentinel(t *testing.T, master string) (addr string) {
	t.Helper()
	program := testserver.Program([]string{"redis-server", "valkey-server"})
	addr = testserver.FreeAddr(t)
	_, own, _ := net.SplitHostPort(addr)
	host, port, _ := net.SplitHostPort(master)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	must(t, os.WriteFile(file, fmt.Appendf(nil, `port %s
bind 127.0.0.1
sentinel monitor sessions %s %s 1
sentinel down-after-milliseconds sessions 1000
sentinel failover-timeout sessions 5000
`, own, host, port), 0o600))
	p := testserver.Start(t, testserver.Settings{Program: program, Args: []string{file, "--sentinel"}, Addr: addr})
	return p.Addr
}
