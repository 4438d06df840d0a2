package redisstore_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
)

func bind(s *redisstore.Store) error {
	_, err := s.Bind(runtime.Setup{Spec: &runtime.Spec{}, Cookie: "session", Now: time.Now})
	return err
}

// wantError complains unless err says all parts.
func wantError(t *testing.T, what string, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %q does not say %q", what, err, part)
		}
	}
}

// TestBadOptions: what can't work is said before a server is asked.
func TestBadOptions(t *testing.T) {
	good := connect(t, "127.0.0.1:1")
	cluster := func(change func(*redis.ClusterOptions)) redis.UniversalClient {
		o := &redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}, ContextTimeoutEnabled: true}
		change(o)
		c := redis.NewClusterClient(o)
		t.Cleanup(func() { c.Close() })
		return c
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	t.Cleanup(func() { ring.Close() })
	var none *redis.Client
	for _, c := range []struct {
		what   string
		client redis.UniversalClient
		option redisstore.Option
		says   string
	}{
		{"no client", nil, redisstore.Prefix("p:"), "is nil"},
		{"a nil client", none, redisstore.Prefix("p:"), "is nil"},
		{"no time limits", connect(t, "127.0.0.1:1", func(o *redis.Options) { o.ContextTimeoutEnabled = false }), redisstore.Prefix("p:"), "ContextTimeoutEnabled: true"},
		{"a cache", connect(t, "127.0.0.1:1", func(o *redis.Options) { o.ClientSideCacheConfig = &redis.ClientSideCacheConfig{} }), redisstore.Prefix("p:"), "ClientSideCache"},
		{"a ring", ring, redisstore.Prefix("p:"), "NewClusterClient"},
		{"no time limits in a cluster", cluster(func(o *redis.ClusterOptions) { o.ContextTimeoutEnabled = false }), redisstore.Prefix("p:"), "ContextTimeoutEnabled: true"},
		{"reads from replicas", cluster(func(o *redis.ClusterOptions) { o.ReadOnly = true }), redisstore.Prefix("p:"), "replicas"},
		{"reads from the nearest", cluster(func(o *redis.ClusterOptions) { o.RouteByLatency = true }), redisstore.Prefix("p:"), "replicas"},
		{"no prefix", good, redisstore.Prefix(""), "is empty"},
		{"a long prefix", good, redisstore.Prefix(strings.Repeat("x", 65)), "64 bytes"},
		{"a pattern", good, redisstore.Prefix("shop*"), `'*'`},
		{"a space", good, redisstore.Prefix("my shop:"), `' '`},
		{"a letter that is not ASCII", good, redisstore.Prefix("läden:"), `'ä'`},
		{"no replica", good, redisstore.Wait(0, time.Second), "0 is no number"},
		{"no time", good, redisstore.Wait(1, 0), "0s is no time"},
		{"too much time", good, redisstore.Wait(1, time.Minute), "1m0s is no time"},
		{"a hasty client", connect(t, "127.0.0.1:1", func(o *redis.Options) { o.ReadTimeout = time.Second }), redisstore.Wait(1, time.Second), "ReadTimeout"},
		{"a client of one's own", struct{ redis.UniversalClient }{good}, redisstore.Wait(1, time.Second), "to which server it writes"},
		{"a nil option", good, nil, "option 1 of 1 is nil"},
	} {
		err := bind(redisstore.New(c.client, c.option))
		wantError(t, c.what, err, "redisstore.", c.says)
		if mistake := (*runtime.ConfigError)(nil); !errors.As(err, &mistake) {
			t.Errorf("%s: %T", c.what, err)
		}
	}
}

// TestBadServers: Bind says what is wrong with a server, and the way out.
func TestBadServers(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t)
	admin := connect(t, server.Addr)
	prefix := redisstore.Prefix("shop:")
	at := func(addr string, change ...func(*redis.Options)) error {
		client := connect(t, addr, append(change, func(o *redis.Options) { o.DialerRetries = 1 })...)
		return bind(redisstore.New(client, prefix))
	}
	must(t, at(server.Addr))
	if keys, err := keysOf(admin, ""); err != nil || len(keys) > 0 {
		t.Errorf("Bind leaves %q, %v", keys, err)
	}

	nobody := testserver.FreeAddr(t)
	wantError(t, "a wrong port", at(nobody), nobody, "nothing listens there")
	wantError(t, "a wrong host", at("no-such-host.invalid:6379"), "no-such-host.invalid")
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	wantError(t, "a web server", at(web.Listener.Addr().String()), web.Listener.Addr().String(), "no Redis server")
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	wantError(t, "plain to TLS", at(secure.Listener.Addr().String()), "TLS")
	hasty := func(o *redis.Options) { o.DialTimeout, o.MaxRetries = 300*time.Millisecond, -1 }
	wantError(t, "TLS to plain", at(server.Addr, hasty, func(o *redis.Options) { o.TLSConfig = &tls.Config{ServerName: "localhost"} }), "TLS")
	wantError(t, "an unknown certificate", at(secure.Listener.Addr().String(), func(o *redis.Options) { o.TLSConfig = &tls.Config{ServerName: "example.com"} }), "RootCAs")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { silent.Close() })
	begun := time.Now()
	wantError(t, "a silent server", at(silent.Addr().String()), "does not answer in time")
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("Bind waits %v for a silent server", took)
	}

	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.Addr}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { cluster.Close() })
	wantError(t, "a cluster client and a single server", bind(redisstore.New(cluster, prefix)), server.Addr, "redis.NewClient")

	// Users and passwords.
	must(t, admin.ConfigSet(ctx, "requirepass", "secret").Err())
	wantError(t, "no password", at(server.Addr), server.Addr, "wants a password")
	err = at(server.Addr, func(o *redis.Options) { o.Password = "guess9" })
	wantError(t, "a wrong password", err, server.Addr, "wrong")
	if strings.Contains(err.Error(), "guess9") {
		t.Errorf("the error has the password: %v", err)
	}
	known := func(o *redis.Options) { o.Password = "secret" }
	must(t, at(server.Addr, known))
	admin = connect(t, server.Addr, known)
	must(t, admin.Do(ctx, "ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+@connection", "+info").Err())
	wantError(t, "a user who may not write", at(server.Addr, known, func(o *redis.Options) { o.Username = "reader" }), "ACL")
	must(t, admin.Do(ctx, "ACL", "SETUSER", "store", "on", ">secret", "~shop:*",
		"+get", "+getrange", "+set", "+setrange", "+persist", "+pexpire", "+pttl", "+del", "+eval", "+evalsha", "+scan",
		"+zadd", "+zrem", "+zscore", "+zscan", "+zremrangebyscore").Err())
	must(t, at(server.Addr, known, func(o *redis.Options) { o.Username = "store" })) // which may not ask for INFO
	must(t, admin.ConfigSet(ctx, "requirepass", "").Err())

	// States that pass, or should.
	must(t, admin.ConfigSet(ctx, "maxmemory", "1").Err())
	wantError(t, "a full server", at(server.Addr), server.Addr, "maxmemory")
	must(t, admin.ConfigSet(ctx, "maxmemory", "0").Err())
	must(t, admin.ConfigSet(ctx, "min-replicas-to-write", "1").Err())
	wantError(t, "a server without its replicas", at(server.Addr), "min-replicas-to-write")
	must(t, admin.ConfigSet(ctx, "min-replicas-to-write", "0").Err())
	replica := testserver.StartRedis(t, "--replicaof", strings.Replace(server.Addr, ":", " ", 1))
	wantError(t, "a replica", at(replica.Addr), replica.Addr, "replica", "master")
}

// TestNodeOfACluster: a client for a single server can't use one of a cluster.
func TestNodeOfACluster(t *testing.T) {
	t.Parallel()
	nodes := testserver.StartRedisCluster(t)
	wantError(t, "a node of a cluster", bind(redisstore.New(connect(t, nodes[0].Addr))), nodes[0].Addr, "redis.NewClusterClient")
}

// TestClose: a closed store does nothing, and leaves the client to its owner.
func TestClose(t *testing.T) {
	client := connect(t, testserver.Redis(t))
	s := redisstore.New(client, redisstore.Prefix(place(t, client)))
	must(t, bind(s))
	must(t, s.Close())
	must(t, s.Close())
	if err := bind(s); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("Bind after Close: %v", err)
	}
	must(t, client.Ping(ctx).Err())

	closed := connect(t, testserver.Redis(t))
	s = redisstore.New(closed, redisstore.Prefix(place(t, client)))
	must(t, bind(s))
	closed.Close()
	if _, err := s.Load(ctx, "key"); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("Load with a closed client: %v", err)
	}
}
