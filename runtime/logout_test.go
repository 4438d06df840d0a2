package runtime_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestLogoutTwice(t *testing.T) {
	app := newApp(t, nil)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := br.token()
	logout := func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") }
	if rec := br.see(logout); rec.Code != http.StatusOK {
		t.Errorf("logout: %d", rec.Code)
	}
	second := app.browser()
	second.setToken(token)
	if rec := second.see(logout); rec.Code != http.StatusOK || len(rec.Result().Cookies()) != 0 {
		t.Errorf("the second click: %d, %v", rec.Code, rec.Result().Cookies())
	}
	br.sees("the first logout's notice", func(s *shop.Session) any { return s.TakeNotice() }, "Bye")
}

func TestPrincipalRenewsAndRestartsClocks(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	var id string
	b.see(func(s *shop.Session) { s.SetVisits(1); id = s.ID() })
	anonymous := b.token()
	a.clock.advance(20 * time.Hour)
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	if b.token() == anonymous || b.token() == "" {
		t.Fatal("login kept the token")
	}
	b.see(func(s *shop.Session) {
		if s.Visits() != 1 || s.UserID() != "u1" || s.ID() == id {
			t.Errorf("after login: %v, id %s", s, s.ID())
		}
		if want := a.clock.Now().Add(sess.DefaultIdleTimeout); !s.ExpiresAt().Equal(want) {
			t.Errorf("ExpiresAt = %v, want %v", s.ExpiresAt(), want)
		}
	})
	thief := a.browser()
	thief.setToken(anonymous)
	thief.sees("user of the old token", func(s *shop.Session) any { return s.UserID() + s.Theme() }, "light")
	loggedIn := b.token()
	b.see(func(s *shop.Session) { s.ClearUserID() })
	if b.token() == loggedIn {
		t.Error("logout by clearing the principal kept the token")
	}
}

func TestDestroyThenSetLeavesAFlash(t *testing.T) {
	b := newApp(t, nil).browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1"); s.SetVisits(9); s.AppendCart(shop.Item{SKU: "a"}) })
	old := b.token()
	b.see(func(s *shop.Session) {
		s.Destroy()
		if s.UserID() != "" || s.Visits() != 0 || len(s.Cart()) != 0 || s.HasUserID() {
			t.Errorf("fields after Destroy: %v", s)
		}
		s.SetNotice("Bye")
	})
	if b.token() == old || b.token() == "" {
		t.Fatal("no fresh session after Destroy and Set")
	}
	b.see(func(s *shop.Session) {
		if s.HasUserID() || s.TakeNotice() != "Bye" {
			t.Errorf("after logout: %v", s)
		}
	})
	b.sees("flash", func(s *shop.Session) any { return s.HasNotice() }, false)
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	rec := b.see(func(s *shop.Session) { s.Destroy() })
	c := rec.Result().Cookies()
	if len(c) != 1 || c[0].MaxAge != -1 || c[0].Name != "__Host-session" || !c[0].Secure || c[0].Path != "/" {
		t.Errorf("deletion cookie: %v", rec.Header())
	}
}

func TestDestroyForgetsAStaleToken(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.setToken(strings.Repeat("A", 43))
	b.see(func(s *shop.Session) { s.Visits() })
	if b.token() == "" {
		t.Error("a read deletes a stale cookie")
	}
	b.see(func(s *shop.Session) { s.Destroy() })
	if b.token() != "" {
		t.Error("a logout leaves a stale cookie")
	}
}

// TestLogoutStaysDone is promise 1 for all that a request in flight may do.
func TestLogoutStaysDone(t *testing.T) {
	for name, late := range map[string]func(*shop.Session){
		"read":           func(s *shop.Session) { s.UserID() },
		"set":            func(s *shop.Session) { s.SetTheme("dark") },
		"add":            func(s *shop.Session) { s.AddVisits(1) },
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
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, nil)
			b := a.browser()
			b.see(func(s *shop.Session) { s.SetUserID("u1") })
			token := b.token()
			rec := b.parallel(late, func() { b.see(func(s *shop.Session) { s.Destroy() }) })
			if cookies := rec.Result().Cookies(); len(cookies) != 0 {
				t.Errorf("the late response sets %v", cookies)
			}
			if wrote := name != "read" && name != "touch"; wrote != (rec.Code == http.StatusConflict) {
				t.Errorf("status %d", rec.Code)
			}
			for range 2 {
				b.setToken(token)
				b.sees("the user of the old token", func(s *shop.Session) any { return s.UserID() }, "")
			}
			for s, err := range a.sessions.FindByUserID(ctx(), "u1") {
				t.Errorf("found %v, %v", s, err)
			}
		})
	}
}

func TestLoginDuringLogoutTakesNothingAlong(t *testing.T) {
	a := newApp(t, nil)
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

func TestOldTokenAfterRenewal(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	old := b.token()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	renewed := b.token()

	late := a.browser()
	late.setToken(old)
	rec := late.see(func(s *shop.Session) { s.AddVisits(1) })
	if rec.Code != http.StatusConflict || len(rec.Result().Cookies()) != 0 {
		t.Errorf("a set under the old token: %d, %v", rec.Code, rec.Result().Cookies())
	}
	rec = late.see(func(s *shop.Session) {
		if s.HasUserID() {
			t.Error("the old token leads to the login")
		}
	})
	if rec.Code != http.StatusOK || len(rec.Result().Cookies()) != 0 {
		t.Errorf("a read under the old token: %d", rec.Code)
	}
	rec = late.see(func(s *shop.Session) { s.SetUserID("u2") })
	if rec.Code != http.StatusOK || late.token() == old {
		t.Errorf("a login under the old token: %d", rec.Code)
	}
	b.setToken(renewed)
	b.sees("the user", func(s *shop.Session) any { return s.UserID() }, "u1")
	a.clock.advance(2 * time.Minute)
	late.setToken(old)
	if rec := late.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Code != http.StatusOK || late.token() == old {
		t.Errorf("the old token after its tombstone: %d", rec.Code)
	}
}

// TestGoneWithoutATombstone: a record that has vanished altogether (deleted by
// other means, evicted, expired) is not brought back either, by nothing.
func TestGoneWithoutATombstone(t *testing.T) {
	for name, c := range map[string]struct {
		late func(*shop.Session)
		code int
	}{
		"set":    {func(s *shop.Session) { s.AddVisits(1) }, http.StatusConflict},
		"renew":  {func(s *shop.Session) { s.Renew() }, http.StatusConflict},
		"age":    {func(s *shop.Session) { s.SetMaxAge(sess.DefaultAbsoluteTimeout) }, http.StatusConflict},
		"touch":  {func(s *shop.Session) { s.Touch() }, http.StatusOK},
		"logout": {func(s *shop.Session) { s.Destroy() }, http.StatusOK},
		"login":  {func(s *shop.Session) { s.SetUserID("u2") }, http.StatusOK},
	} {
		memory := newMemory(t)
		a := newApp(t, memory)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetUserID("u1"); s.SetVisits(5) })
		var id string
		b.see(func(s *shop.Session) { id = s.ID() })
		rec := b.parallel(c.late, func() { must(t, memory.Delete(ctx(), id, sess.Record{})) })
		if rec.Code != c.code {
			t.Errorf("%s: status %d", name, rec.Code)
		}
		for _, cookie := range rec.Result().Cookies() {
			if name != "login" && cookie.MaxAge > 0 {
				t.Errorf("%s: the late response sets %v", name, cookie)
			}
		}
		left := 0
		for s, err := range a.sessions.List(ctx()) {
			must(t, err)
			if left++; name != "login" || s.UserID() != "u2" || s.Visits() != 0 {
				t.Errorf("%s: left is %v", name, s)
			}
		}
		if name == "login" && left != 1 {
			t.Errorf("the login has %d sessions", left)
		}
	}
}
