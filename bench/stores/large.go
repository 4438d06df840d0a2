package stores

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/bench/measure"
	"github.com/sessiongen/sessiongen/bench/table"
	"github.com/sessiongen/sessiongen/bench/workload"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// notGrow is how much longer a look-up or a sweep may take in a table that is a
// hundred times as large: an index has some levels more and less of it is in the
// caches. What reads the table would take about a hundred times as long.
const notGrow = 3

// database is one whose table is made large.
type database struct {
	name    string
	dialect sqlstore.Dialect
	db      *sql.DB
	open    func() (*sql.DB, error) // once more, for the statements to be seen

	// fill adds the rows of numbers from and up to to; its arguments are from, to,
	// the data, the expiry.
	fill string

	// id returns the id of the row of a number.
	id func(ctx context.Context, n int) (string, error)

	explain, analyze string
	close            func() error
}

func largeTable(s size) table.Table {
	return table.Table{
		Title:   "A large table",
		Columns: []string{"database, what", "1/100", "1/10", "1/1", "ratio", "bound", "holds"},
		Notes: []string{fmt.Sprintf("The whole table has %d rows of live sessions. A look-up is of one random session, the median of %d; a sweep deletes %d", s.rows, s.looks, s.expired) +
			" expired rows\nbeside them. The ratio is that of the last time to the first."},
	}
}

func largePostgres(ctx context.Context) (*database, error) {
	dsn, schema, drop, err := postgresSchema(ctx)
	if err != nil {
		return nil, err
	}
	open := func() (*sql.DB, error) { return openSchema(dsn, schema) }
	db, err := open()
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	return &database{
		name: "PostgreSQL", dialect: sqlstore.PostgreSQL, db: db, open: open,
		fill: `INSERT INTO sessiongen (id, data, stamp, expires) SELECT sha256(n::text::bytea), $3::bytea, n, $4::bigint FROM generate_series($1::bigint, $2::bigint) n`,
		id: func(_ context.Context, n int) (string, error) {
			sum := sha256.Sum256([]byte(strconv.Itoa(n)))
			return string(sum[:]), nil
		},
		explain: "EXPLAIN ", analyze: "ANALYZE sessiongen",
		close: func() error { return errors.Join(db.Close(), drop()) },
	}, nil
}

func largeSQLite(context.Context) (*database, error) {
	db, end, err := sqliteFile()
	if err != nil {
		return nil, err
	}
	return &database{
		name: "SQLite", dialect: sqlstore.SQLite, db: db, open: func() (*sql.DB, error) {
			var file string
			if err := db.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
				return nil, err
			}
			return sql.Open("sqlite", "file:"+file)
		},
		fill: `INSERT INTO sessiongen (rowid, id, data, stamp, expires)
			WITH RECURSIVE s(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM s WHERE n < ?2) SELECT n, randomblob(32), ?3, n, ?4 FROM s`,
		id: func(ctx context.Context, n int) (string, error) {
			var id []byte
			err := db.QueryRowContext(ctx, `SELECT id FROM sessiongen WHERE rowid = ?`, n).Scan(&id)
			return string(id), err
		},
		explain: "EXPLAIN QUERY PLAN ", analyze: "ANALYZE sessiongen", close: end,
	}, nil
}

// measure fills the table step by step and measures look-ups and sweeps at each.
func (d *database) measure(ctx context.Context, s size, t *table.Table) error {
	store := sqlstore.New(d.db, d.dialect, sqlstore.SweepEvery(0))
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	parts, err := store.Bind(runtime.Setup{})
	if err != nil {
		return err
	}
	session := new(workload.Session)
	workload.Fill(session)
	data, err := runtime.AppendRecord(nil, &runtime.Meta{Stamp: 1, Created: 1}, session.SessionFields())
	if err != nil {
		return err
	}
	var looks, sweeps [3]float64
	have, doomed := 0, s.rows
	for step, want := range []int{s.rows / 100, s.rows / 10, s.rows} {
		if err := d.add(ctx, have+1, want, data, time.Now().Add(24*time.Hour)); err != nil {
			return err
		}
		have = want
		if _, err := d.db.ExecContext(ctx, d.analyze); err != nil {
			return err
		}
		var times []float64
		for range s.looks {
			id, err := d.id(ctx, 1+rand.IntN(have))
			if err != nil {
				return err
			}
			start := time.Now()
			if _, err := parts.Records.Load(ctx, id); err != nil {
				return fmt.Errorf("a row that is there: %w", err)
			}
			times = append(times, float64(time.Since(start)))
		}
		looks[step] = measure.Median(times)
		times = nil
		for range 3 {
			if err := d.add(ctx, doomed+1, doomed+s.expired, data, time.Now().Add(-time.Hour)); err != nil {
				return err
			}
			doomed += s.expired
			start := time.Now()
			n, err := store.Sweep(ctx)
			times = append(times, float64(time.Since(start)))
			if err != nil || n != s.expired {
				return errors.Join(err, fmt.Errorf("a sweep deleted %d rows of %d", n, s.expired))
			}
		}
		sweeps[step] = measure.Median(times)
	}
	for _, row := range []struct {
		what  string
		times [3]float64
	}{{"look-up", looks}, {"sweep", sweeps}} {
		ratio := row.times[2] / row.times[0]
		t.Add(d.name+", "+row.what, table.Nanos(row.times[0]), table.Nanos(row.times[1]), table.Nanos(row.times[2]),
			fmt.Sprintf("%.2f", ratio), fmt.Sprint(notGrow), table.Yes(ratio <= notGrow))
	}
	plans, err := d.plans(ctx)
	if err != nil {
		return err
	}
	t.Notes = append(t.Notes, plans...)
	return nil
}

// add adds rows, so many at a time that an interrupt is soon noticed.
func (d *database) add(ctx context.Context, from, to int, data []byte, expires time.Time) error {
	const most = 20_000
	for ; from <= to; from += most {
		if _, err := d.db.ExecContext(ctx, d.fill, from, min(to, from+most-1), data, expires.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// plans asks the database how it runs the statements that the store sends for a
// look-up and a sweep.
func (d *database) plans(ctx context.Context) ([]string, error) {
	sent, err := d.statements(ctx)
	if err != nil {
		return nil, err
	}
	var notes []string
	now := time.Now().UnixMilli()
	for _, p := range []struct {
		what, begins string
		args         []any
	}{{"look-up", "SELECT", []any{[]byte("id"), now}}, {"sweep", "DELETE", []any{now, 500}}} {
		found := false
		for _, query := range sent {
			if !strings.HasPrefix(strings.TrimSpace(query), p.begins) || !strings.Contains(query, "expires") {
				continue
			}
			found = true
			plan, err := d.plan(ctx, query, p.args)
			if err != nil {
				return nil, fmt.Errorf("%w in the plan of %s", err, query)
			}
			notes = append(notes, fmt.Sprintf("\n%s, plan of a %s: `%s`", d.name, p.what, plan))
		}
		if !found {
			return nil, fmt.Errorf("no statement of a %s was seen in %q", p.what, sent)
		}
	}
	return notes, nil
}

// plan returns the lines of a plan in one.
func (d *database) plan(ctx context.Context, query string, args []any) (string, error) {
	rows, err := d.db.QueryContext(ctx, d.explain+query, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var lines []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		if err := rows.Scan(cells...); err != nil {
			return "", err
		}
		// SQLite's last column is the text; PostgreSQL has one.
		lines = append(lines, strings.TrimSpace(cells[len(cells)-1].(*sql.NullString).String))
	}
	return strings.Join(lines, "; "), rows.Err()
}
