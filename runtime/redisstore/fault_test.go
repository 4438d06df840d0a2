package redisstore_test

import (
	"errors"
	"net/http"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestScriptFlush: a server that forgets its scripts is told them again.
func TestScriptFlush(t *testing.T) {
	t.Parallel()
	client := connect(t, testserver.StartRedis(t).Addr)
	m := manager(t, client, place(t, client))
	token := begin(t, m, func(s *shop.Session) { s.SetUserID("u1") })
	for i := range 10 {
		must(t, client.ScriptFlush(ctx).Err())
		rec := serveAs(m, token, func(s *shop.Session) { s.AddVisits(1); s.SetTeam(strconv.Itoa(i)) })
		if rec.Code != http.StatusOK {
			t.Fatalf("status %d", rec.Code)
		}
	}
	s := newStorm(t, client, 4)
	for i := range int64(20) {
		must(t, client.ScriptFlush(ctx).Err())
		s.more(10 * i)
	}
	s.end()
	if s.failed.Load() > 0 {
		t.Errorf("%d requests failed", s.failed.Load())
	}
	session, err := m.Open(ctx, token)
	if err != nil || session.Visits() != 10 || session.Team() != "9" {
		t.Errorf("%v, %v", session, err)
	}
}

// TestKilledServer kills a server that keeps its data durably, under load, and
// starts it again: no answered request is lost, and service returns by itself.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	s := newStorm(t, connect(t, server.Addr), 8, impatient)
	const kills = 3
	for range kills {
		s.more(s.done.Load() + 50)
		refused := s.failed.Load()
		server.Kill()
		until(t, "refuse requests", func() bool { return s.failed.Load() >= refused+20 })
		server.Restart()
		again := time.Now()
		s.more(s.done.Load() + 1)
		t.Logf("service returned after %v", time.Since(again).Round(time.Millisecond))
	}
	s.end()
}

// TestPausedServer stops a server from running for longer than the limit: requests
// fail within it, and neither goroutines nor connections pile up.
func TestPausedServer(t *testing.T) {
	t.Parallel()
	const clients, pool, limit = 64, 8, 300 * time.Millisecond
	server := testserver.StartRedis(t)
	client := connect(t, server.Addr, func(o *redis.Options) { o.PoolSize, o.ReadTimeout = pool, 5*time.Minute })
	m := manager(t, client, place(t, client), func(cfg *runtime.Config) { cfg.StoreTimeout = limit })
	token := begin(t, m, func(s *shop.Session) { s.SetVisits(1) })
	round := func(want int) {
		t.Helper()
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				begun := time.Now()
				rec := serveAs(m, token, func(s *shop.Session) { s.AddVisits(1) })
				if rec.Code != want || len(rec.Result().Cookies()) > 0 {
					t.Errorf("status %d after %v, want %d", rec.Code, time.Since(begun), want)
				}
				if took := time.Since(begun); took > time.Minute { // a busy machine may add much to the limit
					t.Errorf("a request took %v", took)
				}
			})
		}
		wg.Wait()
	}
	round(http.StatusOK)
	before := goruntime.NumGoroutine()
	server.Pause()
	for range 4 {
		round(http.StatusServiceUnavailable)
		if n := client.PoolStats().TotalConns; n > pool {
			t.Errorf("%d connections", n)
		}
	}
	// Tests beside this one have goroutines too, but theirs end.
	until(t, "end its goroutines", func() bool { return goruntime.NumGoroutine() <= before+clients/2 })
	server.Resume()
	until(t, "return", func() bool {
		return serveAs(m, token, func(s *shop.Session) { s.Visits() }).Code == http.StatusOK
	})
	round(http.StatusOK)
}

// TestFullServer fills a server that may not evict: a clear error, nothing half
// written, and what is there can be read.
func TestFullServer(t *testing.T) {
	t.Parallel()
	client := connect(t, testserver.StartRedis(t, "--maxmemory-policy", "noeviction").Addr)
	m := manager(t, client, place(t, client))
	token := begin(t, m, func(s *shop.Session) { s.SetUserID("u1"); s.SetNotice("small") })
	begin(t, m, func(s *shop.Session) { s.SetUserID("u1") })
	info, err := client.InfoMap(ctx, "memory").Result()
	must(t, err)
	used, err := strconv.Atoi(info["Memory"]["used_memory"])
	must(t, err)
	must(t, client.ConfigSet(ctx, "maxmemory", strconv.Itoa(used+1<<20)).Err())
	big := strings.Repeat("x", 32<<10)
	made := 0
	for {
		_, err = m.Create(ctx, func(s *shop.Session) error { s.SetNotice(big); return nil })
		if err != nil {
			break
		}
		if made++; made > 1000 {
			t.Fatal("the server does not fill")
		}
	}
	if !errors.Is(err, runtime.ErrFull) || !strings.Contains(err.Error(), "maxmemory") {
		t.Errorf("a session more: %v", err)
	}
	must(t, client.ConfigSet(ctx, "maxmemory", "1").Err()) // so that not even a byte fits
	rec := serveAs(m, token, func(s *shop.Session) { s.SetNotice(big); s.SetTeam("t1") })
	if rec.Code != http.StatusServiceUnavailable {
		t.Errorf("a longer session: status %d", rec.Code)
	}
	if rec = serveAs(m, token, func(s *shop.Session) { s.SetUserID("u2") }); rec.Code != http.StatusServiceUnavailable || tokenIn(rec) != "" {
		t.Errorf("a login: status %d", rec.Code)
	}
	if rec = serveAs(m, token, func(s *shop.Session) { s.Destroy() }); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("a logout that can't be stored: status %d", rec.Code)
	}
	session, err := m.Open(ctx, token)
	if err != nil || session.TakeNotice() != "small" || session.HasTeam() || session.UserID() != "u1" {
		t.Errorf("the session that was there: %v, %v", session, err)
	}
	if n, none := found(t, m, "u1"), found(t, m, "u2"); n != 2 || none != 0 {
		t.Errorf("%d and %d sessions are found", n, none)
	}
	must(t, client.ConfigSet(ctx, "maxmemory", "0").Err())
	if rec := serveAs(m, token, func(s *shop.Session) { s.SetUserID("u2") }); rec.Code != http.StatusOK {
		t.Errorf("with room again: status %d", rec.Code)
	}
}
