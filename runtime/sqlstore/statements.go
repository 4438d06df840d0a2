package sqlstore

import (
	"context"
	"database/sql"
	"sync"

	"github.com/sessiongen/sessiongen/runtime"
)

// statements is what a store says to its database. A record is live while its
// expires is after the clock's time, which is always a parameter: servers' clocks
// differ from the application's.
type statements struct {
	create, load                    *statement
	update, touch, delete           *statement // of the record with a stamp
	updateData, touchData, delData  *statement // of the record with these data, where there is no stamp
	deleteAny, deleteExpired        *statement
	find, list, expired, clearIndex *statement

	all []*statement
}

func newStatements(d *dialect, table string) *statements {
	s := new(statements)
	add := func(query string) *statement {
		st := &statement{query: d.expand(query, table), prepares: d.prepares}
		s.all = append(s.all, st)
		return st
	}
	const (
		live    = ` WHERE id = ? AND expires > ?`
		stamped = live + ` AND stamp = ?`
		bare    = live + ` AND stamp = 0 AND data = ?`
		update  = `UPDATE {table} SET data = ?, stamp = ?, expires = ?`
		touch   = `UPDATE {table} SET expires = ?`
		remove  = `DELETE FROM {table}`
	)
	s.create = add(d.create)
	s.load = add(`SELECT data, stamp, expires FROM {table}` + live)
	s.update, s.updateData = add(update+stamped), add(update+bare)
	s.touch, s.touchData = add(touch+stamped), add(touch+bare)
	s.delete, s.delData, s.deleteAny = add(remove+stamped), add(remove+bare), add(remove+live)
	s.deleteExpired = add(remove + ` WHERE id = ? AND expires <= ?`)
	s.find = add(`SELECT i.id FROM {index} i JOIN {table} t ON t.id = i.id WHERE i.entry = ? AND i.id > ? AND t.expires > ? ORDER BY i.id LIMIT ?`)
	s.list = add(`SELECT id FROM {table}` + d.byID + ` WHERE id > ? AND expires > ? ORDER BY id LIMIT ?`)
	s.clearIndex = add(`DELETE FROM {index} WHERE id = ?`)
	if d.sweep != "" {
		s.expired = add(d.sweep)
	} else {
		s.expired = add(`SELECT id FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ?`)
	}
	return s
}

func (s *statements) close() {
	for _, st := range s.all {
		st.close()
	}
}

// statement is one of them, prepared at its first use where drivers don't do that.
type statement struct {
	query    string
	prepares bool

	mu     sync.Mutex
	stmt   *sql.Stmt
	closed bool
}

// prepared returns the statement ready for use, nil if it is to be sent as it is.
func (st *statement) prepared(ctx context.Context, db *sql.DB) (*sql.Stmt, error) {
	if !st.prepares {
		return nil, nil
	}
	st.mu.Lock()
	stmt, closed := st.stmt, st.closed
	st.mu.Unlock()
	if closed {
		return nil, runtime.ErrClosed
	}
	if stmt != nil {
		return stmt, nil
	}
	// Not under the lock: the database may take its time.
	stmt, err := db.PrepareContext(ctx, st.query)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case st.closed:
		stmt.Close()
		return nil, runtime.ErrClosed
	case st.stmt != nil: // another request was faster
		stmt.Close()
		return st.stmt, nil
	}
	st.stmt = stmt
	return stmt, nil
}

func (st *statement) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.closed = true
	if st.stmt != nil {
		st.stmt.Close()
		st.stmt = nil
	}
}

// exec runs a statement and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, st *statement, args ...any) (int64, error) {
	stmt, err := st.prepared(ctx, s.db)
	if err != nil {
		return 0, err
	}
	var result sql.Result
	if stmt != nil {
		result, err = stmt.ExecContext(ctx, args...)
	} else {
		result, err = s.db.ExecContext(ctx, st.query, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query runs a statement that returns rows.
func (s *Store) query(ctx context.Context, st *statement, args ...any) (*sql.Rows, error) {
	stmt, err := st.prepared(ctx, s.db)
	if err != nil {
		return nil, err
	}
	if stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return s.db.QueryContext(ctx, st.query, args...)
}

// ids returns the ids that a statement selects. No connection is held any more
// when it returns.
func (s *Store) ids(ctx context.Context, st *statement, args ...any) (ids [][]byte, err error) {
	err = s.again(ctx, func() (err error) {
		ids, err = s.idsOnce(ctx, st, args)
		return err
	})
	return ids, err
}

func (s *Store) idsOnce(ctx context.Context, st *statement, args []any) (ids [][]byte, err error) {
	rows, err := s.query(ctx, st, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// write runs what changes tables: when nobody else of this process does, where the
// database has one writer, and again if the database asks for that.
func (s *Store) write(ctx context.Context, f func() error) error {
	if s.writing != nil {
		select {
		case s.writing <- struct{}{}:
			defer func() { <-s.writing }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.again(ctx, f)
}

// transact runs f in a transaction, which is committed if f returns true.
func (s *Store) transact(ctx context.Context, f func(*sql.Tx) (bool, error)) error {
	return s.write(ctx, func() error {
		tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.dialect.isolation})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if ok, err := f(tx); err != nil || !ok {
			return err
		}
		return tx.Commit()
	})
}
