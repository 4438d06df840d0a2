package sqlstore_test

import (
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

func config() runtime.Config {
	return runtime.Config{Logger: slog.New(slog.DiscardHandler)}
}

// manager returns a manager of sessions in a store.
func manager(tb testing.TB, s *sqlstore.Store, cfg runtime.Config) *shop.Sessions {
	tb.Helper()
	m, err := shop.NewSessions(s, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// request sends a request with a token to a manager.
func request(m *shop.Sessions, token string, f func(*shop.Session)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	if token != "" {
		r.Header.Set("Cookie", "__Host-session="+token)
	}
	rec := httptest.NewRecorder()
	m.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }).ServeHTTP(rec, r)
	return rec
}

// sent returns the token that a response sets, "" for none.
func sent(rec *httptest.ResponseRecorder) string {
	for _, c := range rec.Result().Cookies() {
		if c.Name == "__Host-session" {
			return c.Value
		}
	}
	return ""
}

// visitor begins a session and returns its token.
func visitor(tb testing.TB, m *shop.Sessions, f func(*shop.Session)) string {
	tb.Helper()
	rec := request(m, "", f)
	token := sent(rec)
	if rec.Code != http.StatusOK || token == "" {
		tb.Fatalf("a new visitor gets status %d and token %q: %s", rec.Code, token, rec.Body)
	}
	return token
}

// second opens another pool and store on the tables of a store.
func (e engine) second(tb testing.TB, table string) (*sqlstore.Store, *sql.DB) {
	tb.Helper()
	db := e.open(tb, table)
	s := sqlstore.New(db, e.dialect, sqlstore.Table(table), sqlstore.SweepEvery(0))
	tb.Cleanup(func() { s.Close() })
	return s, db
}

// TestStorm: requests of two managers with a pool each on one session at once lose
// nothing.
func TestStorm(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		const clients, requests = 16, 8
		one, _, name := e.store(t)
		two, _ := e.second(t, name)
		cfg := config()
		cfg.StoreTimeout = time.Minute // a busy machine is no outage
		managers := []*shop.Sessions{manager(t, one, cfg), manager(t, two, cfg)}
		token := visitor(t, managers[0], func(s *shop.Session) { s.SetVisits(0) })
		var wg sync.WaitGroup
		for client := range clients {
			wg.Go(func() {
				for range requests {
					rec := request(managers[client%2], token, func(s *shop.Session) {
						s.AddVisits(1)
						s.AppendRoles("r")
						s.AddQty("all", 1)
					})
					if rec.Code != http.StatusOK {
						t.Errorf("status %d: %s", rec.Code, rec.Body)
					}
				}
			})
		}
		wg.Wait()
		request(managers[1], token, func(s *shop.Session) {
			const n = clients * requests
			if s.Visits() != n || len(s.Roles()) != n || s.Qty()["all"] != n {
				t.Errorf("%d visits, %d roles, %d counted, want %d of each", s.Visits(), len(s.Roles()), s.Qty()["all"], n)
			}
		})
	})
}

// TestLogoutRaces: a session that is destroyed while requests of another manager
// change, touch and renew it never answers again.
func TestLogoutRaces(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		const rounds, clients = 8, 6
		one, _, name := e.store(t)
		two, _ := e.second(t, name)
		cfg := config()
		cfg.StoreTimeout = time.Minute
		managers := []*shop.Sessions{manager(t, one, cfg), manager(t, two, cfg)}
		for round := range rounds {
			token := visitor(t, managers[0], func(s *shop.Session) { s.SetUserID("ann") })
			var begun atomic.Int32
			var wg sync.WaitGroup
			var mu sync.Mutex
			tokens := []string{token}
			for client := range clients {
				wg.Go(func() {
					for n := range 6 {
						rec := request(managers[client%2], token, func(s *shop.Session) {
							begun.Add(1)
							switch n % 3 {
							case 0:
								s.AddVisits(1)
							case 1:
								s.Touch()
							case 2:
								if client == round%clients {
									s.Renew()
								}
							}
						})
						if renewed := sent(rec); renewed != "" {
							mu.Lock()
							tokens = append(tokens, renewed)
							mu.Unlock()
						}
					}
				})
			}
			for begun.Load() < clients {
				time.Sleep(time.Millisecond)
			}
			n, err := managers[0].DestroyByUserID(t.Context(), "ann")
			if err != nil {
				t.Errorf("log out everywhere: %d, %v", n, err)
			}
			wg.Wait()
			for _, token := range tokens {
				request(managers[1], token, func(s *shop.Session) {
					if s.UserID() != "" {
						t.Error("a session that was destroyed answers")
					}
				})
			}
			for range managers[1].FindByUserID(t.Context(), "ann") {
				t.Error("the index has a session that was destroyed")
			}
		}
	})
}

// TestIndex: the value of an index may be of any length, and it is found as it is.
func TestIndex(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, db, name := e.store(t)
		m := manager(t, s, config())
		long := strings.Repeat("ä", 5000)
		visitor(t, m, func(s *shop.Session) { s.SetUserID(long) })
		visitor(t, m, func(s *shop.Session) { s.SetUserID(long + "b") })
		found := 0
		for s, err := range m.FindByUserID(t.Context(), long) {
			if err != nil || s.UserID() != long {
				t.Errorf("found a session of %d bytes, error %v", len(s.UserID()), err)
			}
			found++
		}
		if found != 1 {
			t.Errorf("found %d sessions, want 1", found)
		}
		if n, err := m.DestroyByUserID(t.Context(), long); n != 1 || err != nil {
			t.Errorf("destroyed %d, %v", n, err)
		}
		if n := count(t, db, name+"_index"); n != 1 {
			t.Errorf("%d entries are left, want 1", n)
		}
	})
}

// count returns how many rows a table has.
func count(tb testing.TB, db *sql.DB, table string) (n int) {
	tb.Helper()
	if err := db.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}
