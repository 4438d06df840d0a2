package main

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// openSQL keeps sessions in a database, whose tables it makes if they are missing.
// The name of the database and the way out are for errors.
func openSQL(db *sql.DB, dialect sqlstore.Dialect, name, wayOut string) (opened, error) {
	store := sqlstore.New(db, dialect) // sweeps until it is closed
	end := closeAll(store.Close, db.Close)
	ctx, cancel := starting()
	defer cancel()
	if err := store.Migrate(ctx); err != nil {
		end()
		return opened{}, fmt.Errorf("-store %s: %w; %s", name, err, wayOut)
	}
	return opened{Store: store, close: end}, nil
}

// pool bounds the connections to a server.
func pool(db *sql.DB) *sql.DB {
	const connections = 20
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}
