package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// bind binds a store and returns what it says.
func bind(s *sqlstore.Store) error {
	_, err := s.Bind(runtime.Setup{})
	return err
}

// wantError complains unless err says all of parts.
func wantError(t *testing.T, what string, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: error %v, want one that says %q", what, err, part)
			return
		}
	}
}

// TestMigrateTogether: ten processes that begin at once migrate at once.
func TestMigrateTogether(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		name := table()
		drop(t, e.open(t, name), name)
		var wg sync.WaitGroup
		for range 10 {
			s, _ := e.second(t, name)
			wg.Go(func() {
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if err := bind(s); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s, db := e.second(t, name)
		if err := s.Create(t.Context(), "a", runtime.Record{Data: []byte("x"), Stamp: 1, Index: []runtime.IndexEntry{{Field: "f"}}}); err != nil {
			t.Error(err)
		}
		if err := s.Migrate(t.Context()); err != nil { // with what is there
			t.Error(err)
		}
		if n := count(t, db, name) + count(t, db, name+"_index"); n != 2 {
			t.Errorf("%d rows after a second migration, want 2", n)
		}
	})
}

// TestSchema: the SQL that is printed, run by hand, even twice, is what Migrate does.
func TestSchema(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		name := table()
		s, db := e.second(t, name)
		drop(t, db, name)
		wantError(t, "Bind without tables", bind(s), name, "Store.Migrate", "Store.Schema")
		for range 2 {
			for statement := range strings.SplitSeq(s.Schema(), ";\n\n") {
				if _, err := db.Exec(statement); err != nil {
					t.Fatalf("%v in:\n%s", err, statement)
				}
			}
		}
		if err := bind(s); err != nil {
			t.Error(err)
		}
		if err := s.Create(t.Context(), "a", runtime.Record{Data: []byte("x"), Stamp: 1}); err != nil {
			t.Error(err)
		}
	})
}

// TestMissingTables: what is missing is named by Bind, and by a call if it goes
// missing later.
func TestMissingTables(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		for _, suffix := range []string{"_schema", "_index", ""} {
			s, db, name := e.store(t)
			if suffix == "" {
				if _, err := db.Exec("DROP TABLE " + name + "_index"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := db.Exec("DROP TABLE " + name + suffix); err != nil {
				t.Fatal(err)
			}
			other, _ := e.second(t, name)
			wantError(t, "Bind without "+suffix, bind(other), name+suffix, "Store.Migrate")
			_, err := other.Load(t.Context(), "a")
			wantError(t, "Load without "+suffix, err, name, "Store.Migrate")
			if suffix == "" {
				_, err = s.Load(t.Context(), "a")
				wantError(t, "Load when the table has gone", err, name, "Store.Migrate")
				if errors.Is(err, runtime.ErrNotFound) {
					t.Error("a table that has gone is no session that has ended")
				}
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err = s.Load(t.Context(), "a"); !errors.Is(err, runtime.ErrNotFound) {
					t.Errorf("Load after Migrate: %v", err)
				}
			}
		}
	})
}

// TestOtherShapes: tables that are somebody else's are named, and left alone.
func TestOtherShapes(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		for shape, part := range map[string]string{
			"(token varchar(40), data varchar(40), expiry varchar(40))":        "no column id",
			"(id varchar(40), data varchar(40), stamp bigint, expires bigint)": "a column id of type",
		} {
			name := table()
			s, db := e.second(t, name)
			drop(t, db, name)
			if _, err := db.Exec("CREATE TABLE " + name + " " + shape); err != nil {
				t.Fatal(err)
			}
			wantError(t, "Bind", bind(s), name, part, "sqlstore.Table")
			wantError(t, "Migrate", s.Migrate(t.Context()), name, part, "sqlstore.Table")
			_, err := s.Load(t.Context(), "a")
			wantError(t, "Load", err, name, part)
			if _, err := db.Exec("SELECT * FROM " + name + "_schema"); err == nil {
				t.Error("Migrate has made a table beside one that is not ours")
			}
		}
	})
}

// TestVersions: tables of an older version are refused, those of a newer release
// work.
func TestVersions(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, db, name := e.store(t)
		if _, err := db.Exec("INSERT INTO " + name + "_schema VALUES (1000)"); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Migrate(t.Context()), bind(s)); err != nil {
			t.Errorf("with tables of a newer release: %v", err)
		}
		if _, err := db.Exec("DELETE FROM " + name + "_schema"); err != nil {
			t.Fatal(err)
		}
		old, _ := e.second(t, name)
		wantError(t, "Bind", bind(old), name, "version 0", "Store.Migrate")
		if err := old.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
		if err := bind(old); err != nil {
			t.Error(err)
		}
	})
}

// TestMigrateCancelled: a migration that is given up has its context's error, and
// the next one works.
func TestMigrateCancelled(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		name := table()
		s, db := e.second(t, name)
		drop(t, db, name)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Migrate(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
