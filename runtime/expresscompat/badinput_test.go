package expresscompat_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// put replaces the record of the session that the last handler saw.
func (s *site) put(text string) {
	s.t.Helper()
	ctx := context.Background()
	old, err := s.spy.Records.Load(ctx, s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.spy.Records.Update(ctx, s.id, old, runtime.Record{Data: []byte(text), Stamp: old.Stamp + 1, Expires: old.Expires}); err != nil {
		s.t.Fatal(err)
	}
}

// Explain says what is wrong and what to do, and the session is not lost by it.
func TestExplain(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *site)
		want   []string
	}{
		{"nothing", func(*site) {}, nil},
		{"no cookie", func(s *site) { s.cookie = "" }, []string{`no cookie "connect.sid"`, "path or domain"}},
		{"something else's cookie", func(s *site) { s.cookie = "connect.sid=abc" }, []string{`begin with "s:"`, "Options.Name"}},
		{"a secret that differs", func(s *site) { s.secrets("other") }, []string{"fits none of the 1 secrets", "list its first secret too"}},
		{"an unknown prefix", func(s *site) {
			s.store = expresscompat.Over(s.spy, expresscompat.Options{Secrets: []string{"keyboard cat"}, Prefix: "app:"})
			if _, err := live.NewSessions(s.store, runtime.Config{Now: func() time.Time { return s.now }}); err != nil {
				s.t.Fatal(err)
			}
		}, []string{`no record with the prefix "app:"`, "another database"}},
		{"no cookie part", func(s *site) { s.put(`{"visits":3}`) }, []string{"part \"cookie\" is missing", "under another prefix"}},
		{"no JSON", func(s *site) { s.put(`{"cookie":`) }, []string{"not JSON", "cut"}},
		{"the store is down", func(s *site) { s.spy.fail["load"] = errors.New("down") }, []string{"can't answer", "down"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, expresscompat.Options{})
			s.see(visit)
			cookie := s.cookie
			c.change(s)
			err := s.store.Explain(t.Context(), s.request("/"))
			if (err == nil) != (c.want == nil) {
				t.Fatalf("got %v", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
			_, signature, _ := strings.Cut(cookie, ".")
			if err != nil && (strings.Contains(err.Error(), signature) || strings.Contains(err.Error(), "keyboard")) {
				t.Errorf("it tells a secret: %v", err)
			}
		})
	}
	s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{Path: "/app"}})
	if err := s.store.Explain(t.Context(), s.request("/")); err == nil || !strings.Contains(err.Error(), "Cookie.Path") {
		t.Errorf("got %v", err)
	}
}

// With the right secret again, the session is there: it was never lost.
func TestWrongSecretLosesNothing(t *testing.T) {
	s := newSite(t, expresscompat.Options{})
	s.see(visit)
	cookie := s.cookie
	s.secrets("other")
	s.sends(s.see(nil), false) // a look alone leaves the browser's cookie
	s.secrets("keyboard cat", "other")
	if s.cookie != cookie || s.visits() != 1 {
		t.Error("the session is lost")
	}
}

// Every damaged record gives a new session, and stays as it is.
func TestDamagedRecords(t *testing.T) {
	const cookie = `"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"`
	for _, text := range []string{
		``, `{`, `null`, `[]`, `"x"`, `7`, `{}`, `{"cookie":7}`, `{"cookie":[]}`, `{"cookie":{"originalMaxAge":"1"}}`,
		`{"cookie":{"originalMaxAge":1,"expires":"never"}}`, `{"cookie":{` + cookie + `,"secure":"auto"}}`, `{"cookie":{` + cookie + `,"domain":7}}`,
		`{"cookie":{` + cookie + `,"sameSite":{}}}`, `{"cookie":{"path":7}}`, `{"cookie":{` + cookie + `},"visits":1`, `{"cookie":{` + cookie + `}} x`,
	} {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		old := s.id
		s.put(text)
		if res := s.see(visit); res.StatusCode != http.StatusOK || s.id == old {
			t.Errorf("%s: status %d, the session is %q", text, res.StatusCode, s.id)
		}
		if s.id = old; s.record() != text {
			t.Errorf("%s: the record is now %s", text, s.record())
		}
		if text != "" && !strings.Contains(s.logs.String(), "can't be read") {
			t.Errorf("%s: nothing is reported", text)
		}
	}
}

// What other writers may leave out or add is no damage.
func TestLenientCookieParts(t *testing.T) {
	for text, want := range map[string]string{
		`{"cookie":{}}`:                                  `{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"visits":1}`,
		`{"cookie":{"originalMaxAge":1500.7}}`:           `{"cookie":{"originalMaxAge":1500,"expires":"2026-03-14T09:26:55.089Z","httpOnly":true,"path":"/"},"visits":1}`,
		`{"cookie":{"expires":false,"path":"/a"}}`:       `{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/a"},"visits":1}`,
		`{"cookie":{"domain":null,"sameSite":true}}`:     `{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/","sameSite":true},"visits":1}`,
		`{"a":{"__proto__":1},"cookie":{},"z":"\ud800"}`: `{"a":{"__proto__":1},"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"z":"\ud800","visits":1}`,
	} {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.put(text)
		s.see(func(x *live.Session) { x.SetVisits(1) })
		if got := s.record(); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// A wire name that express-session drops when it loads a record is refused.
func TestReservedNames(t *testing.T) {
	for _, name := range []string{"cookie", "id", "req", "save", "touch", "toString", "__proto__"} {
		_, err := expresscompat.New(anyClient(t), expresscompat.Options{Secrets: []string{"s"}}).Bind(runtime.Setup{Spec: runtime.NewSpec("x", []runtime.Field{{Name: name}})})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An integer that JavaScript would round is a string there, and the same here.
func TestBigIntegers(t *testing.T) {
	for _, n := range []int64{1<<53 - 1, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64, -1<<53 + 1, -1 << 53} {
		s := newSite(t, expresscompat.Options{})
		s.see(func(x *live.Session) { x.SetBig(n) })
		safe := -1<<53 < n && n < 1<<53
		if quoted := strings.Contains(s.record(), `"big":"`); quoted == safe {
			t.Errorf("%d is stored as %s", n, s.record())
		}
		s.see(func(x *live.Session) {
			if x.Big() != n {
				t.Errorf("%d is read as %d", n, x.Big())
			}
		})
	}
}

// Two programs with other specs on the same sessions, one in an older version:
// neither loses what the other has, its field deadlines included.
func TestOtherSpec(t *testing.T) {
	memory := memstore.New()
	defer memory.Close()
	o := expresscompat.Options{Secrets: []string{"s"}}
	cfg := runtime.Config{AllowMissingIndex: true}
	a, err := live.NewSessions(expresscompat.Over(memory, o), cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := live.NewOthers(&shared{memory}, cfg)
	if err == nil {
		t.Fatal("a store that is no express-session's was taken")
	}
	if b, err = live.NewOthers(expresscompat.Over(bound{memory}, o), cfg); err != nil {
		t.Fatal(err)
	}
	cookie := ""
	inA := func(f func(*live.Session)) {
		w := seenBy(a.Handler(func(_ http.ResponseWriter, _ *http.Request, s *live.Session) { f(s) }), cookie)
		keep(&cookie, w)
	}
	inB := func(f func(*live.Other)) {
		w := seenBy(b.Handler(func(_ http.ResponseWriter, _ *http.Request, s *live.Other) { f(s) }), cookie)
		keep(&cookie, w)
	}
	inA(func(s *live.Session) { s.SetVisits(4); s.SetUser("u1") })
	inB(func(s *live.Other) {
		if s.Count() != 4 || s.UserID() != "u1" {
			t.Errorf("got %v", s)
		}
		s.AddCount(1)
		s.SetCode("1234")
		s.SetNotice("hello")
	})
	inA(func(s *live.Session) {
		if s.Visits() != 5 {
			t.Errorf("visits = %d", s.Visits())
		}
		s.AddVisits(1)
	})
	before := cookie
	inB(func(s *live.Other) {
		if s.Count() != 6 || s.Code() != "1234" || s.TakeNotice() != "hello" {
			t.Errorf("got %v", s)
		}
		s.SetUserID("u2") // a new id
	})
	if before == cookie {
		t.Error("a login has the old id")
	}
	inA(func(s *live.Session) {
		if s.User() != "u2" || s.Visits() != 6 {
			t.Errorf("got %v", s)
		}
	})
}

// bound is a store whose records are there already, for a second manager.
type bound struct{ *memstore.Store }

func (b bound) Bind(runtime.Setup) (runtime.Parts, error) {
	return runtime.Parts{Records: b.Store, Local: true}, nil
}

// shared offers a policy itself, and so can't be under Over.
type shared struct{ *memstore.Store }

func (s *shared) Bind(runtime.Setup) (runtime.Parts, error) {
	return runtime.Parts{}, errors.New("no")
}

func keep(cookie *string, w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		*cookie = c.Name + "=" + c.Value
	}
}
