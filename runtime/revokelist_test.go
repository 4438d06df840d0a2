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
)

// TestRevocationListOutage: a list that can't answer is no list that says no.
func TestRevocationListOutage(t *testing.T) {
	a, list, memory := revocableApp(t)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := b.token()
	list.failing(func(string, int) failure { return failure{err: errOutage} })
	rec := b.see(func(*shop.Session) { t.Error("the handler ran") })
	if rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) != 0 {
		t.Errorf("an outage at the look: %d, %v", rec.Code, rec.Result().Cookies())
	}
	if _, err := a.sessions.Open(ctx(), token); !errors.Is(err, sess.ErrUnavailable) {
		t.Errorf("Open = %v", err)
	}
	if _, err := a.sessions.DestroyByUserID(ctx(), "u1"); !errors.Is(err, sess.ErrUnavailable) {
		t.Errorf("DestroyBy = %v", err)
	}
	w := newRecorder()
	a.sessions.Optional(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		if !s.Unavailable() || s.UserID() != "" || s.HasUserID() || s.ID() != "" {
			t.Errorf("Optional shows what could not be checked: %v", s)
		}
	}).ServeHTTP(w, b.request())
	if w.Code != http.StatusOK {
		t.Errorf("Optional: %d", w.Code)
	}
	for name, do := range map[string]func(*shop.Session){
		"logout": func(s *shop.Session) { s.Destroy() },
		"renew":  func(s *shop.Session) { s.Renew() },
	} {
		list.failing(always("Create", failure{err: errOutage}))
		rec = b.see(do)
		if rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) != 0 {
			t.Errorf("%s in an outage: %d, %v", name, rec.Code, rec.Result().Cookies())
		}
		list.failing(nil)
		if !a.opens(token) {
			t.Errorf("%s: what failed has ended the session", name)
		}
	}
	list.failing(once("Create", failure{errOutage, true})) // the answer is lost, the entry is there
	if rec := b.see(func(s *shop.Session) { s.Renew() }); rec.Code != http.StatusOK || a.opens(token) {
		t.Errorf("an unclear renewal: %d", rec.Code)
	}
	list.failing(nil)
	b.sees("the user", func(s *shop.Session) any { return s.UserID() }, "u1")

	// An entry that can't be read may end the session: it is an outage too.
	var id string
	b.see(func(s *shop.Session) { id = s.ID() })
	must(t, memory.Create(ctx(), id, sess.Record{Data: []byte("?"), Stamp: 1}))
	if rec := b.see(func(*shop.Session) { t.Error("the handler ran") }); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("an entry of garbage: %d", rec.Code)
	}
}

// A cookie that is too large to be sent does not end the session that it is of.
func TestSealedRenewalTooLarge(t *testing.T) {
	a, _, _ := revocableApp(t)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	for _, n := range []int{2940, 2960, 2980, 3000, 4000} {
		rec := b.see(func(s *shop.Session) { s.SetTheme(strings.Repeat("x", n)); s.Renew() })
		if rec.Code == http.StatusOK {
			continue
		}
		b.sees("the user", func(s *shop.Session) any { return s.UserID() }, "u1")
	}
	if !strings.Contains(a.logs.String(), "the cookie has") || !strings.Contains(a.logs.String(), "too large") {
		t.Errorf("log: %s", a.logs)
	}
}

// TestRevocationEntriesExpire: each entry lasts as long as a copy could open, and
// no longer.
func TestRevocationEntriesExpire(t *testing.T) {
	a, _, memory := revocableApp(t)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := b.token()
	a.clock.advance(time.Hour)
	b.see(func(s *shop.Session) { s.Destroy() })
	a.clock.advance(sess.DefaultIdleTimeout - time.Millisecond)
	if memory.Sweep(); memory.Len() != 1 {
		t.Errorf("%d entries while a copy may be alive", memory.Len())
	}
	a.clock.advance(time.Millisecond)
	if memory.Sweep(); memory.Len() != 0 || a.opens(token) {
		t.Errorf("%d entries afterwards", memory.Len())
	}
	must(t, errOf(a.sessions.DestroyByUserID(ctx(), "u1")))
	a.clock.advance(400*24*time.Hour - time.Millisecond)
	if memory.Sweep(); memory.Len() != 1 {
		t.Errorf("%d entries for a principal", memory.Len())
	}
	a.clock.advance(time.Millisecond)
	if memory.Sweep(); memory.Len() != 0 {
		t.Errorf("%d entries for a principal after 400 days", memory.Len())
	}
}

// TestRevocableSessionsEnd: a session that could live for ever would need an
// entry for ever; it ends 400 days after it began.
func TestRevocableSessionsEnd(t *testing.T) {
	never := func(c *sess.Config) { c.IdleTimeout, c.AbsoluteTimeout = sess.Never, sess.Never }
	for name, fill := range map[string]func(*shop.Session){
		"never":   func(s *shop.Session) { s.SetUserID("u1") },
		"max age": func(s *shop.Session) { s.SetUserID("u1"); s.SetMaxAge(10 * 365 * 24 * time.Hour) },
	} {
		a, _, memory := revocableApp(t, never)
		b, gone := a.browser(), a.browser()
		b.see(fill)
		gone.see(fill)
		token, ended := b.token(), gone.token()
		end := a.clock.Now().Add(400 * 24 * time.Hour)
		b.see(func(s *shop.Session) {
			if !s.ExpiresAt().Equal(end) {
				t.Errorf("%s: ExpiresAt = %v, want %v", name, s.ExpiresAt(), end)
			}
		})
		gone.see(func(s *shop.Session) { s.Destroy() })
		a.clock.advance(400*24*time.Hour - time.Millisecond)
		if memory.Sweep(); !a.opens(token) || a.opens(ended) {
			t.Errorf("%s: before its end it opens: %v; the ended one %v", name, a.opens(token), a.opens(ended))
		}
		a.clock.advance(time.Millisecond)
		if memory.Sweep(); a.opens(token) || a.opens(ended) || memory.Len() != 0 {
			t.Errorf("%s: after 400 days it opens: %v; %d entries", name, a.opens(token), memory.Len())
		}
	}
}

// TestRevocationCost states what the list costs: one look for a request with a
// session, one more with a principal, the same again if it sends a cookie.
func TestRevocationCost(t *testing.T) {
	a, list, _ := revocableApp(t)
	b := a.browser()
	for _, c := range []struct {
		name string
		do   func(*shop.Session)
		want string
	}{
		{"a new visitor", func(s *shop.Session) { s.SetVisits(1) }, ""},
		{"a read", func(s *shop.Session) { s.Visits() }, "Load"},
		{"a set", func(s *shop.Session) { s.AddVisits(1) }, "Load Load"},
		{"a login", func(s *shop.Session) { s.SetUserID("u1") }, "Load Load Load Create"},
		{"a read with a principal", func(s *shop.Session) { s.Visits() }, "Load Load"},
		{"a set with a principal", func(s *shop.Session) { s.AddVisits(1) }, "Load Load Load Load"},
		{"a logout", func(s *shop.Session) { s.Destroy() }, "Load Load Create"},
	} {
		list.reset()
		b.see(c.do)
		if got := list.calls(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRevocationIsAChoice: who asks for nothing gets no look-ups.
func TestRevocationIsAChoice(t *testing.T) {
	a := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := b.token()
	b.see(func(s *shop.Session) { s.Destroy() })
	if !a.opens(token) {
		t.Error("a copy does not open; the documentation says that it does")
	}
	if _, err := a.sessions.DestroyByUserID(ctx(), "u1"); !errors.Is(err, sess.ErrNoIndex) {
		t.Errorf("DestroyBy = %v", err)
	}
}

// One list serves managers whose principals have the same names.
func TestOneListForSeveralManagers(t *testing.T) {
	memory := newMemory(t)
	manager := func(name string) *app {
		return newApp(t, cookiestore.New(sess.GenerateKey()).RevokeIn(&spyStore{Store: memory}), allowMissingIndex,
			func(c *sess.Config) { c.Cookie.Name = name })
	}
	visitors, admins := manager("session"), manager("admin-session")
	login := func(a *app) string {
		s, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u1"); return nil })
		must(t, err)
		return a.sessions.Token(s)
	}
	visitor, admin := login(visitors), login(admins)
	_, err := visitors.sessions.DestroyByUserID(ctx(), "u1")
	must(t, err)
	if _, err := visitors.sessions.Open(ctx(), visitor); !errors.Is(err, sess.ErrNotFound) {
		t.Errorf("the visitor's session: %v", err)
	}
	if _, err := admins.sessions.Open(ctx(), admin); err != nil {
		t.Errorf("the administrator's session: %v", err)
	}
}
