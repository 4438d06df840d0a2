package runtime_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// policyStore is memory with a policy, and the JSON of jsonStore.
type policyStore struct {
	sess.Store
	policy sess.Policy
	setup  sess.Setup
}

func (s *policyStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.Store.Bind(setup)
	s.setup = setup
	parts.Policy = &s.policy
	return parts, err
}

func newPolicyApp(t *testing.T, p sess.Policy) (*app, *spyStore) {
	store := &spyStore{Store: newMemory(t)}
	return newApp(t, &policyStore{Store: store, policy: p}), store
}

func TestPolicyStores(t *testing.T) {
	look := func(t *testing.T, s *spyStore, want string) {
		t.Helper()
		if got := s.calls(); got != want {
			t.Errorf("the store was asked %q, want %q", got, want)
		}
		s.reset()
	}
	t.Run("new sessions", func(t *testing.T) {
		a, s := newPolicyApp(t, sess.Policy{SaveNew: true})
		b := a.browser()
		b.see(func(*shop.Session) {})
		look(t, s, "Create")
		b.see(func(*shop.Session) {})
		look(t, s, "Load")
		b = a.browser()
		b.see(func(s *shop.Session) { s.Destroy() })
		look(t, s, "")
	})
	t.Run("what was read", func(t *testing.T) {
		a, s := newPolicyApp(t, sess.Policy{SaveRead: true})
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		b.see(func(s *shop.Session) { s.Visits() })
		look(t, s, "Create Load Update")
	})
	t.Run("touches", func(t *testing.T) {
		a, s := newPolicyApp(t, sess.Policy{TouchRead: true})
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1) })
		a.clock.advance(time.Millisecond)
		b.see(func(s *shop.Session) {})
		look(t, s, "Create Load Touch")
	})
	t.Run("not what was set to what it is", func(t *testing.T) {
		a, s := newPolicyApp(t, sess.Policy{IgnoreSame: true})
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(1); s.SetTheme("dark") })
		b.see(func(s *shop.Session) { s.SetVisits(2); s.SetVisits(1); s.SetTheme("dark") })
		look(t, s, "Create Load")
		b.see(func(s *shop.Session) { s.ClearTheme(); s.SetVisits(1) })
		look(t, s, "Load Update")
		b.see(func(s *shop.Session) {
			if s.HasTheme() || s.Visits() != 1 {
				t.Errorf("got %v", s)
			}
		})
		b.see(func(s *shop.Session) { s.SetUserID("u") })
		before := b.token()
		b.see(func(s *shop.Session) { s.SetUserID("u") }) // a login is one, whoever it is
		if b.token() == before {
			t.Error("the second login has the old token")
		}
	})
}

func TestPolicySends(t *testing.T) {
	a, _ := newPolicyApp(t, sess.Policy{Resend: true})
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	if rec := b.see(func(*shop.Session) {}); rec.Header().Get("Set-Cookie") == "" || rec.Header().Get("Cache-Control") == "" {
		t.Errorf("headers %v", rec.Header())
	}
	a, _ = newPolicyApp(t, sess.Policy{ResendChanged: func(m *sess.Meta) bool { return m.Idle > 0 }})
	b = a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	if rec := b.see(func(*shop.Session) {}); rec.Header().Get("Set-Cookie") != "" {
		t.Errorf("after a read: %v", rec.Header())
	}
	if rec := b.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Header().Get("Set-Cookie") == "" {
		t.Errorf("after a change: %v", rec.Header())
	}
}

func TestPolicyClocks(t *testing.T) {
	starts := 0
	a, _ := newPolicyApp(t, sess.Policy{Start: func(_ *http.Request, m *sess.Meta, now int64) {
		starts++
		m.Idle, m.Deadline = 60_000, 0
	}})
	b := a.browser()
	b.see(func(s *shop.Session) {
		if m := sess.PeekMeta(s); m.Idle != 60_000 {
			t.Errorf("meta %+v", m)
		}
		s.SetVisits(1)
	})
	b.see(func(s *shop.Session) {
		sess.EditMeta(s, func(m *sess.Meta) { m.Idle = 120_000 })
		s.Touch()
	})
	a.clock.advance(90 * time.Second)
	b.see(func(s *shop.Session) {
		if s.Visits() != 1 {
			t.Error("the session has ended")
		}
	})
	if starts != 2 { // for PeekMeta and for the record
		t.Errorf("started %d times", starts)
	}
	for _, cfg := range []sess.Config{{IdleTimeout: time.Hour}, {AbsoluteTimeout: time.Hour}} {
		var config *sess.ConfigError
		_, err := shop.NewSessions(&policyStore{Store: newMemory(t), policy: sess.Policy{Start: func(*http.Request, *sess.Meta, int64) {}}}, cfg)
		if !errors.As(err, &config) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// headerSender carries the token in headers and looks at the request.
type headerSender struct{ sess.Transport }

func (headerSender) Send(w http.ResponseWriter, r *http.Request, token string, m *sess.Meta) error {
	w.Header().Set("X-Token", r.URL.Path+" "+token)
	return nil
}

func (headerSender) Forget(w http.ResponseWriter, r *http.Request, _ *sess.Meta) {
	w.Header().Set("X-Token", "none of "+r.URL.Path)
}

func TestPolicyTransport(t *testing.T) {
	p := sess.Policy{Transport: headerSender{sess.Bearer("")}}
	a, _ := newPolicyApp(t, p)
	do := func(token string, f func(*shop.Session)) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/page", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }).ServeHTTP(w, r)
		return w
	}
	_, token, _ := strings.Cut(do("", func(s *shop.Session) { s.SetVisits(1) }).Header().Get("X-Token"), "/page ")
	if token == "" {
		t.Fatal("no token")
	}
	if got := do(token, func(s *shop.Session) { s.Destroy() }).Header().Get("X-Token"); got != "none of /page" {
		t.Errorf("got %q", got)
	}
	var config *sess.ConfigError
	if _, err := shop.NewSessions(&policyStore{Store: newMemory(t), policy: p}, sess.Config{Cookie: sess.Cookie{Name: "x"}}); !errors.As(err, &config) {
		t.Errorf("with a cookie of its own: %v", err)
	}
}

func TestPolicyAdmits(t *testing.T) {
	a, s := newPolicyApp(t, sess.Policy{SaveNew: true, Admit: func(r *http.Request) bool { return r.URL.Path == "/in" }})
	called := false
	h := a.sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		if _, ok := a.sessions.From(r.Context()); ok {
			t.Error("a session outside")
		}
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/out", nil))
	if !called || w.Code != http.StatusOK || s.calls() != "" {
		t.Errorf("called %v, %d, the store was asked %v", called, w.Code, s.calls())
	}
	w = httptest.NewRecorder()
	a.sessions.Handler(func(http.ResponseWriter, *http.Request, *shop.Session) { t.Error("called without a session") }).ServeHTTP(w, httptest.NewRequest("GET", "/out", nil))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
}

func TestAbandonAndStoreEmpty(t *testing.T) {
	a, s := newPolicyApp(t, sess.Policy{})
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	b.see(func(s *shop.Session) { s.SetVisits(7); sess.Abandon(s) })
	b.see(func(s *shop.Session) {
		if s.Visits() != 1 {
			t.Errorf("visits = %d", s.Visits())
		}
		s.Destroy()
		sess.StoreEmpty(s)
	})
	if got := s.calls(); !strings.HasSuffix(got, "Create") {
		t.Errorf("calls %s", got)
	}
	var alone shop.Session // without a manager they do nothing
	sess.Abandon(&alone)
	sess.StoreEmpty(&alone)
	sess.EditMeta(&alone, func(*sess.Meta) { t.Error("called") })
	if m := sess.PeekMeta(&alone); m != (sess.Meta{}) {
		t.Errorf("meta %+v", m)
	}
}

// requestTokens make tokens that tell which request they were made for.
type requestTokens struct{ prefixTokens }

func (p *requestTokens) NewFor(r *http.Request) (token, key string, err error) {
	if r == nil {
		return "s:none.new", "sess:none", nil
	}
	return "s:" + r.Header.Get("X-Id") + ".new", "sess:" + r.Header.Get("X-Id"), nil
}

type requestTokenStore struct{ sess.Store }

func (s requestTokenStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.Store.Bind(setup)
	parts.Tokens = &requestTokens{}
	if setup.Logger == nil {
		err = errors.New("no logger")
	}
	return parts, err
}

func TestRequestTokens(t *testing.T) {
	a := newApp(t, requestTokenStore{newMemory(t)})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Id", "id7")
	a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		if s.SetVisits(1); s.ID() != "sess:id7" {
			t.Errorf("id %q", s.ID())
		}
	}).ServeHTTP(httptest.NewRecorder(), r)
	if _, err := a.sessions.Load(ctx(), "sess:id7"); err != nil {
		t.Error(err)
	}
	s, err := a.sessions.Create(ctx(), nil)
	if err != nil || s.ID() != "sess:none" {
		t.Errorf("%v, %v", s, err)
	}
}
