package redisstore_test

import (
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestRoundTrips counts what each kind of request sends.
func TestRoundTrips(t *testing.T) {
	client := connect(t, testserver.Redis(t))
	sent := &trips{}
	client.AddHook(sent)
	c := newClock()
	m := manager(t, client, place(t, client), c.use)
	token := begin(t, m, func(s *shop.Session) { s.SetVisits(1) })
	serveAs(m, token, func(s *shop.Session) { s.AddVisits(1) }) // now the server knows the scripts
	serveAs(m, token, func(s *shop.Session) { s.SetTeam("t1") })
	serveAs(m, token, func(s *shop.Session) { s.ClearTeam() })
	expect := func(what, want string) {
		t.Helper()
		if got := sent.take(); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	sent.take()
	serveAs(m, "", func(s *shop.Session) { s.Visits() })
	expect("a new visitor who changes nothing", "")
	serveAs(m, "", func(s *shop.Session) { s.SetVisits(1) })
	expect("a new visitor", "evalsha")
	serveAs(m, token, func(s *shop.Session) { s.Visits() })
	expect("read", "get")
	serveAs(m, token, func(s *shop.Session) { s.AddVisits(1) })
	expect("full", "get evalsha")
	c.pass(3 * time.Hour)
	serveAs(m, token, func(s *shop.Session) { s.Visits() })
	expect("read that moves the end", "get evalsha")
	token = tokenIn(serveAs(m, token, func(s *shop.Session) { s.SetUserID("u1") }))
	expect("login", "get evalsha evalsha evalsha") // index, new record, tombstone
	serveAs(m, token, func(s *shop.Session) { s.AddVisits(1) })
	expect("full, of a user", "get evalsha")
	if n := found(t, m, "u1"); n != 1 {
		t.Errorf("%d sessions of the user", n)
	}
	expect("look-up of one session", "zscan getrange get")
	if n := found(t, m, "nobody"); n != 0 {
		t.Errorf("%d sessions of nobody", n)
	}
	expect("look-up of none", "zscan")
	serveAs(m, token, func(s *shop.Session) { s.SetTeam("t1") })
	expect("a field with an index", "get evalsha evalsha")
	serveAs(m, token, func(s *shop.Session) { s.SetTeam("t2") })
	expect("a change of it", "get evalsha+evalsha evalsha evalsha")
	serveAs(m, token, func(s *shop.Session) { s.Destroy() })
	expect("logout", "get evalsha evalsha+evalsha")
}
