// Package sqlstore keeps sessions in a database: PostgreSQL, MySQL or MariaDB, or
// SQLite.
package sqlstore
