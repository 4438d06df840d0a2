package testserver

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the driver "mysql"
)

// MariaDB returns the address of a MariaDB or MySQL server for the driver "mysql":
// that of SESSIONGEN_MYSQL, that of the database test at 127.0.0.1:3306 which lets
// root in without a password, or a private one. Tests use tables of their own.
func MariaDB(t testing.TB) (dsn string) {
	t.Helper()
	if dsn := os.Getenv("SESSIONGEN_MYSQL"); dsn != "" {
		return dsn
	}
	const standard = "root@tcp(127.0.0.1:3306)/test?timeout=5s"
	if Listens("127.0.0.1:3306") && databaseAnswers("mysql", standard) == nil {
		return standard
	}
	_, dsn = StartMariaDB(t)
	return dsn
}

// StartMariaDB starts a private server with more settings, such as
// "--max-connections=20". It is durable, as by default.
func StartMariaDB(t testing.TB, settings ...string) (p *Process, dsn string) {
	t.Helper()
	const way = "install MariaDB (apt-get install mariadb-server), or set SESSIONGEN_MYSQL to an address such as user:password@tcp(host:3306)/database"
	install := Program([]string{"mariadb-install-db", "mysql_install_db"}, "/usr/bin", "/usr/local/bin")
	server := Program([]string{"mariadbd"}, "/usr/sbin", "/usr/libexec", "/usr/local/sbin")
	if install == "" || server == "" {
		Missing(t, "MariaDB server", way)
	}
	const user = "mysql"
	dir := userDir(t, user)
	data := filepath.Join(dir, "data")
	runOnce(t, user, dir, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-name-resolve")
	addr := FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	dsn = "root@tcp(" + addr + ")/test?timeout=5s"
	args := append([]string{
		"--no-defaults", "--datadir=" + data, "--bind-address=127.0.0.1", "--port=" + port, "--skip-name-resolve",
		"--socket=" + filepath.Join(dir, "s"), "--pid-file=" + filepath.Join(dir, "pid"), "--innodb-buffer-pool-size=32M",
	}, settings...)
	return Start(t, Settings{
		Program: server, Args: args, Dir: dir, AsUser: user, Addr: addr,
		Ready: func() error { return databaseAnswers("mysql", dsn) },
	}), dsn
}
