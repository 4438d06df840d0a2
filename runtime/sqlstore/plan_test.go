package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// fill puts n records into a table, half of them expired, each with an index entry.
func fill(t *testing.T, db *sql.DB, d sqlstore.Dialect, name string, n int) {
	t.Helper()
	var numbers, bytes string
	switch d {
	case sqlstore.PostgreSQL:
		numbers, bytes = fmt.Sprintf("SELECT n FROM generate_series(1, %d) n", n), "sha256(n::text::bytea)"
	case sqlstore.MySQL:
		numbers, bytes = fmt.Sprintf("SELECT seq AS n FROM seq_1_to_%d", n), "UNHEX(SHA2(n, 256))"
	case sqlstore.SQLite:
		numbers = fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s", n)
		bytes = "CAST(printf('%032d', n) AS BLOB)"
	}
	now := time.Now().UnixMilli()
	for _, query := range []string{
		fmt.Sprintf("INSERT INTO %s (id, data, stamp, expires) SELECT %s, %[2]s, n, %d + (n %% 2) * 7200000 + n FROM (%s) x", name, bytes, now-3600000, numbers),
		fmt.Sprintf("INSERT INTO %s_index (entry, id) SELECT id, id FROM %[1]s", name),
		map[sqlstore.Dialect]string{
			sqlstore.PostgreSQL: "ANALYZE " + name, sqlstore.MySQL: "ANALYZE TABLE " + name, sqlstore.SQLite: "ANALYZE " + name,
		}[d],
	} {
		if _, err := db.Exec(query); err != nil {
			if d == sqlstore.MySQL && strings.Contains(err.Error(), "seq_1_to") {
				t.Skip("this server has no sequence tables (MariaDB has)")
			}
			t.Fatalf("%v in %s", err, query)
		}
	}
}

// TestPlans: every statement reaches its rows by an index, so that none takes longer
// in a larger table.
func TestPlans(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, db, name := e.store(t)
		fill(t, db, e.dialect, name, 5000)
		var id []byte
		now := time.Now().UnixMilli()
		if err := db.QueryRow("SELECT id FROM " + name + " ORDER BY id LIMIT 1").Scan(&id); err != nil {
			t.Fatal(err)
		}
		for what, args := range map[string][]any{
			"load": {id, now}, "update": {id, 1, now, id, now, 1}, "touch": {now, id, now, 1},
			"delete": {id, now, 1}, "delete whatever": {id, now},
			"find": {id, []byte{}, now, 500}, "list": {id, now, 500}, "sweep": {now, 500},
		} {
			explain := "EXPLAIN "
			if e.dialect == sqlstore.SQLite {
				explain = "EXPLAIN QUERY PLAN "
			}
			plan := rowsOf(t, db, explain+s.Queries()[what], args...)
			t.Logf("%s: %s", what, plan)
			for _, scan := range []string{"Seq Scan on " + name, "ALL", "SCAN " + name, "SCAN t", "SCAN i"} {
				if strings.Contains(strings.ReplaceAll(plan, "USING INDEX", ""), scan) {
					t.Errorf("%s reads the whole table: %s", what, plan)
				}
			}
			index := map[sqlstore.Dialect][]string{
				sqlstore.PostgreSQL: {"Index", "_pkey"}, sqlstore.MySQL: {"PRIMARY"}, sqlstore.SQLite: {"USING", "autoindex"},
			}[e.dialect]
			if what == "sweep" {
				index = []string{"_expires"}
			}
			for _, part := range index {
				if !strings.Contains(plan, part) && !(what == "find" && strings.Contains(plan, "PRIMARY KEY")) {
					t.Errorf("%s does not use the index (%s): %s", what, part, plan)
				}
			}
		}
	})
}

// rowsOf returns all that a query says.
func rowsOf(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%v in %s", err, query)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for _, v := range values {
			line = append(line, v.(*sql.NullString).String)
		}
		all = append(all, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "; ")
}

// TestPages: Find and List go through many pages, each key once, in their order, and
// hold no connection meanwhile.
func TestPages(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, db, name := e.store(t)
		db.SetMaxOpenConns(1)
		fill(t, db, e.dialect, name, 2600)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		n, last := 0, ""
		for key, err := range s.List(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if key <= last {
				t.Fatalf("%x after %x", key, last)
			}
			if n++; n%500 == 0 { // with the pool's only connection
				if _, err := s.Load(ctx, key); err != nil {
					t.Fatal(err)
				}
			}
			last = key
		}
		if n != 1300 {
			t.Errorf("%d keys, want the 1300 that have not expired", n)
		}
	})
}

// TestSweepTogether: ten sweepers beside requests delete what has expired, each
// record once, with its entries, and nothing else.
func TestSweepTogether(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, db, name := e.store(t)
		const n = 6000
		fill(t, db, e.dialect, name, n)
		entry := runtime.IndexEntry{Field: "f"}
		type result struct {
			n   int
			err error
		}
		results := make(chan result)
		for range 10 {
			other, _ := e.second(t, name)
			go func() {
				n, err := other.Sweep(t.Context())
				results <- result{n, err}
			}()
		}
		requests := make(chan error)
		for i := range 4 {
			go func() {
				var err error
				for j := 0; j < 30 && err == nil; j++ {
					key := fmt.Sprint("live", i, "-", j)
					r := runtime.Record{Data: []byte("x"), Stamp: 1, Expires: time.Now().Add(time.Hour), Index: []runtime.IndexEntry{entry}}
					next := runtime.Record{Data: []byte("y"), Stamp: 2, Expires: r.Expires, Index: []runtime.IndexEntry{entry}}
					if err = s.Create(t.Context(), key, r); err == nil {
						err = s.Update(t.Context(), key, r, next)
					}
				}
				requests <- err
			}()
		}
		deleted := 0
		for range 10 {
			r := <-results
			if r.err != nil {
				t.Error(r.err)
			}
			deleted += r.n
		}
		for range 4 {
			if err := <-requests; err != nil {
				t.Error(err)
			}
		}
		if deleted != n/2 {
			t.Errorf("deleted %d, want %d", deleted, n/2)
		}
		if rows, entries := count(t, db, name), count(t, db, name+"_index"); rows != n/2+120 || entries != rows {
			t.Errorf("%d records and %d entries are left, want %d", rows, entries, n/2+120)
		}
	})
}
