package redisstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// bindTimeout bounds all that Bind asks the server.
const bindTimeout = 5 * time.Second

// oldest is the first version that the store is made for.
const oldest = "6.2"

func mistake(setting, reason string) error {
	return &runtime.ConfigError{Setting: "redisstore.New", Reason: setting + " " + reason}
}

// checkClient finds what can't work, from the client's options alone.
func (s *Store) checkClient() error {
	if v := reflect.ValueOf(s.client); s.client == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return mistake("client", "is nil; make one with redis.NewClient, redis.NewFailoverClient or redis.NewClusterClient")
	}
	var contexts, caches bool
	var answerTime time.Duration
	switch c := s.client.(type) {
	case *redis.Client:
		o := c.Options()
		contexts, caches = o.ContextTimeoutEnabled, o.ClientSideCache != nil || o.ClientSideCacheConfig != nil
		answerTime = o.ReadTimeout
	case *redis.ClusterClient:
		o := c.Options()
		contexts, answerTime = o.ContextTimeoutEnabled, o.ReadTimeout
		if o.ReadOnly || o.RouteByLatency || o.RouteRandomly {
			return mistake("client", "reads from replicas, which may not know yet that a session was changed or destroyed; leave ReadOnly, RouteByLatency and RouteRandomly out")
		}
	case *redis.Ring:
		return mistake("client", "is a redis.Ring, which takes the sessions of a server that is down for sessions that do not exist; use redis.NewClusterClient")
	default: // a client of the application's own, which knows what it does
		if s.config.replicas > 0 {
			return mistake("client", fmt.Sprintf("is a %T, of which nobody knows to which server it writes, so that Wait can't work; use a client of package redis", c))
		}
		return nil
	}
	if !contexts {
		return mistake("client", "does not end its calls with their contexts, so that Config.StoreTimeout would not hold; set ContextTimeoutEnabled: true in the options it is made with")
	}
	if answerTime > 0 && answerTime <= s.config.patience {
		return mistake("client", fmt.Sprintf("waits %v for an answer, so that it gives up before Wait does; set ReadTimeout to more than %v", answerTime, s.config.patience))
	}
	if caches {
		return mistake("client", "keeps a cache of its own, which may not know yet that a session was changed or destroyed; leave ClientSideCache out")
	}
	return nil
}

// address is what the client connects to, for errors.
func (s *Store) address() string {
	switch c := s.client.(type) {
	case *redis.Client:
		return c.Options().Addr
	case *redis.ClusterClient:
		return strings.Join(c.Options().Addrs, ",")
	}
	return "the server"
}

// checkServer asks the server what it is, and tries what the store does.
func (s *Store) checkServer(ctx context.Context) error {
	said, err := s.client.Info(ctx, "server", "cluster", "replication").Result()
	if err != nil && !redis.HasErrorPrefix(err, "NOPERM") { // a user may lack the right to ask
		if redis.HasErrorPrefix(err, "ERR") { // before 7.0 INFO takes one section
			said, err = s.client.Info(ctx).Result()
		}
		if err != nil {
			return s.failure(ctx, s.address(), err)
		}
	}
	info := parseInfo(said)
	if v := info["redis_version"]; v != "" && before(v, oldest) {
		return fmt.Errorf("redisstore: %s: version %s is too old: the store is made for Redis %s and Valkey, and newer", s.address(), v, oldest)
	}
	if _, single := s.client.(*redis.Client); single && info["cluster_enabled"] == "1" {
		return fmt.Errorf("redisstore: %s: it is part of a cluster: make the client with redis.NewClusterClient", s.address())
	}
	if info["role"] == "slave" {
		if _, single := s.client.(*redis.Client); single {
			return fmt.Errorf("redisstore: %s: it is a replica, which takes no writes: give the master's address, or use Sentinel or Cluster, which find it", s.address())
		}
	}
	return s.tryOut(ctx)
}

// tryOut writes a record as the store does, reads it and removes it.
func (s *Store) tryOut(ctx context.Context) error {
	key := s.config.prefix + "bind:" + rand.Text()
	const value, lives = "a probe that goes by itself", 2 * bindTimeout
	sent := s.clocked()
	if _, err := s.run(ctx, createScript, key, sent, strconv.FormatInt(lives.Milliseconds(), 10), value, ""); err != nil {
		return s.failure(ctx, s.address(), err)
	}
	got, err := s.client.Get(ctx, key).Result()
	if err != nil || got != value {
		if err == nil || err == redis.Nil {
			return fmt.Errorf("redisstore: %s: it does not have what was written a moment ago: it is not one server, or reads go to a replica", s.address())
		}
		return s.failure(ctx, s.address(), err)
	}
	if _, err := s.run(ctx, deleteScript, key, sent, "0", "", ""); err != nil {
		return s.failure(ctx, s.address(), err)
	}
	return nil
}

// parseInfo reads what INFO answers: lines of name:value.
func parseInfo(said string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(said) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			info[name] = value
		}
	}
	return info
}

// before compares two versions such as 7.0.15. What is no number counts as 0.
func before(version, other string) bool {
	a, b := strings.Split(version, "."), strings.Split(other, ".")
	for i := range b {
		x, y := 0, 0
		if i < len(a) {
			x, _ = strconv.Atoi(a[i])
		}
		y, _ = strconv.Atoi(b[i])
		if x != y {
			return x < y
		}
	}
	return false
}
