package sqlstore_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// TestIsolation: whatever isolation a database has by default, nothing is lost and
// nothing fails: what it rolls back is tried again.
func TestIsolation(t *testing.T) {
	for level, setting := range map[string]string{"serializable": "'SERIALIZABLE'", "repeatable read": "'REPEATABLE-READ'", "read committed": "'READ-COMMITTED'"} {
		t.Run(level, func(t *testing.T) {
			engines(t, func(t *testing.T, e engine) {
				switch e.dialect {
				case sqlstore.PostgreSQL:
					e.dsn += "&default_transaction_isolation=" + url.PathEscape(level)
				case sqlstore.MySQL:
					e.dsn += "&" + e.transactionVariable(t, "isolation") + "=" + url.QueryEscape(setting)
				default:
					t.Skip("SQLite is always serializable: the other tests are enough")
				}
				const clients, requests = 8, 6
				s, _, _ := e.store(t)
				cfg := config()
				cfg.StoreTimeout = time.Minute
				cfg.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
					http.Error(w, err.Error(), http.StatusServiceUnavailable)
				}
				// A manager each, so that the database alone orders them.
				token := visitor(t, manager(t, s, cfg), func(s *shop.Session) { s.SetVisits(0) })
				var wg sync.WaitGroup
				for client := range clients {
					m := manager(t, s, cfg)
					wg.Go(func() {
						for range requests {
							if rec := request(m, token, func(s *shop.Session) { s.AddVisits(1); s.AppendRoles("r") }); rec.Code != http.StatusOK {
								t.Errorf("status %d: %s", rec.Code, rec.Body)
							}
							own := visitor(t, m, func(s *shop.Session) { s.SetUserID(strings.Repeat("u", client)) })
							if rec := request(m, own, func(s *shop.Session) { s.Destroy() }); rec.Code != http.StatusOK {
								t.Errorf("logout: status %d: %s", rec.Code, rec.Body)
							}
						}
					})
				}
				wg.Wait()
				request(manager(t, s, cfg), token, func(s *shop.Session) {
					if n := clients * requests; s.Visits() != n || len(s.Roles()) != n {
						t.Errorf("%d visits and %d roles, want %d", s.Visits(), len(s.Roles()), n)
					}
				})
			})
		})
	}
}

// rolledBack is how a driver tells a deadlock: by SQLSTATE, or by number.
type rolledBack struct{ Number uint16 }

func (rolledBack) Error() string    { return "deadlock" }
func (rolledBack) SQLState() string { return "40P01" }

// TestRolledBack: a statement and a transaction that lose a deadlock are tried again,
// but not for ever.
func TestRolledBack(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		if e.dialect == sqlstore.SQLite {
			t.Skip("SQLite has no deadlocks to tell")
		}
		watch, s := e.spied(t)
		ctx := t.Context()
		old := runtime.Record{Data: []byte("x"), Stamp: 1}
		if err := s.Create(ctx, "a", old); err != nil {
			t.Fatal(err)
		}
		for _, index := range [][]runtime.IndexEntry{nil, {{Field: "f"}}} {
			left := 3
			watch.intercept(func(call string, do func() error) error {
				if strings.HasPrefix(call, "exec UPDATE") && left > 0 {
					left--
					return &rolledBack{1213}
				}
				return do()
			})
			new := runtime.Record{Data: []byte("y"), Stamp: old.Stamp + 1, Index: index}
			if err := s.Update(ctx, "a", old, new); err != nil {
				t.Errorf("after three deadlocks: %v", err)
			}
			old = new
			left = 1000
			err := s.Update(ctx, "a", old, runtime.Record{Data: []byte("z"), Stamp: 99, Index: index})
			if target := (*rolledBack)(nil); !errors.As(err, &target) || left < 900 {
				t.Errorf("after %d deadlocks: %v", 1000-left, err)
			}
			watch.intercept(nil)
			if got, err := s.Load(ctx, "a"); err != nil || got.Stamp != new.Stamp {
				t.Errorf("Load: %d, %v", got.Stamp, err)
			}
		}
	})
}

// TestTableNames: a name may be qualified, in mixed case, or a word of SQL.
func TestTableNames(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		plain := "Test_" + strings.ToUpper(table())
		names := []string{plain}
		if e.dialect == sqlstore.PostgreSQL {
			names = append(names, "public."+table())
		}
		if e.dialect == sqlstore.MySQL {
			db := e.open(t, plain)
			var database string
			if err := db.QueryRow("SELECT DATABASE()").Scan(&database); err != nil {
				t.Fatal(err)
			}
			names = append(names, database+"."+table())
		}
		for _, name := range names {
			s, db := e.second(t, name)
			quoted := name
			if e.dialect == sqlstore.PostgreSQL {
				quoted = ""
				t.Cleanup(func() {
					for _, suffix := range []string{"_index", "_schema", ""} {
						db.Exec(`DROP TABLE "` + strings.ReplaceAll(name+suffix, ".", `"."`) + `"`)
					}
				})
			}
			if quoted != "" {
				drop(t, db, quoted)
			}
			for range 2 {
				if err := s.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			entry := runtime.IndexEntry{Field: "f"}
			if err := s.Create(t.Context(), "a", runtime.Record{Data: []byte("x"), Stamp: 1, Index: []runtime.IndexEntry{entry}}); err != nil {
				t.Error(err)
			}
			found := 0
			for key, err := range s.Find(t.Context(), entry) {
				if found++; key != "a" || err != nil {
					t.Errorf("found %q, %v", key, err)
				}
			}
			if found != 1 {
				t.Errorf("%s: found %d", name, found)
			}
		}
	})
}
