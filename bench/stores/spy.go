package stores

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// statements returns what the store sends for a look-up and for a sweep, in
// this order.
func (d *database) statements(ctx context.Context) ([]string, error) {
	real, err := d.open()
	if err != nil {
		return nil, err
	}
	defer real.Close()
	spy := &spy{real: real}
	db := sql.OpenDB(spy)
	defer db.Close()
	store := sqlstore.New(db, d.dialect, sqlstore.SweepEvery(0))
	defer store.Close()
	parts, err := store.Bind(runtime.Setup{})
	if err != nil {
		return nil, err
	}
	spy.take() // what Bind asks
	if _, err := parts.Records.Load(ctx, "none"); !errors.Is(err, runtime.ErrNotFound) {
		return nil, errors.Join(errors.New("a row that is not there was looked up"), err)
	}
	if _, err := store.Sweep(ctx); err != nil {
		return nil, err
	}
	return spy.take(), nil
}

// spy is a connector that notes the statements. Its connections can do no more
// than prepare, which database/sql does with everything then.
type spy struct {
	real *sql.DB

	mu   sync.Mutex
	sent []string
}

func (s *spy) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

func (s *spy) Driver() driver.Driver { return s.real.Driver() }

// Connect takes a connection of the pool for as long as the spy's own lives.
func (s *spy) Connect(ctx context.Context) (driver.Conn, error) {
	held, err := s.real.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var conn driver.Conn
	if err := held.Raw(func(c any) error { conn = c.(driver.Conn); return nil }); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return &spyConn{conn, s, held}, nil
}

type spyConn struct {
	conn driver.Conn
	spy  *spy
	held *sql.Conn
}

func (c *spyConn) Prepare(query string) (driver.Stmt, error) {
	c.spy.mu.Lock()
	c.spy.sent = append(c.spy.sent, query)
	c.spy.mu.Unlock()
	return c.conn.Prepare(query)
}

func (c *spyConn) Begin() (driver.Tx, error) {
	//lint:ignore SA1019 it is what every driver has
	return c.conn.Begin()
}

func (c *spyConn) Close() error { return c.held.Close() }
