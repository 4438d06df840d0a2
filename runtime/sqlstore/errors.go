package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// kind is what an error of a database means here.
type kind int

const (
	unknown    kind = iota // it may go by, and a write may have taken place
	answered               // the server has answered: it will say so again
	noTable                // no such table, column, schema or database
	otherShape             // the table's columns have other types
	denied                 // no right to do that
	refused                // the server or the file can't be used at all
	readOnly               // nothing can be written
	duplicate              // there is such a row
	full                   // no room; nothing was written
	again                  // rolled back because of others: to be tried again
)

// unreachable tells whether err may go by without anybody changing something: no
// server has answered, also none of another dialect.
func unreachable(err error) bool {
	return !errors.Is(err, errShape) && !errors.Is(err, runtime.ErrClosed) &&
		postgres.classify(err) == unknown && mysql.classify(err) == unknown && sqlite.classify(err) == unknown
}

// sqlState returns the SQLSTATE of err.
func sqlState(err error) (string, bool) {
	var e interface{ SQLState() string }
	if !errors.As(err, &e) {
		return "", false
	}
	return e.SQLState(), true
}

var mysqlText = regexp.MustCompile(`\bError (\d{4})\b`)

// mysqlNumber returns the number of a server's error. The driver's type is not
// imported: any error with a field Number of an unsigned type will do.
func mysqlNumber(err error) (uint64, bool) {
	for e := err; e != nil; e = errors.Unwrap(e) {
		v := reflect.Indirect(reflect.ValueOf(e))
		if v.Kind() == reflect.Struct {
			if f := v.FieldByName("Number"); f.IsValid() && f.CanUint() {
				return f.Uint(), true
			}
		}
	}
	if m := mysqlText.FindStringSubmatch(err.Error()); m != nil {
		n, err := strconv.ParseUint(m[1], 10, 16)
		return n, err == nil
	}
	return 0, false
}

// sqliteCode returns the result code of err.
func sqliteCode(err error) (int, bool) {
	var e interface{ Code() int }
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code(), true
}

// explain adds to an error of the database what was tried and, where there is one,
// the way out. An error of the context's is told as that.
func (s *Store) explain(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	for _, named := range []error{runtime.ErrNotFound, runtime.ErrExists, runtime.ErrConflict, runtime.ErrClosed, errShape} {
		if errors.Is(err, named) {
			return err
		}
	}
	if s.closed.Load() {
		return fmt.Errorf("%w: %w", runtime.ErrClosed, err)
	}
	table := s.config.table
	if strings.Contains(err.Error(), "sql: database is closed") { // database/sql does not name that error
		return fmt.Errorf("sqlstore: %s: %w: the *sql.DB was closed before the store", what, runtime.ErrClosed)
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	hint := ""
	switch s.dialect.classify(err) {
	case noTable:
		return s.noTable(err)
	case otherShape:
		hint = ": table " + table + " is of another shape; name another with sqlstore.Table"
	case denied:
		hint = ": let the database's user read and write table " + table + " and those beside it"
	case readOnly:
		hint = ": the database takes no writes; connect to the primary, as a user who may write"
	case full:
		err = fmt.Errorf("%w: %w", runtime.ErrFull, err)
		hint = ": nothing was written; make room for the database"
	}
	return fmt.Errorf("sqlstore: %s table %s: %w%s", what, table, err, hint)
}

// errShape is in errors about tables that are not ours.
var errShape = errors.New("the tables are not those of sqlstore")

func (s *Store) noTable(err error) error {
	return fmt.Errorf("sqlstore: table %s, or a part of it, is missing: call Store.Migrate, or run the SQL that Store.Schema returns: %w: %w", s.config.table, errShape, err)
}

// tries bounds how often a statement is tried that the database rolled back.
const tries = 10

// again calls f until the database does not roll it back because of others, which
// is a definite answer: nothing was done.
func (s *Store) again(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		if err == nil || try == tries || s.dialect.classify(err) != again {
			return err
		}
		if pause(ctx, time.Duration(try)*time.Millisecond) != nil {
			return err
		}
	}
}

// pause waits for a random part of d, at least half of it.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
