// Package sqlstore keeps sessions in a database that the application operates
// already: PostgreSQL, MySQL or MariaDB, or a file of SQLite. It keeps every promise
// of package runtime, between any number of processes that share the tables.
//
//	db, err := sql.Open("pgx", "postgres://shop@db/shop") // or any other driver
//	store := sqlstore.New(db, sqlstore.PostgreSQL)
//	err = store.Migrate(ctx)
//	sessions, err := shop.NewSessions(store, runtime.Config{})
//
// The driver is the application's choice: this package imports none, and goes by
// what all drivers of an engine have in common. It is tested with
// github.com/jackc/pgx/v5/stdlib, github.com/go-sql-driver/mysql and
// modernc.org/sqlite. The pool is the application's too, and the store never closes
// it. Servers older than PostgreSQL 12, MySQL 8.0, MariaDB 10.6 and SQLite 3.35 are
// refused.
//
// # Tables
//
// [Store.Migrate] makes three tables, named after the option [Table]; [Store.Schema]
// returns the SQL for people who run migrations themselves. The names of the columns
// are the same everywhere:
//
//	sessiongen         one row a session
//	  id               the record's key, which is Session.ID: up to 255 bytes, primary key
//	  data             the record, as package runtime's documentation describes it
//	  stamp            the writer's mark as a signed integer, 0 for a program that has none
//	  expires          the end, in Unix milliseconds, 9223372036854775807 for never; indexed
//	sessiongen_index   one row for each value by which a session is found
//	  entry            SHA-256 of the field's wire name, a zero byte and the entry's sum
//	  id               the session's
//	sessiongen_schema  the versions that the tables have been brought to
//
// Keys and data are binary columns, so that no collation, padding or encoding of the
// database makes two keys the same. A literal finds one all the same:
//
//	SELECT expires FROM sessiongen WHERE id = 'n4bQ...'               -- PostgreSQL, MySQL
//	SELECT expires FROM sessiongen WHERE id = CAST('n4bQ...' AS BLOB) -- SQLite
//	SELECT encode(id, 'escape') FROM sessiongen                       -- PostgreSQL
//
// Both hold hashes: neither a token nor an indexed value is in the tables but in data,
// which is not encrypted. A touch moves the column expires alone, so that the expiry
// in the header of data may be earlier than the session's end: the column counts. The
// clock is the application's ([runtime.Config].Now), not the server's.
//
// Entries of the index go with their session, by a foreign key, on SQLite by a
// trigger, whoever deletes it: DELETE FROM sessiongen WHERE ... by hand is safe at any
// time, and logs out those whom it concerns.
//
// # What runs when
//
//	a request that reads                 SELECT, by primary key
//	a request that changes something     SELECT, UPDATE ... WHERE id AND expires AND stamp
//	a request that only touches          SELECT, UPDATE of expires, without data
//	a new visitor who sets something     INSERT
//	a login or logout                    a transaction for each record it writes: the
//	                                     record, then its entries
//	a write that came second             one SELECT more, which tells why
//	a sweep                              DELETE, 500 rows at a time, by the index on expires
//
// Each is one round trip, once its statements are prepared; a transaction has two more
// of its own, on MySQL three. PostgreSQL's drivers are given plain statements: pgx prepares each
// once a connection and remembers it, and where that must not be, behind a PgBouncer
// that does not know prepared statements, default_query_exec_mode=exec in the address
// keeps it at one round trip. lib/pq prepares each time, which is one round trip more,
// unless binary_parameters=yes says otherwise. On MySQL and SQLite the store prepares
// the statements itself, once a connection; those of transactions are prepared each
// time, unless interpolateParams=true has go-sql-driver put the values in.
//
// No statement reads more rows than it returns or changes, but for List, which steps
// over what has expired and was not swept yet. List and Find read 500 keys at a time
// and hold no connection while the caller works.
//
// # Isolation and failures
//
// A write is conditional in its own WHERE clause and correct at every isolation level.
// What the database rolls back for the sake of others (a serialization failure, a
// deadlock) is tried again, up to 10 times. Transactions on MySQL run at READ
// COMMITTED, where they lock no gaps.
//
// Every other error is handed to the runtime as it is: when the outcome of a write is
// not known it looks up the stamp. A statement that database/sql sends twice, because
// a driver took it wrongly for not sent, is recognised by its stamp as well. A disk, or
// a file, that is full is [runtime.ErrFull], and nothing was written. An error names
// the table and, where there is one, the way out; it never holds a value.
//
// The promises rest on the engine's own. PostgreSQL with synchronous_commit=on and
// InnoDB with innodb_flush_log_at_trx_commit=1, both the default, lose nothing that was
// answered when the server crashes. A failover to a replica that is behind loses what
// it did not have: a lost logout is then a session that lives again. Use synchronous
// replication where that matters (synchronous_standby_names; semi-synchronous
// replication; Galera). Never read from a replica: a request would not see what the one
// before has saved, and a conflict would repeat until the replica has caught up.
//
// # Pool and time limits
//
// database/sql opens as many connections as there are requests, and keeps two. Set
//
//	db.SetMaxOpenConns(20) // times the processes, well below the server's max_connections
//	db.SetMaxIdleConns(20) // the same, or every burst opens connections anew
//	db.SetConnMaxIdleTime(5 * time.Minute)
//
// Calls end after [runtime.Config].StoreTimeout, waits for a connection included, and
// the driver gives up the connection of a call that was ended. A time limit for
// opening connections belongs into the address: connect_timeout=5 for pgx, timeout=5s
// for go-sql-driver. A statement_timeout (PostgreSQL) a little above StoreTimeout frees
// the server of statements that nobody waits for.
//
// MySQL refuses statements larger than max_allowed_packet (16 MiB on MariaDB); a record
// is at most [runtime.Config].MaxRecordBytes, 64 KiB by default.
//
// # Expired sessions
//
// An expired row is never loaded, found or listed. Each bound store deletes what has
// expired every minute, or as [SweepEvery] says, in batches of 500 and with a rest
// between them; Close ends it. All processes may do so: on PostgreSQL they
// skip what another one holds, on MySQL they delete in the order of the keys, on SQLite
// there is one writer at a time. Where one process alone shall do it, such as a job that
// runs each night, give the others SweepEvery(0) and call [Store.Sweep], or [Store.Run]
// in a goroutine.
//
// On PostgreSQL each update leaves a dead row version for autovacuum; a table of busy
// sessions does well with autovacuum_vacuum_scale_factor = 0.02.
//
// # Backups
//
// A backup holds data, but no token that opens a session: the key is the token's hash.
// A restore brings back the sessions of its time, also those that were logged out since;
// leave the tables out (pg_dump --exclude-table-data='sessiongen*'), or empty them
// after a restore, which logs everybody out.
//
// # SQLite
//
// SQLite is for one machine: one process, or a few that share the file on a local disk,
// never a network file system. Open it with
//
//	file:sessions.db?_pragma=busy_timeout(4000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)
//
// for modernc.org/sqlite. WAL lets readers go on while somebody writes. The busy timeout
// is how long a writer waits for another process; keep it below StoreTimeout. In one
// process the store has its writers wait in a queue instead. With synchronous(FULL)
// what was answered survives a power failure; with NORMAL it survives the end of the
// process in whatever way, but a power failure may undo the last moments before it, and
// writes are several times faster. A database in memory ("file::memory:") is one of its
// own for each connection: use package memstore.
//
// Back a file up with VACUUM INTO or sqlite3's .backup, not by copying it: a part of it
// is in the -wal file beside it.
package sqlstore
