package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

func TestWrongOptions(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct {
		db      *sql.DB
		dialect sqlstore.Dialect
		option  sqlstore.Option
		want    string
	}{
		{nil, sqlstore.SQLite, sqlstore.Table("t"), "New: db is nil"},
		{db, 0, sqlstore.Table("t"), "New: Dialect(0) is no dialect"},
		{db, 9, sqlstore.Table("t"), "New: Dialect(9) is no dialect"},
		{db, sqlstore.SQLite, nil, "New: option 1 of 1 is nil"},
		{db, sqlstore.SQLite, sqlstore.Table(""), `Table: "" is no name`},
		{db, sqlstore.SQLite, sqlstore.Table("1st"), `Table: "1st" is no name`},
		{db, sqlstore.SQLite, sqlstore.Table(`x"; DROP TABLE y; --`), `DROP TABLE y; --" is no name`},
		{db, sqlstore.SQLite, sqlstore.Table("sitzung-ä"), "is no name"},
		{db, sqlstore.SQLite, sqlstore.Table(strings.Repeat("t", 49)), "at most 48"},
		{db, sqlstore.SQLite, sqlstore.Table("main.t"), "too many parts for SQLite"},
		{db, sqlstore.PostgreSQL, sqlstore.Table("a.b.c"), "too many parts for PostgreSQL"},
		{db, sqlstore.PostgreSQL, sqlstore.Table("a."), "is no name"},
		{db, sqlstore.SQLite, sqlstore.SweepEvery(-time.Second), "SweepEvery: -1s is no time"},
	} {
		s := sqlstore.New(c.db, c.dialect, c.option)
		err := bind(s)
		var config *runtime.ConfigError
		if !errors.As(err, &config) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Bind: error %v, want a ConfigError that says %q", err, c.want)
		}
		_, err = s.Load(t.Context(), "a")
		wantError(t, "Load", err, c.want)
		wantError(t, "Migrate", s.Migrate(t.Context()), c.want)
		if s.Schema() != "" {
			t.Error("there is a schema all the same")
		}
		s.Close()
	}
	s := sqlstore.New(db, sqlstore.SQLite)
	defer s.Close()
	wantError(t, "Run", s.Run(t.Context(), 0), "0s is no time between sweeps")
}

// TestKeys: what can't be a key finds nothing, and is refused where it would be stored.
func TestKeys(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, _, _ := e.store(t)
		r := runtime.Record{Data: []byte("x"), Stamp: 1}
		for _, key := range []string{"", strings.Repeat("k", 256)} {
			wantError(t, "Create", s.Create(t.Context(), key, r), "1 to 255")
			if _, err := s.Load(t.Context(), key); !errors.Is(err, runtime.ErrNotFound) {
				t.Errorf("Load: %v", err)
			}
			if err := s.Update(t.Context(), key, r, r); !errors.Is(err, runtime.ErrNotFound) {
				t.Errorf("Update: %v", err)
			}
		}
		for _, key := range []string{strings.Repeat("k", 255), "\x00", "\xff\xfe", "a\x00b", "a"} {
			r.Data = []byte(key)
			if err := s.Create(t.Context(), key, r); err != nil {
				t.Errorf("Create %q: %v", key, err)
			}
			if got, err := s.Load(t.Context(), key); err != nil || string(got.Data) != key {
				t.Errorf("Load %q: %q, %v", key, got.Data, err)
			}
		}
	})
}

// TestWithoutStamp: a record of a foreign format is told by its bytes.
func TestWithoutStamp(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, _, _ := e.store(t)
		ctx := t.Context()
		old := runtime.Record{Data: []byte(`{"n":1}`), Expires: time.Now().Add(time.Hour)}
		new := runtime.Record{Data: []byte(`{"n":2}`), Expires: time.Now().Add(time.Hour)}
		for i, step := range []struct {
			err, want error
		}{
			{s.Create(ctx, "a", old), nil},
			{s.Update(ctx, "a", new, old), runtime.ErrConflict},
			{s.Update(ctx, "a", old, new), nil},
			{s.Update(ctx, "a", new, new), nil},
			{s.Touch(ctx, "a", old, new.Expires), runtime.ErrConflict},
			{s.Touch(ctx, "a", new, new.Expires), nil},
			{s.Touch(ctx, "a", new, new.Expires), nil},
			{s.Delete(ctx, "a", old), runtime.ErrConflict},
			{s.Delete(ctx, "a", new), nil},
			{s.Delete(ctx, "a", new), runtime.ErrNotFound},
		} {
			if !errors.Is(step.err, step.want) {
				t.Errorf("step %d: %v, want %v", i, step.err, step.want)
			}
		}
	})
}

func TestOldServers(t *testing.T) {
	for _, c := range []struct {
		dialect sqlstore.Dialect
		version string
		old     bool
	}{
		{sqlstore.PostgreSQL, "11.22", true},
		{sqlstore.PostgreSQL, "9.6.24", true},
		{sqlstore.PostgreSQL, "12.0", false},
		{sqlstore.PostgreSQL, "15.20 (Debian 15.20-0+deb12u1)", false},
		{sqlstore.PostgreSQL, "19beta1", false},
		{sqlstore.MySQL, "5.7.44-log", true},
		{sqlstore.MySQL, "8.0.11", false},
		{sqlstore.MySQL, "9.1.0", false},
		{sqlstore.MySQL, "10.5.27-MariaDB", true},
		{sqlstore.MySQL, "5.5.5-10.4.34-MariaDB-log", true},
		{sqlstore.MySQL, "5.5.5-10.6.0-MariaDB", false},
		{sqlstore.MySQL, "11.4.2-MariaDB-ubu2404", false},
		{sqlstore.SQLite, "3.34.1", true},
		{sqlstore.SQLite, "3.35.0", false},
		{sqlstore.SQLite, "4.0.0", false},
		{sqlstore.SQLite, "who knows", true},
	} {
		err := sqlstore.CheckVersion(c.dialect, c.version)
		if (err != nil) != c.old {
			t.Errorf("%v %s: %v", c.dialect, c.version, err)
		}
		if c.old {
			wantError(t, c.version, err, "is too old", "or later")
		}
	}
}

// TestClosedDB: an application that closes its database before the store.
func TestClosedDB(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		_, _, name := e.store(t)
		s, db := e.second(t, name)
		if err := bind(s); err != nil {
			t.Fatal(err)
		}
		db.Close()
		_, err := s.Load(t.Context(), "a")
		wantError(t, "Load", err, "the *sql.DB was closed before the store")
		if !errors.Is(err, runtime.ErrClosed) {
			t.Errorf("Load: %v", err)
		}
		late := sqlstore.New(db, e.dialect, sqlstore.Table(name))
		defer late.Close()
		wantError(t, "Bind", bind(late), "*sql.DB was closed")
	})
}

// TestUnreachable: a database that does not answer fails requests, not the start of
// the application, and no request is a new visitor's.
func TestUnreachable(t *testing.T) {
	addr := testserver.FreeAddr(t)
	for _, e := range []engine{
		{dialect: sqlstore.PostgreSQL, driver: "pgx", dsn: "postgres://nobody@" + addr + "/test?sslmode=disable"},
		{dialect: sqlstore.MySQL, driver: "mysql", dsn: "nobody@tcp(" + addr + ")/test"},
	} {
		s, _ := e.second(t, table())
		m := manager(t, s, config())
		rec := request(m, strings.Repeat("A", 43), func(*shop.Session) { t.Error("the handler runs") })
		if rec.Code != http.StatusServiceUnavailable || sent(rec) != "" {
			t.Errorf("%v: status %d, token %q", e.dialect, rec.Code, sent(rec))
		}
		_, err := s.Load(t.Context(), "a")
		wantError(t, "Load", err, "connecting for table", addr)
	}
}

// TestWrongDSN: what waiting does not mend is told at once.
func TestWrongDSN(t *testing.T) {
	noSuch := filepath.Join(t.TempDir(), "no", "such", "directory.db")
	engines(t, func(t *testing.T, e engine) {
		name := table()
		dsn := map[sqlstore.Dialect]string{
			sqlstore.PostgreSQL: strings.Replace(e.dsn, "/test?", "/no_such_database?", 1),
			sqlstore.MySQL:      strings.Replace(e.dsn, "/test?", "/no_such_database?", 1),
			sqlstore.SQLite:     "file:" + noSuch,
		}[e.dialect]
		if e.dsn != "" && dsn == e.dsn {
			t.Skip("the server's database is not called test")
		}
		wrong := engine{dialect: e.dialect, driver: e.driver, dsn: dsn}
		s, _ := wrong.second(t, name)
		wantError(t, "Bind", bind(s), name, "database")
		wantError(t, "Migrate", s.Migrate(t.Context()), name)
	})
}

// TestWrongDialect: a database of another kind is told by the first question.
func TestWrongDialect(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		other := e
		other.dialect = sqlstore.PostgreSQL
		if e.dialect == sqlstore.PostgreSQL {
			other.dialect = sqlstore.SQLite
		}
		s, _ := other.second(t, table())
		wantError(t, "Bind", bind(s), "is it a database of "+other.dialect.String())
	})
}

// TestReadOnly: a database that takes no writes answers reads, and says what it is.
func TestReadOnly(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, _, name := e.store(t)
		r := runtime.Record{Data: []byte("x"), Stamp: 1, Index: []runtime.IndexEntry{{Field: "f"}}}
		if err := s.Create(t.Context(), "a", r); err != nil {
			t.Fatal(err)
		}
		dsn := e.at(name)
		switch e.dialect {
		case sqlstore.PostgreSQL:
			dsn += "&default_transaction_read_only=on"
		case sqlstore.MySQL:
			dsn += "&" + e.transactionVariable(t, "read_only") + "=1"
		case sqlstore.SQLite:
			dsn = strings.Replace(dsn, "?", "?mode=ro&", 1)
			dsn = strings.ReplaceAll(dsn, "&_txlock=immediate", "")
		}
		reader := engine{dialect: e.dialect, driver: e.driver, dsn: dsn}
		ro, _ := reader.second(t, name)
		if err := bind(ro); err != nil {
			t.Errorf("Bind: %v", err)
		}
		if got, err := ro.Load(t.Context(), "a"); err != nil || string(got.Data) != "x" {
			t.Errorf("Load: %q, %v", got.Data, err)
		}
		new := runtime.Record{Data: []byte("y"), Stamp: 2}
		for what, err := range map[string]error{
			"Create":            ro.Create(t.Context(), "b", new),
			"Create with index": ro.Create(t.Context(), "b", r),
			"Update":            ro.Update(t.Context(), "a", r, new),
			"Touch":             ro.Touch(t.Context(), "a", r, time.Now().Add(time.Hour)),
			"Delete":            ro.Delete(t.Context(), "a", r),
		} {
			wantError(t, what, err, "the database takes no writes", name)
		}
		_, err := ro.Sweep(t.Context())
		if err != nil {
			wantError(t, "Sweep", err, "the database takes no writes")
		}
		if got, err := s.Load(t.Context(), "a"); err != nil || got.Stamp != 1 {
			t.Errorf("the record is now %v, %v", got, err)
		}
	})
}

// TestUseAfterClose: every method says that the store is closed.
func TestUseAfterClose(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, db, _ := e.store(t)
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		_, swept := s.Sweep(t.Context())
		for what, err := range map[string]error{
			"Bind": bind(s), "Migrate": s.Migrate(t.Context()), "Run": s.Run(context.Background(), time.Hour), "Sweep": swept,
		} {
			if !errors.Is(err, runtime.ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := db.Ping(); err != nil {
			t.Errorf("the application's database: %v", err)
		}
	})
}
