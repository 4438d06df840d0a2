package runtime_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestCombinedRequests: what a request asks for more than once, or asks for and
// takes back, is done once, whether it is committed in one go or step by step.
func TestCombinedRequests(t *testing.T) {
	type steps []func(*shop.Session)
	renew := func(s *shop.Session) { s.Renew() }
	destroy := func(s *shop.Session) { s.Destroy() }
	remember := func(s *shop.Session) { s.SetMaxAge(90 * 24 * time.Hour) }
	notice := func(s *shop.Session) { s.SetNotice("Bye") }
	const kept, ended, fresh = "same data", "no session", "a new session"
	for _, c := range []struct {
		name   string
		steps  steps
		want   string
		moved  bool // to another token
		ending time.Duration
	}{
		{"renew", steps{renew}, kept, true, sess.DefaultIdleTimeout},
		{"two renews", steps{renew, renew}, kept, true, sess.DefaultIdleTimeout},
		{"renew, then destroy", steps{renew, destroy}, ended, true, 0},
		{"destroy, then renew", steps{destroy, renew}, ended, true, 0},
		{"two destroys", steps{destroy, destroy}, ended, true, 0},
		{"destroy, then set", steps{destroy, notice}, fresh, true, sess.DefaultIdleTimeout},
		{"destroy, then set and renew", steps{destroy, notice, renew}, fresh, true, sess.DefaultIdleTimeout},
		{"set, then destroy", steps{notice, destroy}, ended, true, 0},
		{"destroy, set, destroy", steps{destroy, notice, destroy}, ended, true, 0},
		{"max age, then renew", steps{remember, renew}, kept, true, 90 * 24 * time.Hour},
		{"renew, then max age", steps{renew, remember}, kept, true, 90 * 24 * time.Hour},
		{"max age", steps{remember}, kept, false, 90 * 24 * time.Hour},
		{"max age, then destroy and set", steps{remember, destroy, notice}, fresh, true, sess.DefaultIdleTimeout},
		{"destroy, set, then max age", steps{destroy, notice, remember}, fresh, true, 90 * 24 * time.Hour},
	} {
		for storeName, store := range map[string]sess.Store{"memory": nil, "sealed": cookiestore.New(sess.GenerateKey())} {
			for _, saves := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/saves=%v", c.name, storeName, saves), func(t *testing.T) {
					a := newApp(t, store, allowMissingIndex)
					b := a.browser()
					b.see(func(s *shop.Session) { s.SetVisits(7) })
					token := b.token()
					rec := b.see(func(s *shop.Session) {
						for _, step := range c.steps {
							step(s)
							if saves {
								must(t, s.Save(ctx()))
							}
						}
					})
					if lines := rec.Header()["Set-Cookie"]; len(lines) != 1 || rec.Code != http.StatusOK {
						t.Fatalf("%d %v %s", rec.Code, rec.Header(), a.logs)
					}
					if (b.token() != token) != c.moved && storeName == "memory" {
						t.Errorf("moved to another token: %v, want %v", b.token() != token, c.moved)
					}
					if storeName == "memory" {
						n := 0
						for _, err := range a.sessions.List(ctx()) {
							must(t, err)
							n++
						}
						if want := map[bool]int{true: 0, false: 1}[c.want == ended]; n != want {
							t.Errorf("%d sessions are stored, want %d", n, want)
						}
						if s := a.opened(token); c.moved && s != nil {
							t.Errorf("the old token opens %v", s)
						}
					}
					b.see(func(s *shop.Session) {
						got := kept
						switch {
						case s.IsNew():
							got = ended
						case s.Visits() == 0 && s.TakeNotice() == "Bye":
							got = fresh
						case s.Visits() != 7:
							got = sprintf("%v", s)
						}
						if got != c.want {
							t.Errorf("%s, want %s", got, c.want)
						}
						if c.ending != 0 && !s.ExpiresAt().Equal(a.clock.Now().Add(c.ending)) {
							t.Errorf("ends in %v, want %v", s.ExpiresAt().Sub(a.clock.Now()), c.ending)
						}
					})
				})
			}
		}
	}
}

// TestLoginDuringSlowRequests is promise 10: ten requests hold the token from
// before the login. Whatever they do, whether they end before the login or after
// it, and in whatever order the responses arrive, the browser ends up with the
// login's cookie, and the login with all that was saved before it.
func TestLoginDuringSlowRequests(t *testing.T) {
	slow := []struct {
		name string
		do   func(*shop.Session)
		adds int
	}{
		{"read", func(s *shop.Session) { s.Visits() }, 0},
		{"add", func(s *shop.Session) { s.AddVisits(1) }, 1},
		{"set", func(s *shop.Session) { s.SetTheme("dark") }, 0},
		{"in place", func(s *shop.Session) { s.Labels()["k"] = "v" }, 0},
		{"append", func(s *shop.Session) { s.AppendRoles("r") }, 0},
		{"touch", func(s *shop.Session) { s.Touch() }, 0},
		{"save", func(s *shop.Session) { s.AddVisits(1); _ = s.Save(ctx()) }, 1},
		{"reload", func(s *shop.Session) { _ = s.Reload(ctx()) }, 0},
		{"update", func(s *shop.Session) { s.UpdateVisits(func(n int) int { return n + 1 }) }, 1},
		{"nothing", func(*shop.Session) {}, 0},
	}
	responses := func(before int) (*browser, []*httptest.ResponseRecorder, int) {
		a := newApp(t, nil)
		b := a.browser()
		b.see(func(s *shop.Session) { s.SetVisits(100); s.SetLabels(map[string]string{"a": "1"}) })
		var flights []*flight
		var gates []chan struct{}
		for _, request := range slow {
			loaded, gate := make(chan struct{}), make(chan struct{})
			flights = append(flights, b.begin(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
				close(loaded)
				<-gate
				request.do(s)
			}))
			gates = append(gates, gate)
			<-loaded
		}
		login := httptest.NewRecorder()
		visits, all := 100, []*httptest.ResponseRecorder{}
		for i := range slow {
			if i == before {
				a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetUserID("u1"); s.AddVisits(1000) }).ServeHTTP(login, b.request())
			}
			close(gates[i])
			<-flights[i].done
			all = append(all, flights[i].rec)
			if i < before {
				visits += slow[i].adds
			}
		}
		if before == len(slow) {
			a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetUserID("u1"); s.AddVisits(1000) }).ServeHTTP(login, b.request())
		}
		return b, append(all, login), visits + 1000
	}
	for before := range len(slow) + 1 {
		// Only a response with a cookie can change what the browser has, so that
		// the login's place among the eleven is all that matters of their order.
		for place := range len(slow) + 1 {
			b, all, visits := responses(before)
			login := all[len(slow)]
			arriving := append(append(append([]*httptest.ResponseRecorder{}, all[:place]...), login), all[place:len(slow)]...)
			for _, rec := range arriving {
				if rec != login && len(rec.Header()["Set-Cookie"]) > 0 {
					t.Errorf("login after %d: a slow request sets %v", before, rec.Header()["Set-Cookie"])
				}
				b.jar.SetCookies(origin, rec.Result().Cookies())
			}
			b.see(func(s *shop.Session) {
				if s.UserID() != "u1" || s.Visits() != visits {
					t.Errorf("login after %d, its response at %d: the browser has %v, want %d visits", before, place, s, visits)
				}
			})
		}
		_, all, _ := responses(before)
		for i, rec := range all[before:len(slow)] {
			request := slow[before+i]
			refused := request.name != "read" && request.name != "touch" && request.name != "reload" && request.name != "nothing"
			if (rec.Code == http.StatusConflict) != refused {
				t.Errorf("login after %d: %s answers %d", before, request.name, rec.Code)
			}
		}
	}
}

// TestRenewalInFlight: of two renewals at the same time one is done, and the
// other one's request is told; neither brings back the first token.
func TestRenewalInFlight(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(7) })
	token := b.token()
	rec := b.parallel(func(s *shop.Session) {
		s.Renew()
		if err := s.Save(ctx()); !errors.Is(err, sess.ErrDestroyed) {
			t.Errorf("Save = %v", err)
		}
	}, func() { b.see(func(s *shop.Session) { s.Renew() }) })
	if rec.Code != http.StatusConflict || len(rec.Result().Cookies()) > 0 {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 7)
	if s := a.opened(token); s != nil {
		t.Errorf("the first token opens %v", s)
	}
}
