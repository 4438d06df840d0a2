package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

var postgres = dialect{
	name:      "PostgreSQL",
	quote:     '"',
	numbered:  true,
	qualified: true,

	version: `SHOW server_version`,
	columns: `SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
		WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped`,
	create:   `INSERT INTO {table} (id, data, stamp, expires) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
	addEntry: `INSERT INTO {index} (entry, id) VALUES %s ON CONFLICT DO NOTHING`,
	// A row that a request or another sweeper holds is left to it. An array keeps the
	// planner from joining with the whole table.
	sweep: `DELETE FROM {table} WHERE id = ANY(ARRAY(
		SELECT id FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ? FOR UPDATE SKIP LOCKED))`,
	note: `INSERT INTO {schema} (version) VALUES (%d) ON CONFLICT DO NOTHING`,
	migrations: [][]string{{
		`CREATE TABLE IF NOT EXISTS {table} (
	id bytea PRIMARY KEY,
	data bytea NOT NULL,
	stamp bigint NOT NULL,
	expires bigint NOT NULL
)`,
		`CREATE INDEX IF NOT EXISTS {by expires} ON {table} (expires)`,
		`CREATE TABLE IF NOT EXISTS {index} (
	entry bytea NOT NULL,
	id bytea NOT NULL REFERENCES {table} (id) ON DELETE CASCADE,
	PRIMARY KEY (entry, id)
)`,
		`CREATE INDEX IF NOT EXISTS {by id} ON {index} (id)`,
	}},
	types: map[string]string{"id": "bytea", "data": "bytea", "stamp": "bigint", "expires": "bigint", "entry": "bytea"},

	checkVersion: func(version string) error {
		if !atLeast(version, 12) {
			return fmt.Errorf("PostgreSQL %s is too old: sqlstore needs PostgreSQL 12 or later; update the server", version)
		}
		return nil
	},
	locked:   lockPostgres,
	classify: classifyPostgres,
}

// lockPostgres runs f in a transaction that waits for others of the same table: a
// migration happens whole or not at all.
func lockPostgres(ctx context.Context, db *sql.DB, table string, f func(executor) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext($1))`, "sessiongen migrate "+table); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// classifyPostgres goes by the SQLSTATE (PostgreSQL's documentation, appendix A),
// which errors of pgx and lib/pq tell by a method.
func classifyPostgres(err error) kind {
	state, ok := sqlState(err)
	if !ok {
		return unknown
	}
	switch state {
	case "42P01", "42703", "3F000": // undefined table, column, schema
		return noTable
	case "42804", "42883", "22P02": // of another type
		return otherShape
	case "40001", "40P01": // serialization failure, deadlock: rolled back
		return again
	case "25006":
		return readOnly
	case "53100": // disk full
		return full
	case "42501":
		return denied
	}
	switch {
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57"), strings.HasPrefix(state, "58"):
		return unknown // connection, resources, operator, system: it may go by
	case strings.HasPrefix(state, "28"), state == "3D000": // password, no such database
		return refused
	}
	return answered
}
