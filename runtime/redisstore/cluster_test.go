package redisstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
	"github.com/sessiongen/sessiongen/runtime/storetest"
)

// connectCluster returns a client that knows some of the nodes.
func connectCluster(t testing.TB, nodes []*testserver.Process) *redis.ClusterClient {
	c := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{nodes[0].Addr, nodes[1].Addr, nodes[5].Addr}, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { c.Close() })
	return c
}

// TestCluster runs the kit and a storm on three masters and three replicas, and
// then kills a master under load.
func TestCluster(t *testing.T) {
	t.Parallel()
	nodes := testserver.StartRedisCluster(t)
	t.Run("kit", func(t *testing.T) {
		storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
			return redisstore.New(connectCluster(tb, nodes), redisstore.Prefix(place+":"))
		}, storetest.Shared(), storetest.Headers())
	})
	client := connectCluster(t, nodes)
	t.Run("sessions", func(t *testing.T) {
		// Sessions of one user and of many are spread over the servers.
		m := manager(t, client, place(t, client))
		for range 30 {
			begin(t, m, func(s *shop.Session) { s.SetUserID("u1") })
		}
		listed := map[string]bool{}
		for s, err := range m.List(ctx) {
			must(t, err)
			listed[s.ID()] = true
		}
		if n := found(t, m, "u1"); n != 30 || len(listed) != 30 {
			t.Errorf("%d sessions found, %d listed, want 30", n, len(listed))
		}
		if n, err := m.DestroyByUserID(ctx, "u1"); n != 30 || err != nil || found(t, m, "u1") != 0 {
			t.Errorf("%d sessions destroyed: %v", n, err)
		}
	})
	t.Run("failover", func(t *testing.T) {
		s := newStorm(t, client, 8, patient)
		s.more(200)
		s.killReplicated(s.master(nodes))
		s.returns()
	})
}

// TestWait kills a master in the middle of a storm: what was answered is on the
// replica, which takes over.
func TestWait(t *testing.T) {
	t.Parallel()
	nodes := testserver.StartRedisCluster(t)
	client := connectCluster(t, nodes)
	t.Run("kit", func(t *testing.T) {
		storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
			return redisstore.New(connectCluster(tb, nodes), redisstore.Prefix(place+":"), redisstore.Wait(1, 500*time.Millisecond))
		}, storetest.Shared(), storetest.Headers())
	})
	s := newStormOf(t, client, 8, []redisstore.Option{redisstore.Wait(1, 2*time.Second)}, patient)
	s.more(200)
	master := s.master(nodes)
	master.Kill()
	// While the new master has no replica, each write waits in vain.
	s.more(s.done.Load() + 1)
	master.Restart()
	s.returns()
}

// patient is a configuration for a cluster whose master goes.
func patient(cfg *runtime.Config) { cfg.StoreTimeout = 3 * time.Second }

// master is the node that has the storm's session.
func (s *storm) master(nodes []*testserver.Process) *testserver.Process {
	s.t.Helper()
	session, err := s.m[0].Open(ctx, s.token)
	must(s.t, err)
	for _, node := range nodes[:3] {
		keys, err := keysOf(connect(s.t, node.Addr), "")
		must(s.t, err)
		if slices.ContainsFunc(keys, func(key string) bool { return strings.HasSuffix(key, ":r:"+session.ID()) }) {
			return node
		}
	}
	s.t.Fatal("no master has the session")
	return nil
}

// killReplicated kills a master that has a replica. What it has answered and not
// yet sent to that one would be lost with it, so that the storm rests until the
// replica has it all.
func (s *storm) killReplicated(master *testserver.Process) {
	s.t.Helper()
	s.rest(func() {
		node := connect(s.t, master.Addr)
		until(s.t, "replicate", func() bool {
			info, err := node.InfoMap(ctx, "replication").Result()
			must(s.t, err)
			sent := info["Replication"]
			return strings.Contains(sent["slave0"], "offset="+sent["master_repl_offset"]+",")
		})
		master.Kill()
	})
}

// returns wants the service to return, without anything lost.
func (s *storm) returns() {
	s.t.Helper()
	killed := time.Now()
	s.more(s.done.Load() + 200)
	s.t.Logf("service returned within %v", time.Since(killed).Round(time.Millisecond))
	s.end()
}
