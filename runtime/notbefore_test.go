package runtime_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// users is where an application keeps when its users' sessions began at the
// earliest.
type users struct {
	notBefore time.Time
	err       error
}

func (u *users) ask(ctx context.Context, s *shop.Session) (time.Time, error) {
	if _, limited := ctx.Deadline(); !limited {
		return time.Time{}, errors.New("no time limit")
	}
	if !s.HasUserID() {
		return time.Time{}, nil
	}
	return u.notBefore, u.err
}

func TestNotBefore(t *testing.T) {
	u := &users{}
	a := newApp(t, cookiestore.NotBefore(cookiestore.New(sess.GenerateKey()), u.ask), allowMissingIndex)
	anonymous, b := a.browser(), a.browser()
	anonymous.see(func(s *shop.Session) { s.SetVisits(1) })
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	a.clock.advance(time.Hour)
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	u.notBefore = a.clock.Now().Add(-time.Minute) // after the visit, before the login
	b.sees("a user who logged in since", func(s *shop.Session) any { return s.UserID() }, "u1")
	b.see(func(s *shop.Session) { s.Renew() })
	copied := b.token()
	a.clock.advance(time.Hour)

	// The handler that changes the password.
	b.see(func(s *shop.Session) { u.notBefore = a.clock.Now(); s.Reauthenticate() })
	b.sees("the user who changed the password", func(s *shop.Session) any { return s.UserID() }, "u1")
	if a.opens(copied) {
		t.Error("a copy from before opens")
	}
	anonymous.sees("visits of an anonymous session", func(s *shop.Session) any { return s.Visits() }, 1)

	// In flight while the password changes elsewhere.
	a.clock.advance(time.Hour)
	token := b.token()
	for name, late := range map[string]func(*shop.Session){
		"save":  func(s *shop.Session) { s.AddVisits(1) },
		"renew": func(s *shop.Session) { s.Renew() },
	} {
		u.notBefore = time.Time{}
		b.setToken(token)
		b.parallel(late, func() { a.clock.advance(time.Second); u.notBefore = a.clock.Now(); a.clock.advance(time.Second) })
		b.sees("the user after a late "+name, func(s *shop.Session) any { return s.UserID() }, "")
	}

	u.notBefore, u.err = time.Time{}, sess.ErrNotFound
	b.setToken(token)
	b.sees("a user who is no more", func(s *shop.Session) any { return s.UserID() }, "")
	u.err = errOutage
	b.setToken(token)
	if rec := b.see(func(*shop.Session) { t.Error("the handler ran") }); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("an outage: %d", rec.Code)
	}
}

// TestNotBeforeWithAList: the list and the function work together.
func TestNotBeforeWithAList(t *testing.T) {
	u := &users{}
	list := memstore.New(memstore.RejectWhenFull())
	defer list.Close()
	store := cookiestore.NotBefore(cookiestore.New(sess.GenerateKey()).RevokeIn(list), u.ask)
	a := newApp(t, store, allowMissingIndex)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	token := b.token()
	u.notBefore = a.clock.Now().Add(time.Millisecond)
	if a.opens(token) {
		t.Error("the function is not asked")
	}
	u.notBefore = time.Time{}
	b.see(func(s *shop.Session) { s.Destroy() })
	if a.opens(token) {
		t.Error("the list is not asked")
	}
}
