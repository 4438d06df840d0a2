package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"sync"
	"testing"
)

// spy is a driver around another one: it notes what is asked of a database, and
// may answer in its place.
type spy struct {
	mu    sync.Mutex
	calls []string // "exec UPDATE ...", "begin", "commit", ...

	// answer, if it is not nil, calls do or does not, and says what came of it.
	answer func(call string, do func() error) error
}

func (s *spy) call(call string, do func() error) error {
	s.mu.Lock()
	s.calls = append(s.calls, call)
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		return answer(call, do)
	}
	return do()
}

// intercept sets what answers, nil for the database alone.
func (s *spy) intercept(answer func(call string, do func() error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// taken returns the calls since the last time.
func (s *spy) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// kinds returns the first words of calls: "exec UPDATE" for "exec UPDATE ...".
func kinds(calls []string) (short []string) {
	for _, call := range calls {
		fields := strings.Fields(call)
		short = append(short, strings.Join(fields[:min(len(fields), 2)], " "))
	}
	return slices.Clip(short)
}

// open opens a database through the spy.
func (s *spy) open(tb testing.TB, name, dsn string) *sql.DB {
	tb.Helper()
	plain, err := sql.Open(name, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	plain.Close()
	db := sql.OpenDB(&spyConnector{s, plain.Driver(), dsn})
	tb.Cleanup(func() { db.Close() })
	return db
}

type spyConnector struct {
	*spy
	driver driver.Driver
	dsn    string
}

func (c *spyConnector) Driver() driver.Driver { return c.driver }

func (c *spyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if d, ok := c.driver.(driver.DriverContext); ok {
		connector, err := d.OpenConnector(c.dsn)
		if err != nil {
			return nil, err
		}
		conn, err := connector.Connect(ctx)
		return &spyConn{conn, c.spy}, err
	}
	conn, err := c.driver.Open(c.dsn)
	return &spyConn{conn, c.spy}, err
}

type spyConn struct {
	driver.Conn
	spy *spy
}

func (c *spyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	if c.needsStatement(args) {
		return nil, driver.ErrSkip
	}
	return result, c.spy.call("exec "+query, func() (err error) {
		result, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
}

func (c *spyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	if c.needsStatement(args) {
		return nil, driver.ErrSkip
	}
	return rows, c.spy.call("query "+query, func() (err error) {
		rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
}

// needsStatement tells whether the driver wants parameters in a prepared statement:
// that of MySQL does.
func (c *spyConn) needsStatement(args []driver.NamedValue) bool {
	_, checks := c.Conn.(driver.Validator)
	_, pings := c.Conn.(interface {
		CheckNamedValue(*driver.NamedValue) error
	})
	return len(args) > 0 && checks && pings
}

func (c *spyConn) PrepareContext(ctx context.Context, query string) (stmt driver.Stmt, err error) {
	return stmt, c.spy.call("prepare "+query, func() error {
		inner, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
		stmt = &spyStmt{inner, c.spy, query}
		return err
	})
}

func (c *spyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (tx driver.Tx, err error) {
	return tx, c.spy.call("begin", func() error {
		inner, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
		tx = &spyTx{inner, c.spy}
		return err
	})
}

func (c *spyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *spyConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *spyConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

type spyTx struct {
	driver.Tx
	spy *spy
}

// Commit commits, or undoes the transaction if the spy lets the commit not through,
// as the server does when its connection is lost.
func (t *spyTx) Commit() error {
	through := false
	err := t.spy.call("commit", func() error {
		through = true
		return t.Tx.Commit()
	})
	if !through {
		t.Tx.Rollback()
	}
	return err
}

func (t *spyTx) Rollback() error { return t.spy.call("rollback", t.Tx.Rollback) }

type spyStmt struct {
	driver.Stmt
	spy   *spy
	query string
}

func (s *spyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	return result, s.spy.call("exec "+s.query, func() (err error) {
		result, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
}

func (s *spyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	return rows, s.spy.call("query "+s.query, func() (err error) {
		rows, err = s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
		return err
	})
}

func (s *spyStmt) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
