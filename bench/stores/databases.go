package stores

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sessiongen/sessiongen/bench/apps"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

const (
	standardPostgres = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable&connect_timeout=5"
	standardMySQL    = "root@tcp(127.0.0.1:3306)/test?timeout=5s"
	connections      = 16
	cleanUpTime      = time.Minute
)

// suffix makes a name that no other run has.
func suffix() string { return fmt.Sprintf("%016x", rand.Uint64()) }

// ping waits for an answer, but not for ever.
func ping(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return db.PingContext(ctx)
}

// pool gives both libraries the same number of connections.
func pool(db *sql.DB) *sql.DB {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// postgresSchema makes a schema in the database of SESSIONGEN_POSTGRES, or in the
// one called test at the standard address. Everything is in it, and goes with it.
func postgresSchema(ctx context.Context) (dsn, schema string, drop func() error, err error) {
	dsn = os.Getenv("SESSIONGEN_POSTGRES")
	named := dsn != ""
	if !named {
		dsn = standardPostgres
	}
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		return "", "", nil, err
	}
	if err := ping(ctx, admin); err != nil {
		admin.Close()
		if named {
			return "", "", nil, fmt.Errorf("SESSIONGEN_POSTGRES: %w", err)
		}
		return "", "", nil, &errMissing{"PostgreSQL server", "install PostgreSQL (apt-get install postgresql) with a database test that postgres may enter by 127.0.0.1, or set SESSIONGEN_POSTGRES to an address such as postgres://user@host/database"}
	}
	schema = "bench_" + suffix()
	if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		return "", "", nil, errors.Join(err, admin.Close())
	}
	return dsn, schema, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), cleanUpTime)
		defer cancel()
		_, err := admin.ExecContext(ctx, "DROP SCHEMA "+schema+" CASCADE")
		return errors.Join(err, admin.Close())
	}, nil
}

// openSchema opens the database with the schema as the place of tables.
func openSchema(dsn, schema string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["search_path"] = schema
	return pool(stdlib.OpenDB(*config)), nil
}

func openPostgres(ctx context.Context) (*backend, error) {
	dsn, schema, drop, err := postgresSchema(ctx)
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	config.ConnConfig.RuntimeParams["search_path"] = schema
	config.MaxConns = connections
	direct, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	db, err := openSchema(dsn, schema)
	if err != nil {
		direct.Close()
		return nil, errors.Join(err, drop())
	}
	end := func() error {
		direct.Close()
		return errors.Join(db.Close(), drop())
	}
	return pair("PostgreSQL", end, func() (*apps.App, error) { return apps.SCSPostgres(ctx, direct) },
		func() (*apps.App, error) { return apps.SQL(ctx, db, sqlstore.PostgreSQL) })
}

func openMariaDB(ctx context.Context) (*backend, error) {
	dsn := os.Getenv("SESSIONGEN_MYSQL")
	named := dsn != ""
	if !named {
		dsn = standardMySQL
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("SESSIONGEN_MYSQL: %w", err)
	}
	admin, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, err
	}
	if err := ping(ctx, admin); err != nil {
		admin.Close()
		if named {
			return nil, fmt.Errorf("SESSIONGEN_MYSQL: %w", err)
		}
		return nil, &errMissing{"MariaDB server", "install MariaDB (apt-get install mariadb-server) with a database test that root may enter by 127.0.0.1, or set SESSIONGEN_MYSQL to an address such as user:password@tcp(host:3306)/database"}
	}
	name := "bench_" + suffix()
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, errors.Join(err, admin.Close())
	}
	config.DBName = name
	db, err := sql.Open("mysql", config.FormatDSN())
	end := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), cleanUpTime)
		defer cancel()
		if db != nil {
			db.Close()
		}
		_, err := admin.ExecContext(ctx, "DROP DATABASE "+name)
		return errors.Join(err, admin.Close())
	}
	if err != nil {
		return nil, errors.Join(err, end())
	}
	pool(db)
	return pair("MariaDB", end, func() (*apps.App, error) { return apps.SCSMySQL(ctx, db) },
		func() (*apps.App, error) { return apps.SQL(ctx, db, sqlstore.MySQL) })
}

// sqliteFile opens a file with the settings that sqlstore's documentation
// recommends.
func sqliteFile() (*sql.DB, func() error, error) {
	dir, err := os.MkdirTemp("", "bench-sqlite-")
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", sqliteAddress(dir))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return pool(db), func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }, nil
}

func sqliteAddress(dir string) string {
	return "file:" + filepath.Join(dir, "sessions.db") + "?_pragma=busy_timeout(4000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
}

func openSQLite(ctx context.Context) (*backend, error) {
	// Each in a file of its own: SQLite has one writer a file.
	theirs, endTheirs, err := sqliteFile()
	if err != nil {
		return nil, err
	}
	db, endOurs, err := sqliteFile()
	if err != nil {
		return nil, errors.Join(err, endTheirs())
	}
	return pair("SQLite", func() error { return errors.Join(endTheirs(), endOurs()) },
		func() (*apps.App, error) { return apps.SCSSQLite(ctx, theirs) },
		func() (*apps.App, error) { return apps.SQL(ctx, db, sqlstore.SQLite) })
}

// pair is a database with one peer and no limit.
func pair(name string, end func() error, peer, ours func() (*apps.App, error)) (*backend, error) {
	p, err := peer()
	if err != nil {
		return nil, errors.Join(err, end())
	}
	o, err := ours()
	if err != nil {
		p.Close()
		return nil, errors.Join(err, end())
	}
	return &backend{name: name, peers: []*apps.App{p}, ours: o, bound: 1, close: end}, nil
}
