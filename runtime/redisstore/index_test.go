package redisstore_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
)

// indexApp is a manager with a clock of its own, and a look at what is stored.
type indexApp struct {
	*testing.T
	client *redis.Client
	prefix string
	clock  *clock
	m      *shop.Sessions
}

func newIndexApp(t *testing.T, change ...func(*runtime.Config)) *indexApp {
	client := connect(t, testserver.Redis(t))
	a := &indexApp{T: t, client: client, prefix: place(t, client), clock: newClock()}
	a.m = manager(t, client, a.prefix, append(change, a.clock.use)...)
	return a
}

// entries are how many keys stand under all entries of a field.
func (a *indexApp) entries(field string) (n int) {
	a.Helper()
	keys, err := keysOf(a.client, a.prefix+"i:")
	must(a, err)
	for _, key := range keys {
		if strings.HasSuffix(key, ":"+field) {
			n += int(a.client.ZCard(ctx, key).Val())
		}
	}
	return n
}

func (a *indexApp) wantEntries(what, field string, want int) {
	a.Helper()
	if n := a.entries(field); n != want {
		a.Errorf("%s: %d entries of %s, want %d", what, n, field, want)
	}
}

// TestEntriesComeAndGo: what a request does to a field is what is in the index,
// and nothing is left over.
func TestEntriesComeAndGo(t *testing.T) {
	a := newIndexApp(t)
	token := begin(t, a.m, func(s *shop.Session) { s.SetTeam("t1") })
	a.wantEntries("set", "team", 1)
	serveAs(a.m, token, func(s *shop.Session) { s.SetTeam("t2") })
	a.wantEntries("changed", "team", 1)
	serveAs(a.m, token, func(s *shop.Session) { s.ClearTeam() })
	a.wantEntries("cleared", "team", 0)
	for range 5 {
		token = tokenIn(serveAs(a.m, token, func(s *shop.Session) { s.SetUserID("u1"); s.SetTeam("t1") }))
		a.wantEntries("login", "user_id", 1)
		a.wantEntries("login", "team", 1)
	}
	long := strings.Repeat("long ", 2000)
	serveAs(a.m, token, func(s *shop.Session) { s.SetTeam(long) })
	a.wantEntries("10 kB", "team", 1)
	serveAs(a.m, token, func(s *shop.Session) { s.Destroy() })
	a.wantEntries("logout", "user_id", 0)
	a.wantEntries("logout", "team", 0)
	if keys, _ := keysOf(a.client, a.prefix+"i:"); len(keys) > 0 {
		t.Errorf("keys are left: %q", keys)
	}
}

// TestEntriesOutliveUse: a session that is used, by reads or by writes, for longer
// than an entry lives is found all the time, and an entry ends after its session.
func TestEntriesOutliveUse(t *testing.T) {
	for name, use := range map[string]func(*shop.Session){
		"read":  func(s *shop.Session) { s.Visits() },
		"write": func(s *shop.Session) { s.AddVisits(1) },
	} {
		for _, idle := range []time.Duration{20 * time.Minute, 5 * time.Hour, 24 * time.Hour, 90 * 24 * time.Hour, runtime.Never} {
			t.Run(fmt.Sprint(name, " ", idle), func(t *testing.T) {
				a := newIndexApp(t, func(cfg *runtime.Config) { cfg.IdleTimeout, cfg.AbsoluteTimeout = idle, runtime.Never })
				token := begin(t, a.m, func(s *shop.Session) { s.SetUserID("u1") })
				step := min(idle, 200*24*time.Hour) / 3 * 2
				for range 60 {
					a.clock.pass(step)
					if rec := serveAs(a.m, token, use); rec.Code != 200 || found(t, a.m, "u1") != 1 {
						t.Fatalf("status %d, %d sessions are found", rec.Code, found(t, a.m, "u1"))
					}
					// Who logs in, and out again, has ended entries removed.
					other := begin(t, a.m, func(s *shop.Session) { s.SetUserID("u1") })
					serveAs(a.m, other, func(s *shop.Session) { s.Destroy() })
				}
				if n, err := a.m.DestroyByUserID(ctx, "u1"); n != 1 || err != nil {
					t.Errorf("%d sessions destroyed: %v", n, err)
				}
			})
		}
	}
}

// TestEntriesOfTheRemembered: SetMaxAge moves a session's end past its entry's.
func TestEntriesOfTheRemembered(t *testing.T) {
	a := newIndexApp(t)
	token := begin(t, a.m, func(s *shop.Session) { s.SetUserID("u1") })
	serveAs(a.m, token, func(s *shop.Session) { s.SetMaxAge(200 * 24 * time.Hour) })
	a.clock.pass(150 * 24 * time.Hour)
	other := begin(t, a.m, func(s *shop.Session) { s.SetUserID("u1") })
	serveAs(a.m, other, func(s *shop.Session) { s.Destroy() })
	if n := found(t, a.m, "u1"); n != 1 {
		t.Errorf("%d sessions are found", n)
	}
}

// TestEntriesAreBounded: of a user who logs in again and again and never logs out,
// the index keeps what can be alive; and of one who never comes back, nothing.
func TestEntriesAreBounded(t *testing.T) {
	a := newIndexApp(t, func(cfg *runtime.Config) { cfg.IdleTimeout = time.Hour })
	for range 300 {
		begin(t, a.m, func(s *shop.Session) { s.SetUserID("u1") })
		a.clock.pass(30 * time.Minute)
	}
	if n := a.entries("user_id"); n < 2 || n > 8 {
		t.Errorf("%d entries of sessions that live an hour, one made each half hour", n)
	}
	keys, err := keysOf(a.client, a.prefix+"i:")
	must(t, err)
	for _, key := range keys {
		if left := a.client.PTTL(ctx, key).Val(); left <= 0 || left > 3*time.Hour+20*time.Minute {
			t.Errorf("the set lives for another %v", left)
		}
	}
}

// TestLeftOver: what a crash between two steps leaves is passed over, and removed
// once it is sure that no request is at it.
func TestLeftOver(t *testing.T) {
	a := newIndexApp(t)
	store := redisstore.New(a.client, redisstore.Prefix(a.prefix))
	_, err := store.Bind(runtime.Setup{Spec: &runtime.Spec{}, Now: a.clock.Now})
	must(t, err)
	begin(t, a.m, func(s *shop.Session) { s.SetUserID("u1") })
	keys, err := keysOf(a.client, a.prefix+"i:")
	must(t, err)
	records, err := keysOf(a.client, a.prefix+"r:")
	must(t, err)
	if len(keys) != 1 || len(records) != 1 {
		t.Fatalf("%q, %q", keys, records)
	}
	must(t, a.client.Del(ctx, records[0]).Err()) // as an eviction does
	if n := found(t, a.m, "u1"); n != 0 {
		t.Errorf("%d sessions are found", n)
	}
	a.wantEntries("a moment later", "user_id", 1) // a request might be about to store the record
	a.clock.pass(11 * time.Minute)
	if n := found(t, a.m, "u1"); n != 0 {
		t.Errorf("%d sessions are found", n)
	}
	a.wantEntries("later", "user_id", 0)
	// What is not of the store under an entry's key is passed over.
	begin(t, a.m, func(s *shop.Session) { s.SetUserID("u1") })
	must(t, a.client.ZAdd(ctx, keys[0], redis.Z{Score: 0.5, Member: "x"}, redis.Z{Score: -1, Member: "y"}).Err())
	if n := found(t, a.m, "u1"); n != 1 {
		t.Errorf("%d sessions are found", n)
	}
}

// TestLateRemoval: a request that took a value away, and is slow to remove the
// entry, does not remove the one that another request added since.
func TestLateRemoval(t *testing.T) {
	a := newIndexApp(t)
	p := newProxy(t, testserver.Redis(t))
	slow := manager(t, connect(t, p.addr), a.prefix, a.clock.use)
	token := begin(t, a.m, func(s *shop.Session) { s.SetTeam("t1") })
	serveAs(slow, token, func(s *shop.Session) { s.SetTeam("t2") })
	serveAs(slow, token, func(s *shop.Session) { s.SetTeam("t1") })
	removal, meanwhile := 0, false
	hold := func(request string) bool {
		if !strings.Contains(request, a.prefix+"i:") || !strings.Contains(request, "evalsha") {
			return false
		}
		if removal++; removal == 2 { // after the addition
			meanwhile = true
			serveAs(a.m, token, func(s *shop.Session) { s.SetTeam("t1") })
		}
		return false
	}
	p.cut.Store(&hold)
	serveAs(slow, token, func(s *shop.Session) { s.SetTeam("t2") })
	n := 0
	for s, err := range a.m.FindByTeam(ctx, "t1") {
		must(t, err)
		if n++; s.Team() != "t1" {
			t.Errorf("team %q", s.Team())
		}
	}
	if n != 1 || !meanwhile {
		t.Errorf("%d sessions are found; another request came in between: %v", n, meanwhile)
	}
}

// TestFailedEntries: what a write has added to the index goes again if there is a
// conflict.
func TestFailedEntries(t *testing.T) {
	client := connect(t, testserver.Redis(t))
	prefix := place(t, client)
	store := redisstore.New(client, redisstore.Prefix(prefix))
	must(t, bind(store))
	record := func(stamp byte, sums ...byte) runtime.Record {
		data := make([]byte, 40)
		data[0], data[8] = 1, stamp
		r := runtime.Record{Data: data, Stamp: uint64(stamp), Index: []runtime.IndexEntry{}}
		for _, sum := range sums {
			r.Index = append(r.Index, runtime.IndexEntry{Field: "f", Sum: [32]byte{sum}})
		}
		return r
	}
	must(t, store.Create(ctx, "key", record(1, 'a')))
	store.Create(ctx, "key", record(2, 'a', 'b'))
	store.Update(ctx, "key", record(3, 'c'), record(4, 'a', 'c', 'd'))
	store.Update(ctx, "other", record(3), record(4, 'e'))
	keys, err := keysOf(client, prefix+"i:")
	must(t, err)
	if want := prefix + "i:" + base64.RawURLEncoding.EncodeToString(append([]byte{'a'}, make([]byte, 31)...)) + ":f"; len(keys) != 1 || keys[0] != want {
		t.Errorf("entries %q, want %q", keys, want)
	}
}
