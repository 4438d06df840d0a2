package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

var sqlite = dialect{
	name:      "SQLite",
	quote:     '"',
	prepares:  true,
	oneWriter: true,

	version:  `SELECT sqlite_version()`,
	columns:  `SELECT name, lower(type) FROM pragma_table_info(?)`,
	create:   `INSERT INTO {table} (id, data, stamp, expires) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
	addEntry: `INSERT INTO {index} (entry, id) VALUES %s ON CONFLICT DO NOTHING`,
	sweep:    `DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ?)`,
	note:     `INSERT INTO {schema} (version) VALUES (%d) ON CONFLICT DO NOTHING`,
	migrations: [][]string{{
		`CREATE TABLE IF NOT EXISTS {table} (
	id blob NOT NULL PRIMARY KEY,
	data blob NOT NULL,
	stamp integer NOT NULL,
	expires integer NOT NULL
)`,
		`CREATE INDEX IF NOT EXISTS {by expires} ON {table} (expires)`,
		`CREATE TABLE IF NOT EXISTS {index} (
	entry blob NOT NULL,
	id blob NOT NULL,
	PRIMARY KEY (entry, id)
) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS {by id} ON {index} (id)`,
		// Foreign keys are off in SQLite unless each connection asks for them.
		`CREATE TRIGGER IF NOT EXISTS {cascade} AFTER DELETE ON {table} BEGIN
	DELETE FROM {index} WHERE id = OLD.id;
END`,
	}},
	types: map[string]string{"id": "blob", "data": "blob", "stamp": "integer", "expires": "integer", "entry": "blob"},

	checkVersion: func(version string) error {
		if !atLeast(version, 3, 35) {
			return fmt.Errorf("SQLite %s is too old: sqlstore needs SQLite 3.35 or later; update the driver", version)
		}
		return nil
	},
	locked:   lockSQLite,
	classify: classifySQLite,
}

// lockSQLite runs f in a transaction that writes from its beginning, so that a
// second one waits for it.
func lockSQLite(ctx context.Context, db *sql.DB, _ string, f func(executor) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	if err := f(conn); err != nil {
		_, undone := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		return errors.Join(err, undone)
	}
	_, err = conn.ExecContext(ctx, `COMMIT`)
	return err
}

// Result codes of SQLite (sqlite.org/rescode.html).
const (
	sqliteError    = 1
	sqliteReadOnly = 8
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

// classifySQLite goes by the result code and the texts of SQLite itself, which all
// drivers pass on.
func classifySQLite(err error) kind {
	text := err.Error()
	code, ok := sqliteCode(err)
	has := func(c int, part string) bool { return ok && code&0xff == c || strings.Contains(text, part) }
	switch {
	case strings.Contains(text, "no such table"), strings.Contains(text, "no such column"), strings.Contains(text, "has no column named"):
		return noTable
	case has(sqliteReadOnly, "attempt to write a readonly database"):
		return readOnly
	case has(sqliteFull, "database or disk is full"):
		return full
	case has(sqliteCantOpen, "unable to open database file"), has(sqliteNotADB, "file is not a database"):
		return refused
	case has(sqliteError, "SQL logic error"):
		return answered
	}
	return unknown
}
