package redisstore_test

import (
	"net/http"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestLostAnswers is promise 11: the connection is cut after the server has done
// what it was asked for. Whether the client then asks again by itself or not, and
// whether another request comes in between or not, nothing is done twice.
func TestLostAnswers(t *testing.T) {
	addr := testserver.Redis(t)
	direct := connect(t, addr)
	for name, retries := range map[string]int{"client without retries": -1, "client with retries": 3} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, addr)
			prefix := place(t, direct)
			client := connect(t, p.addr, func(o *redis.Options) { o.MaxRetries, o.PoolSize = retries, 1 })
			m, other := manager(t, client, prefix), manager(t, direct, prefix)
			token := begin(t, other, func(s *shop.Session) { s.SetVisits(10) })
			serveAs(m, token, func(s *shop.Session) { s.AddVisits(1) })
			visits := func() (n int) {
				serveAs(other, token, func(s *shop.Session) { n = s.Visits() })
				return n
			}

			cut := p.cutOnce(func() {}, "evalsha")
			rec := serveAs(m, token, func(s *shop.Session) { s.AddVisits(1) })
			if got := visits(); rec.Code != http.StatusOK || got != 12 || !cut() {
				t.Errorf("update: status %d, %d visits, want 12; cut %v", rec.Code, got, cut())
			}

			// Another request writes before the client asks again: nobody can tell
			// that the first write is in what the other one has written.
			cut = p.cutOnce(func() { serveAs(other, token, func(s *shop.Session) { s.AddVisits(100) }) }, "evalsha")
			rec = serveAs(m, token, func(s *shop.Session) { s.AddVisits(1) })
			if got := visits(); rec.Code != http.StatusServiceUnavailable || got != 113 || !cut() {
				t.Errorf("update, and another one: status %d, %d visits, want 113; cut %v", rec.Code, got, cut())
			}

			// Another request logs out.
			gone := begin(t, other, func(s *shop.Session) { s.SetVisits(1) })
			cut = p.cutOnce(func() { serveAs(other, gone, func(s *shop.Session) { s.Destroy() }) }, "evalsha")
			rec = serveAs(m, gone, func(s *shop.Session) { s.AddVisits(1) })
			if _, err := other.Open(ctx, gone); rec.Code != http.StatusConflict || err == nil || !cut() {
				t.Errorf("update, and a logout: status %d, then %v; cut %v", rec.Code, err, cut())
			}

			// A login's new record.
			cut = p.cutOnce(func() {}, "evalsha", prefix+"r:")
			rec = serveAs(m, "", func(s *shop.Session) { s.SetUserID("u1") })
			if n := found(t, other, "u1"); rec.Code != http.StatusOK || n != 1 || tokenIn(rec) == "" || !cut() {
				t.Errorf("create: status %d, %d sessions; cut %v", rec.Code, n, cut())
			}
			for _, part := range []string{"evalsha", "zscan", "getrange", "get"} {
				p.cutOnce(func() {}, part)
				n := 0
				for _, err := range m.FindByUserID(ctx, "u1") {
					if err == nil {
						n++
					}
				}
				if retries > 0 && n != 1 {
					t.Errorf("a look-up whose %s was cut finds %d sessions", part, n)
				}
			}

			// The old record of a login ends once, and so does a session.
			for try, part := range []string{"evalsha", "\r\n$32\r\n"} { // the index, the tombstone
				cut = p.cutOnce(func() {}, part)
				rec = serveAs(m, token, func(s *shop.Session) { s.SetUserID("u2"); s.AddVisits(1) })
				if next := tokenIn(rec); rec.Code == http.StatusOK {
					token = next
				} else if retries > 0 || try > 0 {
					t.Errorf("login %d: status %d", try, rec.Code)
				}
				if !cut() {
					t.Errorf("login %d: nothing was cut", try)
				}
				if n := found(t, other, "u2"); n > 1 {
					t.Errorf("login %d: %d sessions", try, n)
				}
			}
			cut = p.cutOnce(func() {}, "\r\n$32\r\n")
			rec = serveAs(m, token, func(s *shop.Session) { s.Destroy() })
			if _, err := other.Open(ctx, token); rec.Code != http.StatusOK || err == nil || !cut() {
				t.Errorf("logout: status %d, then %v; cut %v", rec.Code, err, cut())
			}
			if n := found(t, other, "u2"); n != 0 {
				t.Errorf("after the logout %d sessions are found", n)
			}
		})
	}
}

// TestRepeatedCreateIsNoOther: a client that creates twice, since the answer was
// lost, has made one session.
func TestRepeatedCreateIsNoOther(t *testing.T) {
	addr := testserver.Redis(t)
	direct := connect(t, addr)
	prefix := place(t, direct)
	p := newProxy(t, addr)
	m := manager(t, connect(t, p.addr), prefix)
	begin(t, m, func(s *shop.Session) { s.SetVisits(1) })
	cut := p.cutOnce(func() {}, "evalsha")
	rec := serveAs(m, "", func(s *shop.Session) { s.SetVisits(7) })
	if s, err := m.Open(ctx, tokenIn(rec)); err != nil || s.Visits() != 7 || !cut() {
		t.Errorf("status %d, %v; cut %v", rec.Code, err, cut())
	}
	if keys, err := keysOf(direct, prefix); err != nil || len(keys) != 2 {
		t.Errorf("%d keys, %v, want 2", len(keys), err)
	}
}
