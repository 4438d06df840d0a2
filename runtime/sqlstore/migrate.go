package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sessiongen/sessiongen/runtime"
)

// Version is the version of the tables that this release makes and needs. Tables of
// a higher one work too: a migration only adds what older releases can do without.
const Version = 1

const schemaTable = `CREATE TABLE IF NOT EXISTS {schema} (version integer NOT NULL PRIMARY KEY)`

// Migrate creates the tables, or brings those of an older release up to date. It
// does nothing if they are up to date, and any number of processes may call it at
// once: one does the work and the others wait. On PostgreSQL and SQLite it happens
// whole or not at all; MySQL commits each statement, and a second call goes on after
// the last one. The database's user needs the right to create tables, which
// the other methods do without; see also [Store.Schema].
func (s *Store) Migrate(ctx context.Context) error {
	switch {
	case s.err != nil:
		return s.err
	case s.closed.Load():
		return runtime.ErrClosed
	}
	if err := s.checkVersion(ctx); err != nil {
		return err
	}
	err := s.write(ctx, func() error {
		return s.dialect.locked(ctx, s.db, s.config.table, func(x executor) error { return s.migrate(ctx, x) })
	})
	if err != nil {
		return s.explain(ctx, "migrating", err)
	}
	return s.check(ctx)
}

func (s *Store) migrate(ctx context.Context, x executor) error {
	// Before anything is made: the name may be that of a table of somebody else.
	missing := false
	for _, suffix := range []string{"", "_index", "_schema"} {
		err := s.checkColumns(ctx, x, suffix)
		if err != nil && !errors.Is(err, errMissing) {
			return err
		}
		missing = missing || err != nil
	}
	if _, err := x.ExecContext(ctx, s.dialect.expand(schemaTable, s.config.table)); err != nil {
		return err
	}
	version, err := s.schemaVersion(ctx, x)
	if err != nil {
		return err
	}
	if missing {
		version = 0 // whatever it says: each statement does nothing if it has been done
	}
	for v := version + 1; v <= Version; v++ {
		for _, statement := range s.dialect.migration(v, s.config.table) {
			if _, err := x.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// migration returns the statements that make version v of the one before.
func (d *dialect) migration(v int, table string) (statements []string) {
	for _, statement := range d.migrations[v-1] {
		statements = append(statements, d.expand(statement, table))
	}
	return append(statements, d.expand(strings.ReplaceAll(d.note, "%d", strconv.Itoa(v)), table))
}

// Schema returns the SQL that [Store.Migrate] runs on an empty database, for people
// who run migrations themselves. It may be run again: each statement does nothing if
// it has been done. The result is "" if an option of the store makes no sense.
func (s *Store) Schema() string {
	if s.err != nil {
		return ""
	}
	statements := []string{s.dialect.expand(schemaTable, s.config.table)}
	for v := 1; v <= Version; v++ {
		statements = append(statements, s.dialect.migration(v, s.config.table)...)
	}
	return strings.Join(statements, ";\n\n") + ";\n"
}

// check looks at the server's version and the tables, and remembers that they are
// fit for use.
func (s *Store) check(ctx context.Context) error {
	if err := s.checkVersion(ctx); err != nil {
		return err
	}
	for _, suffix := range []string{"", "_index", "_schema"} {
		if err := s.checkColumns(ctx, s.db, suffix); err != nil {
			return s.explain(ctx, "looking at", err)
		}
	}
	version, err := s.schemaVersion(ctx, s.db)
	if err != nil {
		return s.explain(ctx, "looking at", err)
	}
	if version < Version {
		return fmt.Errorf("sqlstore: table %s is of version %d, and this program needs %d: call Store.Migrate, or run the SQL that Store.Schema returns: %w", s.config.table, version, Version, errShape)
	}
	s.checked.Store(true)
	return nil
}

// checkVersion asks for the server's version, which also shows a wrong dialect.
func (s *Store) checkVersion(ctx context.Context) error {
	var version string
	if err := s.db.QueryRowContext(ctx, s.dialect.version).Scan(&version); err != nil {
		err = s.explain(ctx, "connecting for", err)
		if !unreachable(err) {
			err = fmt.Errorf("%w (is it a database of %s, and are its address, name, user and password right?)", err, s.dialect.name)
		}
		return err
	}
	if err := s.dialect.checkVersion(version); err != nil {
		return fmt.Errorf("sqlstore: %w: %w", err, errShape)
	}
	return nil
}

func (s *Store) schemaVersion(ctx context.Context, x executor) (version int, err error) {
	query := s.dialect.expand(`SELECT COALESCE(MAX(version), 0) FROM {schema}`, s.config.table)
	return version, x.QueryRowContext(ctx, query).Scan(&version)
}

var errMissing = errors.New("no such table")

// ourColumns are the columns of the table with a suffix.
var ourColumns = map[string][]string{
	"":        {"id", "data", "stamp", "expires"},
	"_index":  {"entry", "id"},
	"_schema": {"version"},
}

// checkColumns complains if a table has not the columns that it is to have: more of
// them do no harm. A missing table is right before a migration.
func (s *Store) checkColumns(ctx context.Context, x executor, suffix string) error {
	name := s.config.table + suffix
	there, err := s.columns(ctx, x, suffix)
	switch {
	case err != nil:
		return err
	case len(there) == 0:
		return s.noTable(fmt.Errorf("%w: %s", errMissing, name))
	}
	for _, column := range ourColumns[suffix] {
		is, ok := there[column]
		wrong := ""
		want := s.dialect.types[column]
		switch {
		case !ok:
			wrong = "has no column " + column
		case want != "" && strings.ToLower(is) != want && !strings.HasPrefix(strings.ToLower(is), want+"("):
			wrong = fmt.Sprintf("has a column %s of type %s in place of %s", column, is, want)
		}
		if wrong != "" {
			return fmt.Errorf("sqlstore: table %s %s: it is not one that Store.Migrate has made; name another with sqlstore.Table, or move it out of the way: %w", name, wrong, errShape)
		}
	}
	return nil
}

// columns returns the columns of the table with a suffix and their types.
func (s *Store) columns(ctx context.Context, x executor, suffix string) (map[string]string, error) {
	rows, err := x.QueryContext(ctx, s.dialect.numberedMarks(s.dialect.columns), s.dialect.columnsOf(s.config.table, suffix)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	there := make(map[string]string)
	for rows.Next() {
		var name, kind sql.RawBytes
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		there[string(name)] = string(kind)
	}
	return there, rows.Err()
}

// columnsOf returns the parameters of the question for a table's columns.
func (d *dialect) columnsOf(table, suffix string) []any {
	switch {
	case d.quote == '"' && d.qualified:
		return []any{d.quoted(table, suffix)}
	case !d.qualified:
		return []any{table + suffix}
	}
	parts := strings.Split(table+suffix, ".")
	if len(parts) == 1 {
		parts = slices.Insert(parts, 0, "")
	}
	return []any{parts[0], parts[1]}
}
