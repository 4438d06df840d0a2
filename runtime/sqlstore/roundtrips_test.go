package sqlstore_test

import (
	"database/sql/driver"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// spied returns a store whose database is watched.
func (e engine) spied(t *testing.T) (*spy, *sqlstore.Store) {
	t.Helper()
	_, _, name := e.store(t)
	watch := new(spy)
	db := watch.open(t, e.driver, e.at(name))
	db.SetMaxOpenConns(1) // so that a statement is prepared once
	s := sqlstore.New(db, e.dialect, sqlstore.Table(name), sqlstore.SweepEvery(0))
	t.Cleanup(func() { s.Close() })
	return watch, s
}

// TestRoundTrips counts what requests ask of the database: each call of the driver
// is a round trip once its statements are prepared.
func TestRoundTrips(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		watch, s := e.spied(t)
		now := time.Now()
		cfg := config()
		cfg.Now = func() time.Time { return now }
		m := manager(t, s, cfg)
		token := visitor(t, m, func(s *shop.Session) { s.SetVisits(1) })
		request(m, token, func(s *shop.Session) { s.AddVisits(1) }) // prepares
		for _, c := range []struct {
			what   string
			later  time.Duration
			do     func(*shop.Session)
			want   []string
			carry  string // part of the last statement
			absent string
		}{
			{"a full request", 0, func(s *shop.Session) { s.AddVisits(1) }, []string{"query SELECT", "exec UPDATE"}, "data", ""},
			{"a read request", 0, func(s *shop.Session) { s.Visits() }, []string{"query SELECT"}, "SELECT", "UPDATE"},
			{"a read request that touches", 12 * time.Hour, func(s *shop.Session) { s.Visits() }, []string{"query SELECT", "exec UPDATE"}, "SET expires", "data"},
		} {
			now = now.Add(c.later)
			watch.taken()
			request(m, token, c.do)
			got := watch.taken()
			got = slices.DeleteFunc(got, func(call string) bool { return strings.HasPrefix(call, "prepare") })
			if !slices.Equal(kinds(got), c.want) {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
				continue
			}
			last := got[len(got)-1]
			if !strings.Contains(last, c.carry) || c.absent != "" && strings.Contains(last, c.absent) {
				t.Errorf("%s ends with %q", c.what, last)
			}
		}
		watch.taken()
		rec := request(m, "", func(s *shop.Session) { s.SetVisits(1) })
		got := kinds(slices.DeleteFunc(watch.taken(), func(call string) bool { return strings.HasPrefix(call, "prepare") }))
		if want := []string{"exec INSERT"}; rec.Code != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("a new visitor: %q, want %q", got, want)
		}
	})
}

// TestSentTwice: a driver takes a statement for not sent, so that database/sql sends
// it again, but the server has applied it. Nothing is added twice.
func TestSentTwice(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		for _, statement := range []string{"exec UPDATE", "exec INSERT"} {
			watch, s := e.spied(t)
			m := manager(t, s, config())
			token := visitor(t, m, func(s *shop.Session) { s.SetVisits(1) })
			lied := 0
			watch.intercept(func(call string, do func() error) error {
				err := do()
				if err == nil && lied == 0 && strings.HasPrefix(call, statement) {
					lied++
					return driver.ErrBadConn
				}
				return err
			})
			if statement == "exec INSERT" {
				token = visitor(t, m, func(s *shop.Session) { s.SetVisits(1) })
			}
			rec := request(m, token, func(s *shop.Session) { s.AddVisits(1) })
			if rec.Code != http.StatusOK {
				t.Errorf("%s: status %d: %s", statement, rec.Code, rec.Body)
			}
			request(m, token, func(s *shop.Session) {
				if lied != 1 || s.Visits() != 2 {
					t.Errorf("%s, sent twice %d times: %d visits, want 2", statement, lied, s.Visits())
				}
			})
		}
	})
}

// TestUnclear: the server applies a write or a commit and its answer is lost. The
// stamp tells that it took place.
func TestUnclear(t *testing.T) {
	lost := errors.New("connection reset by peer")
	engines(t, func(t *testing.T, e engine) {
		for statement, change := range map[string]func(*shop.Session){
			"exec UPDATE": func(s *shop.Session) { s.AddVisits(1) },
			"commit":      func(s *shop.Session) { s.AddVisits(1); s.SetUserID("ann") },
		} {
			for _, applied := range []bool{true, false} {
				watch, s := e.spied(t)
				m := manager(t, s, config())
				token := visitor(t, m, func(s *shop.Session) { s.SetVisits(1) })
				n := 0
				watch.intercept(func(call string, do func() error) error {
					if n == 0 && strings.HasPrefix(call, statement) {
						n++
						if applied {
							do()
						}
						return lost
					}
					return do()
				})
				rec := request(m, token, change)
				if rec.Code != http.StatusOK {
					t.Errorf("%s lost, applied %v: status %d: %s", statement, applied, rec.Code, rec.Body)
				}
				if renewed := sent(rec); renewed != "" {
					token = renewed
				}
				request(m, token, func(s *shop.Session) {
					if n != 1 || s.Visits() != 2 {
						t.Errorf("%s lost %d times, applied %v: %d visits, want 2", statement, n, applied, s.Visits())
					}
				})
			}
		}
	})
}
