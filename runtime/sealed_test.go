package runtime_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func allowMissingIndex(c *sess.Config) { c.AllowMissingIndex = true }

func TestSealedSession(t *testing.T) {
	key := sess.GenerateKey()
	a := newApp(t, cookiestore.New(key), allowMissingIndex)
	b := a.browser()
	var id string
	b.see(func(s *shop.Session) { s.SetVisits(1); s.SetTheme("dark") })
	rec := b.see(func(s *shop.Session) {
		id = s.ID()
		if s.Visits() != 1 || s.Theme() != "dark" || s.IsNew() || id == "" || strings.Contains(b.token(), id) {
			t.Errorf("got %v, id %s", s, id)
		}
	})
	if len(rec.Result().Cookies()) != 0 {
		t.Error("a read set a cookie")
	}
	b.see(func(s *shop.Session) { s.AddVisits(1) })
	b.see(func(s *shop.Session) {
		if s.ID() != id || s.Visits() != 2 {
			t.Errorf("id %s, want %s; %v", s.ID(), id, s)
		}
	})
	a.clock.advance(sess.DefaultIdleTimeout / 9)
	before := b.token()
	if rec := b.see(func(s *shop.Session) { s.Visits() }); len(rec.Result().Cookies()) != 1 || b.token() == before {
		t.Error("a use after a tenth of the idle timeout does not move the end")
	}
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	b.see(func(s *shop.Session) {
		if s.ID() == id || s.UserID() != "u1" {
			t.Errorf("after login: id %s, %v", s.ID(), s)
		}
	})
	b.see(func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") })
	b.see(func(s *shop.Session) {
		if s.HasUserID() || s.TakeNotice() != "Bye" {
			t.Errorf("after logout: %v", s)
		}
	})
	b.see(func(s *shop.Session) { s.Destroy() })
	if b.token() != "" {
		t.Error("the cookie is not deleted")
	}
}

func TestSealedSessionExpires(t *testing.T) {
	a := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	token := b.token()
	a.clock.advance(sess.DefaultIdleTimeout + time.Second)
	b.setToken(token)
	b.sees("visits after the idle timeout", func(s *shop.Session) any { return s.Visits() }, 0)
}

func TestSealedLimits(t *testing.T) {
	a := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	b := a.browser()
	rec := b.see(func(s *shop.Session) { s.SetTheme(strings.Repeat("x", 4000)) })
	if rec.Code != http.StatusInternalServerError || !strings.Contains(a.logs.String(), "session is too large") {
		t.Errorf("a large cookie: %d, %s", rec.Code, a.logs)
	}
	b.see(func(s *shop.Session) {
		s.SetNotice("n")
		if _, _, err := s.ClaimNotice(ctx()); !errors.Is(err, sess.ErrStateless) {
			t.Errorf("Claim = %v", err)
		}
		if err := a.sessions.Destroy(ctx(), s.ID()); !errors.Is(err, sess.ErrStateless) {
			t.Errorf("Destroy by id = %v", err)
		}
	})
	late := b.do(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		io.WriteString(w, "x")
		s.SetVisits(5)
		if err := s.Save(ctx()); !errors.Is(err, sess.ErrHeadersSent) {
			t.Errorf("a late Save = %v", err)
		}
	})
	if late.Code != http.StatusOK || !strings.Contains(a.logs.String(), "is not saved") {
		t.Errorf("a late change: %d, %s", late.Code, a.logs)
	}
}

func TestSealedRotation(t *testing.T) {
	older, newer := sess.GenerateKey(), sess.GenerateKey()
	a := newApp(t, cookiestore.New(older), allowMissingIndex)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	before := b.token()
	b.app = newApp(t, cookiestore.New(newer, older), allowMissingIndex)
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 1)
	if b.token() == before {
		t.Fatal("a read under the old key does not seal anew")
	}
	b.app = newApp(t, cookiestore.New(newer), allowMissingIndex)
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 1)
	b.app = newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	b.sees("visits under another key", func(s *shop.Session) any { return s.Visits() }, 0)
}

func TestSealedOpenWithoutARequest(t *testing.T) {
	a := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	made, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(4); return nil })
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.sessions.Open(ctx(), a.sessions.Token(made))
	if err != nil || s.Visits() != 4 {
		t.Errorf("Open = %v, %v", s, err)
	}
}

func TestResendUnused(t *testing.T) {
	older, newer := sess.GenerateKey(), sess.GenerateKey()
	app := newApp(t, cookiestore.New(older), allowMissingIndex)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	app = newApp(t, cookiestore.New(newer, older), allowMissingIndex)
	rec := newRecorder()
	app.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Write([]byte("logo"))
	})).ServeHTTP(rec, br.request())
	if len(rec.Result().Cookies()) > 0 {
		t.Errorf("a public response carries the token: %v", rec.Header())
	}
}

func TestSealedTooLargeInPlace(t *testing.T) {
	app := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetCart([]shop.Item{{SKU: "a"}}) })
	rec := br.see(func(s *shop.Session) {
		s.Cart()[0].SKU = strings.Repeat("x", 5000)
		if err := s.Save(ctx()); !errors.Is(err, sess.ErrTooLarge) {
			t.Errorf("Save = %v", err)
		}
	})
	if rec.Code == 200 {
		t.Error("200 although the change is not saved")
	}
}

// a sealed session whose deadline passes during the handler
func TestSealedDeadline(t *testing.T) {
	app := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex, func(c *sess.Config) { c.AbsoluteTimeout = time.Hour })
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	app.clock.advance(59 * time.Minute)
	rec := br.do(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetVisits(7)
		app.clock.advance(2 * time.Minute)
	})
	if rec.Code != http.StatusConflict || len(rec.Result().Cookies()) != 0 {
		t.Errorf("a set after the deadline: %d, %v", rec.Code, rec.Header())
	}
}
