package expresscompat_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

func TestCookieDefaults(t *testing.T) {
	s := newSite(t, expresscompat.Options{})
	s.see(func(x *live.Session) {
		want := expresscompat.Cookie{Path: "/", HTTPOnly: expresscompat.True}
		got := expresscompat.CookieOf(x)
		if got.Path != want.Path || got.HTTPOnly != want.HTTPOnly || got.Persistent || got.MaxAge != 0 || got.Domain != "" || got.Secure != expresscompat.Absent {
			t.Errorf("got %+v", got)
		}
		visit(x)
	})
	if got := s.record(); got != `{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"visits":1}` {
		t.Errorf("stored %s", got)
	}
	if got := expresscompat.CookieOf(&live.Session{}); !reflect.DeepEqual(got, expresscompat.Cookie{}) {
		t.Errorf("of a session without manager: %+v", got)
	}
	expresscompat.EditCookie(&live.Session{}, func(*expresscompat.Cookie) { t.Error("called") })
}

func TestCookieOptionsAsStored(t *testing.T) {
	const start = `{"cookie":{"originalMaxAge":null,`
	for _, c := range []struct {
		name    string
		o       expresscompat.CookieOptions
		stored  string // a part of the record
		headers []string
		not     string
	}{
		{"httpOnly off", expresscompat.CookieOptions{NoHTTPOnly: true}, `"httpOnly":false`, nil, "HttpOnly"},
		{"path", expresscompat.CookieOptions{Path: "/"}, `"path":"/"}`, []string{"; Path=/;"}, "Domain"},
		{"partitioned", expresscompat.CookieOptions{Partitioned: expresscompat.True}, `"partitioned":true`, []string{"; Partitioned;"}, "Secure"},
		{"partitioned off", expresscompat.CookieOptions{Partitioned: expresscompat.False}, `"partitioned":false`, nil, "Partitioned"},
		{"partitioned absent", expresscompat.CookieOptions{}, start + `"expires"`, nil, "Partitioned"},
		{"priority", expresscompat.CookieOptions{Priority: "High"}, `"priority":"High"`, []string{"; Priority=High;"}, "Secure"},
		{"sameSite false", expresscompat.CookieOptions{SameSite: expresscompat.SameSiteFalse}, `"sameSite":false`, nil, "SameSite"},
		{"expires", expresscompat.CookieOptions{Expires: time.UnixMilli(1773480413589 + 90_500)}, `{"originalMaxAge":90500,"expires":"2026-03-14T09:28:24.089Z"`, []string{"Expires=Sat, 14 Mar 2026 09:28:24 GMT"}, "Max-Age"},
		{"large", expresscompat.CookieOptions{MaxAge: 2000 * 24 * time.Hour}, `"originalMaxAge":172800000000,`, []string{"Expires=Thu, 04 Sep 2031"}, "Max-Age"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, expresscompat.Options{Cookie: c.o})
			res := s.see(visit)
			s.has(res, c.headers...)
			s.lacks(res, c.not)
			if got := s.record(); !strings.Contains(got, c.stored) {
				t.Errorf("stored %s, want %s", got, c.stored)
			}
		})
	}
}

func TestEditCookie(t *testing.T) {
	t.Run("the age, relative to now", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(visit)
		s.now = s.now.Add(10 * time.Second)
		res := s.see(func(x *live.Session) {
			expresscompat.EditCookie(x, func(c *expresscompat.Cookie) { c.MaxAge = 2 * time.Minute })
			visit(x)
			if got := expresscompat.CookieOf(x); got.MaxAge != 2*time.Minute || !got.Persistent {
				t.Errorf("got %+v", got)
			}
		})
		s.has(res, "Expires=Sat, 14 Mar 2026 09:29:03 GMT")
		if got := s.record(); !strings.Contains(got, `"originalMaxAge":120000,"expires":"2026-03-14T09:29:03.589Z"`) {
			t.Errorf("stored %s", got)
		}
	})
	t.Run("the original age stays while time passes", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		for range 5 {
			s.see(visit)
			s.now = s.now.Add(time.Second + time.Millisecond)
		}
		if got := s.record(); !strings.Contains(got, `"originalMaxAge":60000,`) {
			t.Errorf("stored %s", got)
		}
	})
	t.Run("no age, which stays so", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
		s.see(visit)
		s.see(func(x *live.Session) {
			expresscompat.EditCookie(x, func(c *expresscompat.Cookie) { c.Persistent = false })
			visit(x)
		})
		s.see(visit)
		if got := s.record(); !strings.Contains(got, `"originalMaxAge":null,"expires":null`) || !strings.Contains(got, `"visits":3`) {
			t.Errorf("stored %s", got)
		}
	})
	t.Run("on a new session", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.has(s.see(func(x *live.Session) {
			expresscompat.EditCookie(x, func(c *expresscompat.Cookie) {
				c.MaxAge, c.Persistent, c.Path, c.SameSite = time.Hour, true, "/app", expresscompat.SameSiteStrict
			})
			visit(x)
		}), "; Path=/app; Expires=Sat, 14 Mar 2026 10:26:53 GMT; HttpOnly; SameSite=Strict;")
	})
	t.Run("is merged into what others stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.see(func(x *live.Session) {
			expresscompat.EditCookie(x, func(c *expresscompat.Cookie) { c.Priority = "low" })
			visit(x)
			s.see(visit)
		})
		if s.visits() != 3 || !strings.Contains(s.record(), `"priority":"low"`) {
			t.Errorf("stored %s", s.record())
		}
	})
	t.Run("alone stores nothing", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(func(x *live.Session) {
			expresscompat.EditCookie(x, func(c *expresscompat.Cookie) { c.Priority = "low" })
		})
		s.called("")
	})
	t.Run("to what can't be sent is reported and the session stored", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		res := s.see(func(x *live.Session) {
			expresscompat.EditCookie(x, func(c *expresscompat.Cookie) { c.Path = "/a;b" })
			visit(x)
		})
		s.sends(res, false)
		s.called("create")
		if res.StatusCode != http.StatusOK || !strings.Contains(s.logs.String(), "correct the cookie's Path") {
			t.Errorf("%d: %s", res.StatusCode, s.logs)
		}
	})
	t.Run("SetMaxAge is stored and sent", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.has(s.see(func(x *live.Session) { x.SetMaxAge(time.Hour) }), "Expires=Sat, 14 Mar 2026 10:26:53 GMT")
		if got := s.record(); !strings.Contains(got, `"originalMaxAge":3600000,"expires":"2026-03-14T10:26:53.589Z"`) {
			t.Errorf("stored %s", got)
		}
		s.now = s.now.Add(59 * time.Minute)
		s.see(nil)
		s.now = s.now.Add(59 * time.Minute)
		if s.visits() != 1 {
			t.Error("it ended although it was used")
		}
	})
}

func TestOptionsThatAreRefused(t *testing.T) {
	for setting, o := range map[string]expresscompat.Options{
		"Name":               {Name: "a;b"},
		"NoPrefix":           {Prefix: "x:", NoPrefix: true},
		"TTL":                {TTL: -1},
		"ScanCount":          {ScanCount: -1},
		"Unset":              {Unset: 2},
		"Proxy":              {Proxy: 3},
		"Cookie.Path":        {Cookie: expresscompat.CookieOptions{Path: "/a;b"}},
		"Cookie.Domain":      {Cookie: expresscompat.CookieOptions{Domain: "-"}},
		"Cookie.Priority":    {Cookie: expresscompat.CookieOptions{Priority: "urgent"}},
		"Cookie.SameSite":    {Cookie: expresscompat.CookieOptions{SameSite: "maybe"}},
		"Cookie.Secure":      {Cookie: expresscompat.CookieOptions{Secure: 9}},
		"Cookie.Partitioned": {Cookie: expresscompat.CookieOptions{Partitioned: 9}},
	} {
		o.Secrets = []string{"s"}
		_, err := live.NewSessions(expresscompat.New(anyClient(t), o), runtime.Config{})
		var config *runtime.ConfigError
		if !errors.As(err, &config) || config.Setting != "expresscompat.Options."+setting || len(config.Reason) < 20 {
			t.Errorf("%s: %v", setting, err)
		}
	}
	for setting, cfg := range map[string]runtime.Config{
		"Config.Cookie":          {Cookie: runtime.Cookie{Name: "x"}},
		"Config.IdleTimeout":     {IdleTimeout: time.Hour},
		"Config.AbsoluteTimeout": {AbsoluteTimeout: time.Hour},
	} {
		_, err := live.NewSessions(expresscompat.New(anyClient(t), expresscompat.Options{Secrets: []string{"s"}}), cfg)
		var config *runtime.ConfigError
		if !errors.As(err, &config) || config.Setting != setting {
			t.Errorf("%s: %v", setting, err)
		}
	}
	for _, store := range []*expresscompat.Store{expresscompat.New(nil, expresscompat.Options{Secrets: []string{"s"}}), expresscompat.Over(expresscompat.Over(nil, expresscompat.Options{}), expresscompat.Options{Secrets: []string{"s"}})} {
		if _, err := live.NewSessions(store, runtime.Config{}); err == nil {
			t.Error("accepted")
		}
	}
}
