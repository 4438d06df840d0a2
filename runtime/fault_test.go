package runtime_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

var errOutage = errors.New("connection refused")

func TestAnOutageIsNotAnEmptySession(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(7) })
	spy.failing(func(string, int) failure { return failure{err: errOutage} })
	rec := b.see(func(*shop.Session) { t.Error("the handler ran") })
	if rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) != 0 {
		t.Errorf("an outage on load: %d", rec.Code)
	}
	spy.failing(func(method string, _ int) failure {
		if method == "Load" {
			return failure{}
		}
		return failure{err: errOutage}
	})
	rec = b.do(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.AddVisits(1)
		w.Header().Set("ETag", "x")
		w.Header().Set("Location", "/elsewhere")
		http.SetCookie(w, &http.Cookie{Name: "theirs", Value: "1"})
		w.WriteHeader(http.StatusFound)
		if _, err := w.Write([]byte("all is well")); err == nil {
			t.Error("Write after a failed commit succeeds")
		}
	})
	if rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), "well") {
		t.Errorf("an outage on save: %d %s", rec.Code, rec.Body)
	}
	for _, name := range []string{"Etag", "Location", "Set-Cookie"} {
		if rec.Header().Get(name) != "" {
			t.Errorf("the failed response has %s", name)
		}
	}
	spy.failing(nil)
	b.sees("visits after the outage", func(s *shop.Session) any { return s.Visits() }, 7)
	if strings.Contains(a.logs.String(), b.token()) {
		t.Error("the log has a token")
	}
}

// TestUnclearAnswers is promise 11: a write whose answer was lost is looked up.
func TestUnclearAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		fail   func(method string, call int) failure
		status int
		visits int
	}{
		{"applied, the answer lost", once("Update", failure{errOutage, true}), 200, 11},
		{"not applied", once("Update", failure{errOutage, false}), 200, 11},
		{"applied, and the look-up fails", all("Update", "Load", failure{errOutage, true}), 503, 11},
		{"never applied", always("Update", failure{errOutage, false}), 503, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			spy := &spyStore{Store: newMemory(t)}
			a := newApp(t, spy)
			b := a.browser()
			b.see(func(s *shop.Session) { s.SetVisits(10) })
			spy.failing(c.fail)
			if rec := b.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Code != c.status {
				t.Errorf("status %d, want %d: %s", rec.Code, c.status, spy.calls())
			}
			spy.failing(nil)
			b.sees("visits", func(s *shop.Session) any { return s.Visits() }, c.visits)
		})
	}
	t.Run("applied, and overwritten since", func(t *testing.T) {
		spy := &spyStore{Store: newMemory(t)}
		a := newApp(t, spy)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(10) })
		token := b.token()
		seen := false
		spy.failing(func(method string, _ int) failure {
			switch {
			case method == "Update" && !seen:
				seen = true
				return failure{errOutage, true}
			case method == "Load" && seen:
				other, err := sessionsOn(t, a, spy.Store).Open(ctx(), token)
				if err != nil {
					t.Fatal(err)
				}
				other.AddVisits(100)
				if err := other.Save(ctx()); err != nil {
					t.Fatal(err)
				}
			}
			return failure{}
		})
		if rec := b.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d", rec.Code)
		}
		if !strings.Contains(a.logs.String(), "outcome is unknown") {
			t.Errorf("log: %s", a.logs)
		}
		spy.failing(nil)
		b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 111)
	})
	t.Run("create", func(t *testing.T) {
		spy := &spyStore{Store: newMemory(t)}
		a := newApp(t, spy)
		for _, applied := range []bool{true, false} {
			b := a.browser()
			spy.failing(once("Create", failure{errOutage, applied}))
			if rec := b.see(func(s *shop.Session) { s.AddVisits(1) }); rec.Code != http.StatusOK {
				t.Errorf("applied %v: status %d", applied, rec.Code)
			}
			b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 1)
		}
	})
}

// TestRepeatedCreate: a client of the store that repeats a call by itself, after
// a lost answer that nobody else saw, finds the record that it created. It is the
// session's, not a stranger's.
func TestRepeatedCreate(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	a := newApp(t, spy)
	spy.failing(once("Create", failure{sess.ErrExists, true}))
	b := a.browser()
	if rec := b.see(func(s *shop.Session) { s.SetUserID("u1") }); rec.Code != http.StatusOK {
		t.Errorf("status %d: %s", rec.Code, spy.calls())
	}
	b.sees("user", func(s *shop.Session) any { return s.UserID() }, "u1")
	n := 0
	for range a.sessions.FindByUserID(ctx(), "u1") {
		n++
	}
	if n != 1 {
		t.Errorf("%d sessions, want 1: %s", n, spy.calls())
	}
	// A key that another record has is one.
	spy.failing(once("Create", failure{sess.ErrExists, false}))
	b = a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 1)
}

func once(method string, f failure) func(string, int) failure {
	done := false
	return func(m string, _ int) failure {
		if m == method && !done {
			done = true
			return f
		}
		return failure{}
	}
}

func always(method string, f failure) func(string, int) failure {
	return func(m string, _ int) failure {
		if m == method {
			return f
		}
		return failure{}
	}
}

// all fails method, and then what looks it up.
func all(method, lookUp string, f failure) func(string, int) failure {
	failed := false
	return func(m string, _ int) failure {
		if m == method || m == lookUp && failed {
			failed = true
			return f
		}
		return failure{}
	}
}

// TestRenewalIsSafe is promise 10: whatever call of a renewal fails, the
// session is there afterwards, under one of the tokens that the browser has.
func TestRenewalIsSafe(t *testing.T) {
	for call := range 6 {
		for _, applied := range []bool{false, true} {
			spy := &spyStore{Store: newMemory(t)}
			a := newApp(t, spy)
			b := a.browser()
			b.see(func(s *shop.Session) { s.SetVisits(7) })
			spy.failing(func(_ string, n int) failure {
				if n == call {
					return failure{errOutage, applied}
				}
				return failure{}
			})
			b.see(func(s *shop.Session) { s.Renew() })
			calls := spy.calls()
			spy.failing(nil)
			b.sees("visits with call "+sprintf("%d of %s failing, applied %v", call, calls, applied),
				func(s *shop.Session) any { return s.Visits() }, 7)
			n := 0
			for range a.sessions.List(ctx()) {
				n++
			}
			if n > 1 {
				t.Errorf("call %d of %s failing leaves %d sessions", call, calls, n)
			}
		}
	}
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	memory := newMemory(t)
	spy := &spyStore{Store: memory}
	a := newApp(t, spy)
	damage := func(change func(data []byte) []byte) *browser {
		b := a.browser()
		var id string
		b.see(func(s *shop.Session) { s.SetVisits(7); id = s.ID() })
		rec, err := memory.Load(ctx(), id)
		if err != nil {
			t.Fatal(err)
		}
		bad := rec
		bad.Data = change(append([]byte(nil), rec.Data...))
		if err := memory.Update(ctx(), id, rec, bad); err != nil {
			t.Fatal(err)
		}
		return b
	}
	newer := damage(func(d []byte) []byte { d[0] = 2; return d })
	if rec := newer.see(func(*shop.Session) { t.Error("the handler ran") }); rec.Code != http.StatusInternalServerError {
		t.Errorf("a newer record: status %d", rec.Code)
	}
	if !strings.Contains(a.logs.String(), "newer format") {
		t.Errorf("log: %s", a.logs)
	}
	for name, change := range map[string]func([]byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"short":     func(d []byte) []byte { return d[:20] },
		"truncated": func(d []byte) []byte { return d[:len(d)-1] },
		"garbage":   func(d []byte) []byte { return append(d[:32], 0xff, 0xff, 0xff) },
		"version 0": func(d []byte) []byte { d[0] = 0; return d },
	} {
		b := damage(change)
		rec := b.see(func(s *shop.Session) {
			if !s.IsNew() || s.Visits() != 0 {
				t.Errorf("%s: %v", name, s)
			}
			s.SetVisits(1)
		})
		if rec.Code != http.StatusOK || !strings.Contains(a.logs.String(), "can't be read") {
			t.Errorf("%s: status %d, log %s", name, rec.Code, a.logs)
		}
		b.sees(name, func(s *shop.Session) any { return s.Visits() }, 1)
	}
}

func TestSavedCookieDiscarded(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(7) })
	rec := br.do(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetUserID("u1")
		if err := s.Save(ctx()); err != nil {
			t.Fatal(err)
		}
		s.SetSecret(strings.Repeat("x", 100_000)) // a commit that fails
	})
	if rec.Code != http.StatusInternalServerError || len(rec.Result().Cookies()) != 1 {
		t.Errorf("%d, %v", rec.Code, rec.Result().Cookies())
	}
	br.sees("visits", func(s *shop.Session) any { return s.Visits() }, 7)
}

func TestErrorResponsePrivate(t *testing.T) {
	app := newApp(t, nil)
	rec := app.browser().do(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetSecret(strings.Repeat("x", 100_000))
	})
	if rec.Header().Get("Cache-Control") == "" || rec.Header().Get("Vary") == "" {
		t.Errorf("headers %v", rec.Header())
	}
}

func TestDestroyUnclear(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	id := ""
	br.see(func(s *shop.Session) { id = s.ID() })
	once := true
	spy.failing(func(m string, _ int) failure {
		if m == "Update" && once {
			once = false
			must(t, sessionsOn(t, app, spy.Store).Update(ctx(), id, func(s *shop.Session) error { s.AddVisits(1); return nil }))
			return failure{err: errOutage}
		}
		return failure{}
	})
	rec := br.see(func(s *shop.Session) { s.Destroy() })
	if rec.Code != 200 {
		t.Errorf("logout: %d", rec.Code)
	}
}
