package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

var mysql = dialect{
	name:      "MySQL",
	quote:     '`',
	prepares:  true,
	qualified: true,
	// No gap is locked, which two logins could hold against each other.
	isolation: sql.LevelReadCommitted,

	version: `SELECT VERSION()`,
	columns: `SELECT column_name, column_type FROM information_schema.columns
		WHERE table_schema = COALESCE(NULLIF(?, ''), DATABASE()) AND table_name = ?`,
	create:   `INSERT INTO {table} (id, data, stamp, expires) VALUES (?, ?, ?, ?)`,
	addEntry: `INSERT INTO {index} (entry, id) VALUES %s`,
	note:     `INSERT IGNORE INTO {schema} (version) VALUES (%d)`,
	// It would sort by id what the index on expires has, page after page.
	byID: ` FORCE INDEX (PRIMARY)`,
	migrations: [][]string{{
		// Binary strings have no collation and no padding.
		"CREATE TABLE IF NOT EXISTS {table} (\n\tid varbinary(255) NOT NULL PRIMARY KEY,\n\tdata mediumblob NOT NULL,\n\tstamp bigint NOT NULL,\n\texpires bigint NOT NULL,\n\tKEY {by expires} (expires)\n) ENGINE=InnoDB",
		"CREATE TABLE IF NOT EXISTS {index} (\n\tentry binary(32) NOT NULL,\n\tid varbinary(255) NOT NULL,\n\tPRIMARY KEY (entry, id),\n\tKEY {by id} (id),\n\tCONSTRAINT {cascade} FOREIGN KEY (id) REFERENCES {table} (id) ON DELETE CASCADE\n) ENGINE=InnoDB",
	}},
	types: map[string]string{"id": "varbinary(255)", "data": "mediumblob", "stamp": "bigint", "expires": "bigint", "entry": "binary(32)"},

	checkVersion: func(version string) error {
		number := strings.TrimPrefix(version, "5.5.5-") // how MariaDB says it to old clients
		switch {
		case strings.Contains(version, "MariaDB"):
			if !atLeast(number, 10, 6) {
				return fmt.Errorf("MariaDB %s is too old: sqlstore needs MariaDB 10.6 or later; update the server", number)
			}
		case !atLeast(number, 8, 0):
			return fmt.Errorf("MySQL %s is too old: sqlstore needs MySQL 8.0 or later, or MariaDB 10.6; update the server", number)
		}
		return nil
	},
	locked:   lockMySQL,
	classify: classifyMySQL,
}

// migrateWait is how many seconds a migration waits for another one.
const migrateWait = 60

// lockMySQL runs f on a connection that has a named lock. Statements that change
// tables commit by themselves here, so that each can be repeated.
func lockMySQL(ctx context.Context, db *sql.DB, table string, f func(executor) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	lock := "sessiongen." + table // of at most 64 characters, but for a qualified one
	if len(lock) > 64 {
		lock = lock[:64]
	}
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, `SELECT GET_LOCK(?, ?)`, lock, migrateWait).Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return fmt.Errorf("another process has been migrating table %s for %d seconds", table, migrateWait)
	}
	err = f(conn)
	_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `DO RELEASE_LOCK(?)`, lock)
	return errors.Join(err, unlocked)
}

// classifyMySQL goes by the server's error number, which drivers tell in a field
// (go-sql-driver) or in the text.
func classifyMySQL(err error) kind {
	number, ok := mysqlNumber(err)
	if !ok {
		return unknown
	}
	switch number {
	case 1146, 1054, 1049: // no such table, column, database
		return noTable
	case 1062: // duplicate key
		return duplicate
	case 1213: // deadlock: rolled back
		return again
	case 1290, 1792, 1836: // --read-only, read-only transaction, read-only mode
		return readOnly
	case 1021, 1114: // disk, table full
		return full
	case 1142, 1143, 1044: // no right to the table, the column, the database
		return denied
	case 1045, 1698: // wrong password
		return refused
	case 1040, 1053, 1205, 1203, 1226, 1317: // too many connections, shutdown, lock wait, limits, killed
		return unknown
	}
	return answered
}
