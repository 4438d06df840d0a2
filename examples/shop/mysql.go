package main

import (
	"cmp"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

const mysqlForm = "mysql://user:password@host:3306/database"

// openMySQL keeps sessions in a database of MySQL or MariaDB. The driver's own form
// of an address is no URL; its settings, such as tls=true, follow a question mark in
// both.
func openMySQL(choice string) (opened, error) {
	u, err := parseAddress(choice, mysqlForm)
	if err != nil {
		return opened{}, err
	}
	addr := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "3306"))
	config, err := mysql.ParseDSN("tcp(" + addr + ")/?" + u.RawQuery)
	if err != nil {
		return opened{}, fmt.Errorf("-store %s: %w; write %s", shown(u), err, mysqlForm)
	}
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.DBName = strings.TrimPrefix(u.Path, "/")
	if config.DBName == "" {
		return opened{}, fmt.Errorf("-store %s: it names no database; write %s", shown(u), mysqlForm)
	}
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return opened{}, fmt.Errorf("-store %s: %w; write %s", shown(u), err, mysqlForm)
	}
	db := pool(sql.OpenDB(connector))
	return openSQL(db, sqlstore.MySQL, shown(u), "write "+mysqlForm+", where the server runs and the database exists")
}
