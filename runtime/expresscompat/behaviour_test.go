package expresscompat_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

func TestRolling(t *testing.T) {
	t.Run("off by default", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(visit)
		s.sends(s.see(nil), false)
	})
	t.Run("sends the cookie when nothing was changed", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Rolling: true})
		s.see(visit)
		s.sends(s.see(nil), true)
	})
	t.Run("sends the cookie when something was changed", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Rolling: true})
		s.see(visit)
		s.sends(s.see(visit), true)
	})
	t.Run("also where no handler looked", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Rolling: true})
		s.see(visit)
		res := s.do(s.request("/"), nil)
		s.sends(res, true)
		if !strings.Contains(res.Header.Get("Cache-Control"), "private") {
			t.Error("a shared cache may keep it")
		}
	})
	t.Run("not for a new session that is not stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Rolling: true})
		s.sends(s.see(nil), false)
	})
	t.Run("for a new session that is stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Rolling: true, SaveUninitialized: true})
		s.sends(s.see(nil), true)
		s.sends(s.see(nil), true)
	})
}

func TestResave(t *testing.T) {
	t.Run("stores what was only read", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Resave: true})
		s.see(visit)
		s.see(nil)
		s.called("load update")
	})
	t.Run("off, it is touched", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.now = s.now.Add(time.Second)
		s.see(nil)
		s.called("load touch")
	})
	t.Run("off, a change is stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.see(visit)
		s.called("load update")
	})
	t.Run("off, a nested change is stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(func(x *live.Session) { x.PutU("cookie", 1) })
		s.see(func(x *live.Session) { x.U()["cookie"] = 2 })
		s.called("load update")
	})
	t.Run("a failed touch fails the request", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.now = s.now.Add(time.Second)
		s.spy.fail["touch"] = errors.New("boom")
		if res := s.see(nil); res.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status %d", res.StatusCode)
		}
	})
	t.Run("a session that Save has stored is not stored twice", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Resave: true})
		s.see(visit)
		s.do(s.request("/"), func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			if err := x.Save(r.Context()); err != nil {
				t.Error(err)
			}
		})
		s.called("load update")
	})
}

func TestSaveUninitialized(t *testing.T) {
	t.Run("off, nothing is stored or sent", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.sends(s.see(nil), false)
		s.called("")
	})
	t.Run("on, it is stored and sent", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{SaveUninitialized: true})
		s.sends(s.do(s.request("/"), nil), true)
		s.called("create")
	})
	t.Run("off, a changed one is stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.sends(s.see(visit), true)
		s.called("create")
	})
	t.Run("off, a new one is not touched", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(func(x *live.Session) { x.Touch() })
		s.called("")
	})
	t.Run("a failed write fails the request", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{SaveUninitialized: true})
		s.spy.fail["create"] = errors.New("boom")
		s.spy.fail["load"] = errors.New("boom")
		if res := s.see(nil); res.StatusCode != http.StatusServiceUnavailable || sent(res) != "" {
			t.Errorf("status %d, %q", res.StatusCode, sent(res))
		}
	})
	t.Run("off, an explicit Save of nothing stores nothing", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.do(s.request("/"), func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			if err := x.Save(r.Context()); err != nil {
				t.Error(err)
			}
		})
		s.called("")
	})
}

func TestUnset(t *testing.T) {
	t.Run("keep drops the request's changes", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.now = s.now.Add(time.Second)
		s.sends(s.see(func(x *live.Session) { x.AddVisits(5); s.store.Unset(x) }), false)
		s.called("load")
		if s.visits() != 1 {
			t.Error("it is not as it was")
		}
	})
	t.Run("destroy destroys", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Unset: expresscompat.UnsetDestroy})
		s.see(visit)
		s.see(func(x *live.Session) { s.store.Unset(x) })
		if got := s.record(); got != "" {
			t.Errorf("stored %s", got)
		}
	})
	t.Run("destroy of a new session sends nothing", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Unset: expresscompat.UnsetDestroy, SaveUninitialized: true})
		s.sends(s.see(func(x *live.Session) { s.store.Unset(x) }), false)
		s.called("")
	})
	t.Run("a failed destroy fails the request", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Unset: expresscompat.UnsetDestroy})
		s.see(visit)
		s.spy.fail["delete"] = errors.New("boom")
		if res := s.see(func(x *live.Session) { s.store.Unset(x) }); res.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status %d", res.StatusCode)
		}
	})
}

func TestSession(t *testing.T) {
	t.Run("persists", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		for i := range 3 {
			if got := s.visits(); got != i {
				t.Errorf("visits = %d, want %d", got, i)
			}
			s.see(visit)
		}
	})
	t.Run("the cookie is sent when something was changed and it has an age", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(visit)
		s.sends(s.see(nil), false)
		s.sends(s.see(visit), true)
		s.sends(s.see(func(x *live.Session) { x.SetVisits(9); x.SetVisits(2) }), false) // as it was
	})
	t.Run("a cookie of the browser's session is sent once", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.lacks(s.see(visit), "Expires", "Max-Age")
		s.sends(s.see(visit), false)
	})
	t.Run("a store that is down fails the request, and its sessions are there again", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.spy.fail["load"] = errors.New("down")
		if res := s.see(visit); res.StatusCode != http.StatusServiceUnavailable || sent(res) != "" {
			t.Errorf("status %d, %q", res.StatusCode, sent(res))
		}
		delete(s.spy.fail, "load")
		if s.visits() != 1 {
			t.Error("the session is lost")
		}
	})
	t.Run("Destroy", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{Path: "/", Domain: "example.com"}})
		s.see(visit)
		s.has(s.see(func(x *live.Session) { x.Destroy() }), "connect.sid=;", "; Domain=example.com", "; Path=/;", "Expires=Thu, 01 Jan 1970 00:00:00 GMT")
		s.called("load delete")
		if got := s.record(); got != "" {
			t.Errorf("stored %s", got)
		}
	})
	t.Run("a late save after Destroy brings nothing back", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		cookie := s.cookie
		res := s.do(s.request("/"), func(_ http.ResponseWriter, _ *http.Request, x *live.Session) {
			visit(x)
			s.see(func(x *live.Session) { x.Destroy() })
		})
		if res.StatusCode != http.StatusConflict || sent(res) != "" {
			t.Errorf("status %d, %q", res.StatusCode, sent(res))
		}
		if s.cookie = cookie; s.visits() != 0 {
			t.Error("it is alive again")
		}
	})
	t.Run("Regenerate", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		old := s.id
		s.sends(s.see(func(x *live.Session) { s.store.Regenerate(x) }), true)
		s.called("load delete create")
		if s.visits() != 0 || s.id == old || !strings.HasPrefix(s.record(), `{"cookie":{`) {
			t.Errorf("id %q, stored %s", s.id, s.record())
		}
	})
	t.Run("Renew keeps the data under a new id", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(func(x *live.Session) { x.SetVisits(1) })
		old := s.id
		s.see(func(x *live.Session) {
			expresscompat.EditCookie(x, func(c *expresscompat.Cookie) { c.Priority = "low" })
			x.Renew()
		})
		if s.visits() != 1 || s.id == old || !strings.Contains(s.record(), `"priority":"low"`) {
			t.Errorf("id %q, stored %s", s.id, s.record())
		}
		if s.id = old; s.record() != "" {
			t.Error("the old record is still there")
		}
	})
	t.Run("Reload", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.do(s.request("/"), func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			x.SetVisits(7)
			if err := x.Reload(r.Context()); err != nil || x.Visits() != 1 {
				t.Errorf("%d, %v", x.Visits(), err)
			}
		})
	})
	t.Run("Reload of a session that has gone", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.do(s.request("/"), func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			s.see(func(x *live.Session) { x.Destroy() })
			if err := x.Reload(r.Context()); !errors.Is(err, runtime.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("Reload when the store fails", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.do(s.request("/"), func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			s.spy.fail["load"] = errors.New("boom")
			if err := x.Reload(r.Context()); !errors.Is(err, runtime.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("Save, once", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		res := s.do(s.request("/"), func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			visit(x)
			if err := x.Save(r.Context()); err != nil || s.record() == "" && x.ID() == "" {
				t.Error(err)
			}
		})
		s.sends(res, true)
		s.called("create")
	})
	t.Run("Save of a session that was reloaded", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.do(s.request("/"), func(_ http.ResponseWriter, r *http.Request, x *live.Session) {
			x.SetVisits(7)
			if err := x.Reload(r.Context()); err != nil {
				t.Error(err)
			}
			visit(x)
			if err := x.Save(r.Context()); err != nil {
				t.Error(err)
			}
		})
		s.called("load load update")
		if s.visits() != 2 {
			t.Error("it is not saved")
		}
	})
	t.Run("Touch moves the end", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{DisableTouch: true, Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(visit)
		s.now = s.now.Add(2 * time.Second)
		s.see(nil)
		s.called("load")
		s.see(func(x *live.Session) { x.Touch() })
		s.called("load touch")
	})
	t.Run("other cookies are kept", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		res := s.do(s.request("/"), func(w http.ResponseWriter, _ *http.Request, x *live.Session) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			w.Header().Add("Set-Cookie", "connect.sid2=x")
			visit(x)
			w.WriteHeader(http.StatusAccepted)
		})
		if got := res.Header["Set-Cookie"]; len(got) != 3 || got[0] != "a=1" || !strings.HasPrefix(got[2], "connect.sid=s%3A") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("what is set after the first byte is stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(visit)
		s.do(s.request("/"), func(w http.ResponseWriter, _ *http.Request, x *live.Session) {
			io.WriteString(w, "first")
			visit(x)
		})
		if s.visits() != 2 {
			t.Error("it is lost")
		}
	})
}
