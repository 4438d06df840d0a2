package runtime_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// revocableApp is an application whose sessions are sealed, and whose list of
// ended sessions is spied on.
func revocableApp(t *testing.T, change ...func(*sess.Config)) (*app, *spyStore, *memstore.Store) {
	memory := memstore.New(memstore.RejectWhenFull())
	t.Cleanup(func() { memory.Close() })
	list := &spyStore{Store: memory}
	a := newApp(t, cookiestore.New(testKey).RevokeIn(list), append(change, allowMissingIndex)...)
	return a, list, memory
}

var testKey = sess.GenerateKey()

// elsewhere is another process of the application, whose list is not spied on.
func elsewhere(t *testing.T, a *app, list *memstore.Store) *shop.Sessions {
	sessions, err := shop.NewSessions(cookiestore.New(testKey).RevokeIn(list), sess.Config{Now: a.clock.Now, AllowMissingIndex: true})
	must(t, err)
	return sessions
}

// opens tells whether a token opens a session, in a browser of its own.
func (a *app) opens(token string) bool {
	a.t.Helper()
	replay := a.browser()
	replay.setToken(token)
	there := false
	if rec := replay.see(func(s *shop.Session) { there = !s.IsNew() }); rec.Code != http.StatusOK {
		a.t.Errorf("a replay: status %d", rec.Code)
	}
	return there
}

func TestRevokedCookieOpensNothing(t *testing.T) {
	for name, end := range map[string]func(*shop.Session){
		"logout":          func(s *shop.Session) { s.Destroy() },
		"logout, a flash": func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") },
		"renewal":         func(s *shop.Session) { s.Renew() },
		"reauthenticated": func(s *shop.Session) { s.Reauthenticate() },
		"another user":    func(s *shop.Session) { s.SetUserID("u2") },
		"user cleared":    func(s *shop.Session) { s.ClearUserID() },
		"max age":         func(s *shop.Session) { s.SetMaxAge(90 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			a, _, _ := revocableApp(t)
			b := a.browser()
			b.see(func(s *shop.Session) { s.SetUserID("u1") })
			first := b.token()
			b.see(func(s *shop.Session) { s.AddVisits(1) })
			second := b.token() // of the same session
			if !a.opens(first) || !a.opens(second) {
				t.Fatal("a copy of a live session does not open")
			}
			if rec := b.see(end); rec.Code != http.StatusOK {
				t.Fatalf("status %d: %s", rec.Code, a.logs)
			}
			for _, wait := range []time.Duration{0, 2 * time.Minute, 12 * time.Hour} {
				a.clock.advance(wait)
				if a.opens(first) || a.opens(second) {
					t.Errorf("a copy opens %v later", wait)
				}
				if _, err := a.sessions.Open(ctx(), second); !errors.Is(err, sess.ErrNotFound) {
					t.Errorf("Open of a copy = %v", err)
				}
			}
			if b.token() != "" && !a.opens(b.token()) {
				t.Error("the new session does not open")
			}
		})
	}
}

// TestLogoutStaysDoneForSealedSessions is promise 1 with a revocation list, for
// all that a request in flight may do.
func TestLogoutStaysDoneForSealedSessions(t *testing.T) {
	for name, late := range map[string]func(*shop.Session){
		"read":           func(s *shop.Session) { s.UserID() },
		"set":            func(s *shop.Session) { s.SetTheme("dark") },
		"touch":          func(s *shop.Session) { s.Touch() },
		"renew":          func(s *shop.Session) { s.Renew() },
		"reauthenticate": func(s *shop.Session) { s.Reauthenticate() },
		"max age":        func(s *shop.Session) { s.SetMaxAge(sess.DefaultAbsoluteTimeout) },
		"clear user":     func(s *shop.Session) { s.ClearUserID() },
		"save": func(s *shop.Session) {
			s.AddVisits(1)
			if err := s.Save(ctx()); !errors.Is(err, sess.ErrDestroyed) {
				panic(err)
			}
		},
		"reload": func(s *shop.Session) {
			if err := s.Reload(ctx()); !errors.Is(err, sess.ErrNotFound) {
				panic(err)
			}
		},
	} {
		for how, end := range map[string]func(a *app, s *shop.Session){
			"in its request": func(_ *app, s *shop.Session) { s.Destroy() },
			"by its id":      func(a *app, s *shop.Session) { must(a.t, a.sessions.Destroy(ctx(), s.ID())) },
			"by its principal": func(a *app, s *shop.Session) {
				_, err := a.sessions.DestroyByUserID(ctx(), s.UserID())
				must(a.t, err)
			},
		} {
			t.Run(name+" after a logout "+how, func(t *testing.T) {
				a, _, _ := revocableApp(t)
				b := a.browser()
				b.see(func(s *shop.Session) { s.SetUserID("u1") })
				token := b.token()
				rec := b.parallel(late, func() { b.see(func(s *shop.Session) { end(a, s) }) })
				if cookies := rec.Result().Cookies(); len(cookies) != 0 {
					t.Errorf("the late response sets %v", cookies)
				}
				if wrote := name != "read" && name != "touch" && name != "reload"; wrote != (rec.Code == http.StatusConflict) {
					t.Errorf("status %d", rec.Code)
				}
				if a.opens(token) {
					t.Error("the session is alive")
				}
			})
		}
	}
}

// A login that began from a session which was ended meanwhile takes nothing
// of it along.
func TestSealedLoginDuringLogout(t *testing.T) {
	a, _, _ := revocableApp(t)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1"); s.AppendCart(shop.Item{SKU: "u1's"}); s.SetVisits(5) })
	old := b.token()
	b.parallel(func(s *shop.Session) { s.SetUserID("u2"); s.AddVisits(1) }, func() { b.see(func(s *shop.Session) { s.Destroy() }) })
	if b.token() == old || b.token() == "" {
		t.Fatal("the login has no session")
	}
	b.see(func(s *shop.Session) {
		if s.UserID() != "u2" || len(s.Cart()) != 0 || s.Visits() != 1 {
			t.Errorf("the new login holds %v", s)
		}
	})
}

// Of two parallel renewals one wins; the other's new session never opens.
func TestSealedRenewalsInParallel(t *testing.T) {
	a, _, _ := revocableApp(t)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	won := ""
	rec := b.parallel(func(s *shop.Session) { s.Renew() }, func() { b.see(func(s *shop.Session) { s.Renew() }); won = b.token() })
	if rec.Code != http.StatusConflict || len(rec.Result().Cookies()) != 0 || !a.opens(won) {
		t.Errorf("the second renewal: %d, %v", rec.Code, rec.Result().Cookies())
	}
}

// A late response that loses the race for the list at the last moment is refused
// as well: the entry's creation decides, not the look before it.
func TestSealedRenewalLosesAtTheLastMoment(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(*shop.Session)
		status int
		user   string
	}{
		"renewal": {func(s *shop.Session) { s.Renew() }, http.StatusConflict, ""},
		"login":   {func(s *shop.Session) { s.SetUserID("u2") }, http.StatusOK, "u2"},
	} {
		a, list, memory := revocableApp(t)
		other := elsewhere(t, a, memory)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetUserID("u1"); s.SetVisits(9) })
		var id string
		b.see(func(s *shop.Session) { id = s.ID() })
		done := false
		list.failing(func(method string, _ int) failure {
			if method == "Create" && !done {
				done = true
				must(t, other.Destroy(ctx(), id))
			}
			return failure{}
		})
		rec := b.see(c.do)
		list.failing(nil)
		if rec.Code != c.status {
			t.Errorf("%s: status %d", name, rec.Code)
		}
		b.see(func(s *shop.Session) {
			if s.UserID() != c.user || s.Visits() != 0 {
				t.Errorf("%s: %v", name, s)
			}
		})
	}
}

func TestSealedLogoutTwice(t *testing.T) {
	a, _, _ := revocableApp(t)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := b.token()
	logout := func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") }
	b.see(logout)
	second := a.browser()
	second.setToken(token)
	if rec := second.see(logout); rec.Code != http.StatusOK || len(rec.Result().Cookies()) != 0 {
		t.Errorf("the second click: %d, %v", rec.Code, rec.Result().Cookies())
	}
	if rec := second.see(func(s *shop.Session) { s.SetVisits(1) }); rec.Code != http.StatusConflict {
		t.Errorf("a set under the old token: %d", rec.Code)
	}
	a.clock.advance(2 * time.Minute)
	if rec := second.see(func(s *shop.Session) { s.SetVisits(1) }); rec.Code != http.StatusOK || second.token() == token {
		t.Errorf("a set under the old token, later: %d", rec.Code)
	}
	if err := a.sessions.Destroy(ctx(), strings.Repeat("A", 43)); err != nil {
		t.Errorf("Destroy of an id that may be one = %v", err)
	}
	if err := a.sessions.Destroy(ctx(), strings.Repeat("A", 43)); !errors.Is(err, sess.ErrNotFound) {
		t.Errorf("Destroy of an id that had ended = %v", err)
	}
	if _, err := a.sessions.Load(ctx(), strings.Repeat("A", 43)); !errors.Is(err, sess.ErrStateless) {
		t.Errorf("Load = %v", err)
	}
}

func TestSealedLogoutEverywhere(t *testing.T) {
	a, _, _ := revocableApp(t)
	login := func(user string) *browser {
		a.clock.advance(time.Millisecond)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetUserID(user) })
		return b
	}
	phone, laptop, other := login("u1"), login("u1"), login("u2")
	user := func(b *browser) (user string) {
		b.see(func(s *shop.Session) { user = s.UserID() })
		return user
	}
	laptop.see(func(s *shop.Session) {
		if n, err := a.sessions.DestroyByUserID(ctx(), "u1", sess.Except(s)); n != 0 || err != nil {
			t.Errorf("DestroyBy = %d, %v", n, err)
		}
	})
	if user(phone) != "" || user(laptop) != "u1" || user(other) != "u2" {
		t.Errorf("everywhere else: phone %q, laptop %q, other %q", user(phone), user(laptop), user(other))
	}
	copied := laptop.token()
	laptop.see(func(s *shop.Session) { s.Renew() }) // the exception outlasts a new id
	if user(laptop) != "u1" || a.opens(copied) {
		t.Errorf("after renewal: %q, the copy opens %v", user(laptop), a.opens(copied))
	}
	laptop.see(func(s *shop.Session) { s.Reauthenticate() })
	if user(laptop) != "u1" {
		t.Error("an excepted session ends when it is reauthenticated")
	}
	// In the same millisecond: the login comes after what ended its like.
	must(t, errOf(a.sessions.DestroyByUserID(ctx(), "u2")))
	other = a.browser()
	other.see(func(s *shop.Session) { s.SetUserID("u2") })
	if user(other) != "u2" {
		t.Error("a login in the same millisecond does not open")
	}
	phone = login("u1")
	if user(phone) != "u1" {
		t.Error("a later login does not open")
	}
	a.clock.advance(time.Second)
	if _, err := a.sessions.DestroyByUserID(ctx(), "u1"); err != nil {
		t.Error(err)
	}
	if user(phone) != "" || user(laptop) != "" || user(other) != "u2" {
		t.Errorf("everywhere: phone %q, laptop %q, other %q", user(phone), user(laptop), user(other))
	}
	if rec := laptop.see(func(s *shop.Session) { s.SetUserID("u1") }); rec.Code != http.StatusOK || user(laptop) != "u1" {
		t.Errorf("a login afterwards: %d, %q", rec.Code, user(laptop))
	}
	if _, err := a.sessions.DestroyByTeam(ctx(), "blue"); !errors.Is(err, sess.ErrNoIndex) {
		t.Errorf("DestroyBy of a mere index = %v", err)
	}
	for _, err := range a.sessions.FindByUserID(ctx(), "u1") {
		if !errors.Is(err, sess.ErrNoIndex) {
			t.Errorf("FindBy = %v", err)
		}
	}
}

// TestSealedLogoutEverywhereIsUnderWay: what is noted between the look and the
// cookie ends a session whose clocks restart at that moment.
func TestSealedLogoutEverywhereIsUnderWay(t *testing.T) {
	a, list, memory := revocableApp(t)
	other := elsewhere(t, a, memory)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	a.clock.advance(time.Second)
	list.failing(func(method string, _ int) failure {
		if method == "Create" { // of the old id's entry: the list was looked at
			_, err := other.DestroyByUserID(ctx(), "u1")
			must(t, err)
		}
		return failure{}
	})
	b.see(func(s *shop.Session) { s.Reauthenticate() })
	b.sees("the user", func(s *shop.Session) any { return s.UserID() }, "")
}

func errOf[T any](_ T, err error) error { return err }
