package testserver

import (
	"database/sql"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Postgres returns the address of a PostgreSQL server for the driver "pgx": that of
// SESSIONGEN_POSTGRES, that of the database test at 127.0.0.1:5432 which lets the
// user postgres in, or a private one. Tests use tables of their own.
func Postgres(t testing.TB) (dsn string) {
	t.Helper()
	if dsn := os.Getenv("SESSIONGEN_POSTGRES"); dsn != "" {
		return dsn
	}
	const standard = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable&connect_timeout=5"
	if Listens("127.0.0.1:5432") && databaseAnswers("pgx", standard) == nil {
		return standard
	}
	_, dsn = StartPostgres(t)
	return dsn
}

// StartPostgres starts a private server with more settings, such as "-c",
// "max_connections=20". It is durable, as by default.
func StartPostgres(t testing.TB, settings ...string) (p *Process, dsn string) {
	t.Helper()
	const way = "install PostgreSQL (apt-get install postgresql), or set SESSIONGEN_POSTGRES to an address such as postgres://user@host/database"
	bin := []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"}
	initdb, postgres := Program([]string{"initdb"}, bin...), Program([]string{"postgres"}, bin...)
	if initdb == "" || postgres == "" {
		Missing(t, "PostgreSQL server", way)
	}
	const user = "postgres" // the server refuses to run as root
	dir := userDir(t, user)
	data := filepath.Join(dir, "data")
	runOnce(t, user, dir, initdb, "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	addr := FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	dsn = "postgres://" + user + "@" + addr + "/postgres?sslmode=disable&connect_timeout=5"
	args := append([]string{"-D", data, "-h", "127.0.0.1", "-p", port, "-k", dir}, settings...)
	return Start(t, Settings{
		Program: postgres, Args: args, Dir: dir, AsUser: user, Addr: addr,
		Ready: func() error { return databaseAnswers("pgx", dsn) },
	}), dsn
}

// runOnce runs a program to its end as a user, and fails the test if it fails.
func runOnce(t testing.TB, user, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if err := runAs(cmd, user); err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// userDir returns a directory of the user's, which goes with the test.
func userDir(t testing.TB, user string) string {
	t.Helper()
	// Not t.TempDir: other users may not enter what it is in.
	dir, err := os.MkdirTemp("", "sessiongen-server-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := giveTo(dir, user); err != nil {
		t.Fatal(err)
	}
	return dir
}

// databaseAnswers connects to a database.
func databaseAnswers(driver, dsn string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Ping()
}
