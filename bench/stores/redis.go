package stores

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/bench/apps"
)

// openRedis takes the server that SESSIONGEN_REDIS names, or starts one that
// keeps nothing on disk.
func openRedis(ctx context.Context) (*backend, error) {
	addr, stop := os.Getenv("SESSIONGEN_REDIS"), func() error { return nil }
	if addr == "" {
		var err error
		if addr, stop, err = startRedis(ctx); err != nil {
			return nil, err
		}
	}
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, PoolSize: 64})
	prefix := "bench:" + suffix() + ":"
	end := func() error {
		return errors.Join(removeKeys(client, prefix), client.Close(), stop())
	}
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("the server at %s: %w", addr, err), client.Close(), stop())
	}
	ours, err := apps.Redis(client, prefix+"ours:")
	if err != nil {
		return nil, errors.Join(err, end())
	}
	boj, err := apps.GorillaRedis(addr, prefix+"boj:")
	if err != nil {
		return nil, errors.Join(err, end())
	}
	return &backend{
		name: "Redis", limit: apps.RedisLimit(client, prefix+"limit:"),
		peers: []*apps.App{apps.SCSRedis(client, prefix+"scs:"), boj},
		ours:  ours, bound: 1.25, close: end,
	}, nil
}

// removeKeys deletes what begins with prefix.
func removeKeys(client *redis.Client, prefix string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	keys := client.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		if err := client.Del(ctx, keys.Val()).Err(); err != nil {
			return err
		}
	}
	return keys.Err()
}

// startRedis starts a server on a free port.
func startRedis(ctx context.Context) (addr string, stop func() error, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if program, err = exec.LookPath("valkey-server"); err != nil {
			return "", nil, &errMissing{"Redis server", "install redis-server (apt-get install redis-server), or set SESSIONGEN_REDIS to an address"}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	l.Close()
	dir, err := os.MkdirTemp("", "bench-redis-")
	if err != nil {
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	server := exec.Command(program, "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--appendonly", "no", "--daemonize", "no")
	if err := server.Start(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	ended := make(chan struct{})
	go func() {
		server.Wait()
		close(ended)
	}()
	stop = func() error {
		server.Process.Kill()
		<-ended
		return os.RemoveAll(dir)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
			return addr, stop, nil
		}
		select {
		case <-ended:
			err = fmt.Errorf("%s ended at once", program)
		default:
			if ctx.Err() == nil && time.Now().Before(end) {
				continue
			}
		}
		return "", nil, errors.Join(fmt.Errorf("starting %s: %w", program, err), stop())
	}
}
