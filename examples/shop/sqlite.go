package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// openSQLite keeps sessions in a file, which outlives the program.
func openSQLite(choice string) (opened, error) {
	file := strings.TrimPrefix(choice, "sqlite:")
	switch {
	case file == "" || file == choice:
		return opened{}, errors.New("-store sqlite: it names no file; write sqlite:shop.db")
	case strings.HasPrefix(file, "//") && !strings.HasPrefix(file, "///"):
		return opened{}, fmt.Errorf("-store %s: a file has no host; write sqlite:%s", choice, strings.TrimLeft(file, "/"))
	case strings.HasPrefix(file, ":memory:"):
		return opened{}, fmt.Errorf("-store %s: it would be another database for each connection; use -store memory", choice)
	}
	// Readers go on while somebody writes, and what was answered survives a power
	// failure. The name is escaped: a question mark would begin the settings.
	const settings = "?_pragma=busy_timeout(4000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(file)+settings)
	if err != nil {
		return opened{}, fmt.Errorf("-store %s: %w", choice, err)
	}
	return openSQL(db, sqlstore.SQLite, choice, "the file must be one of SQLite or not exist yet, and it and its directory must be writable")
}
