package sqlstore_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
	"github.com/sessiongen/sessiongen/runtime/storetest"
)

// engine is a database to test with.
type engine struct {
	dialect sqlstore.Dialect
	driver  string
	dsn     string
	dir     string // of SQLite's files
}

// sqliteDSN is the address of a file with the settings that the documentation
// recommends.
func sqliteDSN(file string) string {
	return "file:" + file + "?_pragma=busy_timeout(4000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate"
}

// engines runs f with each database that there is.
func engines(t *testing.T, f func(t *testing.T, e engine)) {
	t.Run("PostgreSQL", func(t *testing.T) {
		f(t, engine{dialect: sqlstore.PostgreSQL, driver: "pgx", dsn: testserver.Postgres(t)})
	})
	t.Run("MySQL", func(t *testing.T) {
		f(t, engine{dialect: sqlstore.MySQL, driver: "mysql", dsn: testserver.MariaDB(t)})
	})
	t.Run("SQLite", func(t *testing.T) {
		f(t, engine{dialect: sqlstore.SQLite, driver: "sqlite", dir: t.TempDir()})
	})
}

// at returns the address of the database in which a table is.
func (e engine) at(table string) string {
	if e.dir != "" {
		return sqliteDSN(filepath.Join(e.dir, table+".db"))
	}
	return e.dsn
}

// open opens the database of a table, and closes it with the test.
func (e engine) open(tb testing.TB, table string) *sql.DB {
	tb.Helper()
	db, err := sql.Open(e.driver, e.at(table))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(8)
	return db
}

// transactionVariable returns the name that a server of MySQL's kind has for a setting
// of transactions.
func (e engine) transactionVariable(tb testing.TB, name string) string {
	tb.Helper()
	if _, err := e.open(tb, "").Exec("DO @@transaction_" + name); err != nil {
		return "tx_" + name // MariaDB before 11.1
	}
	return "transaction_" + name
}

// drop drops a table with the test, before its database is closed.
func drop(tb testing.TB, db *sql.DB, table string) {
	tb.Cleanup(func() {
		for _, suffix := range []string{"_index", "_schema", ""} {
			if _, err := db.Exec("DROP TABLE IF EXISTS " + table + suffix); err != nil {
				tb.Errorf("dropping %s%s: %v", table, suffix, err)
			}
		}
	})
}

// table returns a name that no other test uses.
func table() string { return fmt.Sprintf("test_%016x", rand.Uint64()) }

// store returns a store with a table of its own, and its database.
func (e engine) store(tb testing.TB, options ...sqlstore.Option) (*sqlstore.Store, *sql.DB, string) {
	tb.Helper()
	name := table()
	db := e.open(tb, name)
	drop(tb, db, name)
	s := sqlstore.New(db, e.dialect, append([]sqlstore.Option{sqlstore.Table(name), sqlstore.SweepEvery(0)}, options...)...)
	tb.Cleanup(func() { s.Close() })
	if err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s, db, name
}

func TestConformance(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
			db := e.open(tb, place)
			drop(tb, db, place)
			s := sqlstore.New(db, e.dialect, sqlstore.Table(place))
			tb.Cleanup(func() { s.Close() })
			if err := s.Migrate(tb.Context()); err != nil {
				tb.Fatal(err)
			}
			return s
		}, storetest.Shared(), storetest.Exact())
	})
}
