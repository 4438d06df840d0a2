package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Store is a [runtime.Store] in a database. Its methods may be called in parallel.
// Any number of stores, in any number of processes, may use the same tables, and
// one store may serve several managers.
type Store struct {
	db      *sql.DB
	dialect *dialect
	config  config
	err     error // what Bind says about the arguments of New
	stmts   *statements

	clock   atomic.Pointer[func() time.Time]
	checked atomic.Bool   // the tables have been looked at
	writing chan struct{} // holds the one that may write, where the dialect has one writer

	life     sync.Mutex // binding against closing
	closed   atomic.Bool
	stop     context.Context // ends with Close
	end      context.CancelFunc
	sweepers sync.WaitGroup
	sweeping bool // the store's own sweeper has been started
}

var (
	_ runtime.Store   = (*Store)(nil)
	_ runtime.Records = (*Store)(nil)
	_ runtime.Finder  = (*Store)(nil)
	_ runtime.Lister  = (*Store)(nil)
)

// New returns a store in db, whose driver and pool are the application's. It does
// not talk to the database; an option that makes no sense is reported by Bind, and
// so by [runtime.New], as a [runtime.ConfigError], and by every other method.
//
// Close the store when it is no longer needed: that ends its sweeper. The db stays open.
func New(db *sql.DB, dialect Dialect, options ...Option) *Store {
	s := &Store{db: db, config: defaults}
	s.stop, s.end = context.WithCancel(context.Background())
	if db == nil {
		s.fail("New", "db is nil; hand over what sql.Open returned")
	}
	s.dialect = dialect.implementation()
	if s.dialect == nil {
		s.fail("New", "%v is no dialect; use PostgreSQL, MySQL or SQLite", dialect)
		s.dialect = &postgres
	}
	for i, o := range options {
		if o == nil {
			s.fail("New", "option %d of %d is nil; leave it out", i+1, len(options))
			continue
		}
		o(s)
	}
	if err := s.dialect.checkTable(s.config.table); err != nil {
		s.fail("Table", "%s", err)
		s.config.table = defaults.table
	}
	if s.dialect.oneWriter {
		s.writing = make(chan struct{}, 1)
	}
	s.stmts = newStatements(s.dialect, s.config.table)
	now := time.Now
	s.clock.Store(&now)
	return s
}

// bindTime bounds how long Bind waits for the database.
const bindTime = 5 * time.Second

// Bind implements [runtime.Store]. It looks at the server's version and at the
// tables, and fails if they are not what this package needs, with an error that
// says what to do. A database that can't be reached is no such error: requests fail
// until it can be, and the tables are looked at then.
//
// The store's clock is that of the manager bound last.
func (s *Store) Bind(setup runtime.Setup) (runtime.Parts, error) {
	if s.err != nil {
		return runtime.Parts{}, s.err
	}
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed.Load() {
		return runtime.Parts{}, fmt.Errorf("sqlstore: %w: make a new one with sqlstore.New", runtime.ErrClosed)
	}
	if setup.Now != nil {
		s.clock.Store(&setup.Now)
	}
	ctx, cancel := context.WithTimeout(s.stop, bindTime)
	defer cancel()
	if err := s.check(ctx); err != nil && !unreachable(err) {
		return runtime.Parts{}, err
	}
	if s.config.sweep > 0 && !s.sweeping {
		s.sweeping = true
		s.sweepers.Go(func() { s.Run(s.stop, s.config.sweep) })
	}
	return runtime.Parts{Records: s}, nil
}

// now is the clock's time in Unix milliseconds.
func (s *Store) now() int64 { return (*s.clock.Load())().UnixMilli() }

// Close ends the store's sweepers, also those that [Store.Run] runs, and waits for
// them. Every later operation returns [runtime.ErrClosed], but a second Close,
// which does nothing. The *sql.DB stays open, for the application to close.
func (s *Store) Close() error {
	s.end() // what runs now ends, also a Bind
	s.life.Lock()
	closed := s.closed.Swap(true)
	s.life.Unlock()
	s.sweepers.Wait()
	if !closed {
		s.stmts.close()
	}
	return nil
}

// ready tells what keeps the store from working, nil for nothing. The tables are
// looked at once.
func (s *Store) ready(ctx context.Context) error {
	switch {
	case s.err != nil:
		return s.err
	case s.closed.Load():
		return runtime.ErrClosed
	case s.checked.Load():
		return nil
	}
	return s.check(ctx)
}
