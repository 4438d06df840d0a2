package main

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

const postgresForm = "postgres://user:password@host:5432/database"

// openPostgres keeps sessions in a database of PostgreSQL.
func openPostgres(choice string) (opened, error) {
	u, err := parseAddress(choice, postgresForm)
	if err != nil {
		return opened{}, err
	}
	config, err := pgx.ParseConfig(choice)
	if err != nil {
		return opened{}, fmt.Errorf("-store %s: its settings can't be read; write %s", shown(u), postgresForm)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	db := pool(stdlib.OpenDB(*config))
	return openSQL(db, sqlstore.PostgreSQL, shown(u), "write "+postgresForm+", where the server runs and the database exists")
}
