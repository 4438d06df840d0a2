package runtime_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// serveAs sends a request with a token to a manager, and returns the response.
func serveAs(m *shop.Sessions, token string, f func(*shop.Session)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	if token != "" {
		r.Header.Set("Cookie", "__Host-session="+token)
	}
	rec := newRecorder()
	m.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }).ServeHTTP(rec, r)
	return rec
}

// TestStormOfEveryKind: requests of two processes on one session at once, with
// every call whose sum does not depend on the order; all of it arrives.
func TestStormOfEveryKind(t *testing.T) {
	const clients, requests = 16, 12
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(0) })
	token := b.token()
	managers := []*shop.Sessions{a.sessions, sessionsOn(t, a, a.store)}
	var taken atomic.Int64
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for request := range requests {
				name := sprintf("%d-%d", client, request)
				got := 0
				rec := serveAs(managers[client%2], token, func(s *shop.Session) {
					s.AddVisits(1)
					s.AddLimit(1)
					s.AddTries(1)
					s.UpdateStyle(func(style string) string { return style + "." })
					s.AppendRoles(name)
					s.AppendCart(shop.Item{SKU: name})
					s.AddQty("all", 1)
					s.PutQty(name, 1)
					s.PutLabels("of "+sprintf("%d", client), name)
					if request > 0 {
						s.DeleteQty(sprintf("%d-%d", client, request-1))
					}
					s.PutExtra(name, "x")
					if m := s.Labels(); m != nil {
						m["in place "+name] = "y"
					}
					s.AppendNotices("n")
					if request%5 == 4 {
						list, won, err := s.ClaimNotices(ctx())
						if err != nil {
							t.Error(err)
						}
						if won {
							got = len(list)
						}
					}
				})
				if rec.Code != http.StatusOK {
					t.Errorf("status %d", rec.Code)
				}
				taken.Add(int64(got))
			}
		})
	}
	wg.Wait()
	const n = clients * requests
	b.see(func(s *shop.Session) {
		left := int(taken.Load()) + len(s.TakeNotices())
		own := 0
		for client := range clients {
			if s.Labels()["of "+sprintf("%d", client)] == sprintf("%d-%d", client, requests-1) {
				own++
			}
		}
		for _, c := range []struct {
			what      string
			got, want int
		}{
			{"visits", s.Visits(), n}, {"limit", int(s.Limit()), 10 + n}, {"tries", s.Tries(), n}, {"style", len(s.Style()), n},
			{"roles", len(s.Roles()), n}, {"cart", len(s.Cart()), n}, {"counts under one key", s.Qty()["all"], n},
			{"counts that were not deleted", len(s.Qty()), 1 + clients}, {"labels of clients", own, clients},
			{"labels", len(s.Labels()), clients + n}, {"rest", len(s.Extra()), n},
		} {
			if c.got != c.want && !(c.what == "labels" && c.got >= c.want-clients) { // a map that is not there yet has nothing in place
				t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
			}
		}
		if left != n {
			t.Errorf("notices: %d claimed or left, want %d", left, n)
		}
	})
}

// TestStormOfRenewals: clients share one session that they renew, log in to and
// add to, each with the newest token that it knows. Whatever was answered with
// 200 is in the session that is left, once; whatever was refused is not. Then a
// logout comes in between, and nothing is left.
func TestStormOfRenewals(t *testing.T) {
	const clients, requests = 8, 60
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(0) })
	managers := []*shop.Sessions{a.sessions, sessionsOn(t, a, a.store)}
	var newest atomic.Pointer[string]
	first := b.token()
	newest.Store(&first)
	var done atomic.Int64
	storm := func(logout int) {
		var wg sync.WaitGroup
		for client := range clients {
			wg.Go(func() {
				for request := range requests {
					token := *newest.Load()
					rec := serveAs(managers[client%2], token, func(s *shop.Session) {
						if s.IsNew() { // renewed since: this client had an old token
							return
						}
						switch {
						case logout > 0 && client == 0 && request == logout:
							s.Destroy()
							return
						case (request+client)%7 == 0:
							s.Renew()
						case (request+client)%11 == 0:
							s.Reauthenticate()
						}
						s.AddVisits(1)
					})
					switch cookies := rec.Result().Cookies(); {
					case rec.Code == http.StatusOK && len(cookies) == 1 && cookies[0].MaxAge > 0:
						newest.Store(&cookies[0].Value)
						done.Add(1)
					case rec.Code == http.StatusConflict && len(cookies) == 0:
					case rec.Code != http.StatusOK:
						t.Errorf("status %d, %v", rec.Code, cookies)
					}
				}
			})
		}
		wg.Wait()
	}
	storm(0)
	live := 0
	for s, err := range a.sessions.List(ctx()) {
		must(t, err)
		live++
		if s.Visits() < int(done.Load()) {
			t.Errorf("%d visits, %d renewals were answered", s.Visits(), done.Load())
		}
	}
	if live != 1 {
		t.Errorf("%d sessions are left", live)
	}
	storm(requests / 2)
	rec := serveAs(a.sessions, *newest.Load(), func(s *shop.Session) { s.Destroy() })
	if rec.Code != http.StatusOK {
		t.Errorf("the last logout: %d", rec.Code)
	}
	for s, err := range a.sessions.List(ctx()) {
		t.Errorf("left: %v, %v", s, err)
	}
}

// TestStormOfSealedRenewals: with a revocation list, of parallel renewals of one
// cookie exactly one wins, and a logout among them leaves at most that one.
func TestStormOfSealedRenewals(t *testing.T) {
	a, _, memory := revocableApp(t)
	managers := []*shop.Sessions{a.sessions, elsewhere(t, a, memory)}
	for round := range 40 {
		made, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u1"); return nil })
		must(t, err)
		token := a.sessions.Token(made)
		var won, out atomic.Int64
		var wg sync.WaitGroup
		for client := range 8 {
			wg.Go(func() {
				logout := round%2 == 0 && client == 3
				rec := serveAs(managers[client%2], token, func(s *shop.Session) {
					switch {
					case s.IsNew():
					case logout:
						s.Destroy()
					default:
						s.Renew()
					}
				})
				for _, c := range rec.Result().Cookies() {
					if c.MaxAge < 0 {
						out.Add(1)
					} else if _, err := a.sessions.Open(ctx(), c.Value); err == nil {
						won.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if w := won.Load(); w > 1 || w == 0 && round%2 == 1 {
			t.Errorf("round %d: %d renewals won", round, w)
		}
		if _, err := a.sessions.Open(ctx(), token); err == nil {
			t.Errorf("round %d: the old cookie opens", round)
		}
	}
}
