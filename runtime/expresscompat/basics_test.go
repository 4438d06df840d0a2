package expresscompat_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

func TestBasics(t *testing.T) {
	t.Run("the session of a request is loaded once", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		w := httptest.NewRecorder()
		s.spy.took()
		s.sessions.Middleware(s.sessions.Middleware(s.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, x *live.Session) { x.AddVisits(1) }))).ServeHTTP(w, s.request("/"))
		s.called("load update")
	})
	t.Run("no secret is an error", func(t *testing.T) {
		for _, list := range [][]string{nil, {}, {""}, {"a", ""}} {
			_, err := live.NewSessions(expresscompat.New(anyClient(t), expresscompat.Options{Secrets: list}), runtime.Config{})
			var config *runtime.ConfigError
			if !errors.As(err, &config) || config.Setting != "expresscompat.Options.Secrets" {
				t.Errorf("%q: %v", list, err)
			}
		}
	})
	t.Run("a new session is created", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.sends(s.see(visit), true)
		s.called("create")
		if s.visits() != 1 {
			t.Error("it is not there")
		}
	})
	t.Run("a failed load fails the request", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.spy.fail["load"] = errors.New("boom")
		if res := s.see(visit); res.StatusCode != http.StatusServiceUnavailable || s.id != "" {
			t.Errorf("status %d, handler ran: %v", res.StatusCode, s.id != "")
		}
		delete(s.spy.fail, "load")
		if s.visits() != 1 {
			t.Error("the session is lost")
		}
	})
	t.Run("not found is a new session", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.spy.fail["load"] = runtime.ErrNotFound
		if res := s.see(nil); res.StatusCode != http.StatusOK || s.id == "" {
			t.Errorf("status %d", res.StatusCode)
		}
	})
	t.Run("each browser has its own", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		first, cookie := s.id, s.cookie
		s.cookie = ""
		s.see(visit)
		if s.id == first {
			t.Error("two browsers have one session")
		}
		if s.cookie = cookie; s.visits() != 1 {
			t.Error("the first one has another session now")
		}
	})
	t.Run("an empty request target", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.sends(s.do(s.request(""), func(_ http.ResponseWriter, _ *http.Request, x *live.Session) { visit(x) }), true)
	})
	t.Run("only data is enumerated", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(func(x *live.Session) {
			x.SetVisits(1)
			for name := range x.All() {
				if name != "visits" {
					t.Errorf("%q is enumerated", name)
				}
			}
		})
	})
	t.Run("GenID that returns nothing stores nothing", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{GenID: func(*http.Request) string { return "" }})
		if res := s.see(visit); res.StatusCode != http.StatusInternalServerError || sent(res) != "" {
			t.Errorf("status %d, %q", res.StatusCode, sent(res))
		}
		s.called("")
	})
	t.Run("a slow answer still moves the end", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Rolling: true, Cookie: expresscompat.CookieOptions{MaxAge: 5 * time.Second}})
		s.see(visit)
		res := s.do(s.request("/"), func(w http.ResponseWriter, _ *http.Request, x *live.Session) {
			s.now = s.now.Add(4 * time.Second)
			io.WriteString(w, "late")
		})
		s.has(res, "Expires=Sat, 14 Mar 2026 09:27:02 GMT") // 4 s and 5 s after the first request
		s.now = s.now.Add(4 * time.Second)
		if s.visits() != 1 {
			t.Error("the session has ended")
		}
	})
}

// TestSavedWhenTheResponseEnds also holds for redirects: what was set is stored
// before the first byte leaves.
func TestSavedWhenTheResponseEnds(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"with a body":           func(w http.ResponseWriter) { io.WriteString(w, "ok") },
		"with an empty body":    func(http.ResponseWriter) {},
		"with a nil body":       func(w http.ResponseWriter) { w.Write(nil) },
		"with several writes":   func(w http.ResponseWriter) { io.WriteString(w, "a"); io.WriteString(w, "b") },
		"with a fixed length":   func(w http.ResponseWriter) { w.Header().Set("Content-Length", "2"); io.WriteString(w, "ok") },
		"with a redirect":       func(w http.ResponseWriter) { w.Header().Set("Location", "/"); w.WriteHeader(http.StatusSeeOther) },
		"with headers that end": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Minute}})
			s.see(visit)
			s.now = s.now.Add(time.Second)
			s.do(s.request("/"), func(w http.ResponseWriter, _ *http.Request, x *live.Session) {
				visit(x)
				answer(w)
			})
			s.called("load update")
			if got := s.record(); !strings.Contains(got, `"visits":2`) || !strings.Contains(got, `"expires":"2026-03-14T09:27:54.589Z"`) {
				t.Errorf("stored %s", got)
			}
			if s.visits() != 2 {
				t.Error("it is not saved")
			}
		})
	}
	t.Run("stored before the first byte", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.do(s.request("/"), func(w http.ResponseWriter, _ *http.Request, x *live.Session) {
			visit(x)
			io.WriteString(w, "first byte")
			s.called("create")
		})
	})
}

func TestUnknownCookies(t *testing.T) {
	t.Run("an id that is not in the store", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		old := s.id
		s.see(func(x *live.Session) { x.Destroy() })
		s.cookie = "connect.sid=s%3A" + strings.TrimPrefix(old, "sess:") + "." // a signed one is in the recorded cases
		s.see(visit)
		if s.id == old {
			t.Error("the id comes from the client")
		}
	})
	t.Run("a bad signature", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{})
		s.see(visit)
		s.cookie += "x"
		s.see(nil)
		s.called("")
		s.cookie = strings.TrimSuffix(s.cookie, "x")
		if s.visits() != 1 {
			t.Error("the session is lost")
		}
	})
	t.Run("expired in the store", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Cookie: expresscompat.CookieOptions{MaxAge: time.Second}})
		s.see(visit)
		old := s.id
		s.now = s.now.Add(2 * time.Second)
		s.see(visit)
		if s.id == old {
			t.Error("the new session has the old id")
		}
		if s.visits() != 1 {
			t.Error("it is not new")
		}
		s.id = old
		if got := s.record(); got != "" {
			t.Errorf("the expired record is still there: %s", got)
		}
	})
}

func TestSecret(t *testing.T) {
	t.Run("of bytes", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Secrets: []string{"\xff\x00\xfe"}})
		s.see(visit)
		if s.visits() != 1 {
			t.Error("it is not verified")
		}
	})
	t.Run("the first signs and all verify", func(t *testing.T) {
		s := newSite(t, expresscompat.Options{Secrets: []string{"old"}})
		s.see(visit)
		s.secrets("new", "old")
		if s.visits() != 1 {
			t.Error("the second one does not verify")
		}
		cookie := s.cookie
		s.see(func(x *live.Session) { x.Renew() }) // which sends a cookie
		s.secrets("new")
		if s.visits() != 1 {
			t.Error("the first one did not sign")
		}
		if s.cookie = cookie; s.visits() != 0 {
			t.Error("a secret that was removed still verifies")
		}
	})
}

// secrets starts the application again with other secrets.
func (s *site) secrets(list ...string) {
	s.t.Helper()
	s.store = expresscompat.Over(s.spy, expresscompat.Options{Secrets: list})
	var err error
	s.sessions, err = live.NewSessions(s.store, runtime.Config{Now: func() time.Time { return s.now }, Logger: s.logs.logger()})
	if err != nil {
		s.t.Fatal(err)
	}
}
