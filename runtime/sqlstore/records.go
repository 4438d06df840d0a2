package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// never is the expiry of a record that has none, so that one comparison finds what
// is live.
const never = math.MaxInt64

// millis returns t in Unix milliseconds, rounded up, so that no record goes before
// its time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	ms := t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		ms++
	}
	return ms
}

// instant is the inverse of millis.
func instant(ms int64) time.Time {
	if ms == never {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// maxKey is how long a key may be: the longest that fits the columns everywhere.
const maxKey = 255

// storable tells whether there can be a record under key.
func storable(key string) bool { return key != "" && len(key) <= maxKey }

// keep returns data as a parameter: nil is no value in SQL.
func keep(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// Load implements [runtime.Records], in one statement. The record has no Index. Its
// Expires is the column's, which a touch moves; the header in Data may say less.
func (s *Store) Load(ctx context.Context, key string) (runtime.Record, error) {
	if err := s.ready(ctx); err != nil {
		return runtime.Record{}, err
	}
	if !storable(key) {
		return runtime.Record{}, runtime.ErrNotFound
	}
	rec, err := s.load(ctx, key)
	return rec, s.explain(ctx, "reading", err)
}

// load returns the live record under key. A database that is serializable may roll
// back a read as well.
func (s *Store) load(ctx context.Context, key string) (rec runtime.Record, err error) {
	err = s.again(ctx, func() (err error) {
		rec, err = s.loadOnce(ctx, key)
		return err
	})
	return rec, err
}

func (s *Store) loadOnce(ctx context.Context, key string) (runtime.Record, error) {
	rows, err := s.query(ctx, s.stmts.load, []byte(key), s.now())
	if err != nil {
		return runtime.Record{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return runtime.Record{}, err
		}
		return runtime.Record{}, runtime.ErrNotFound
	}
	var rec runtime.Record
	var stamp, expires int64
	if err := rows.Scan(&rec.Data, &stamp, &expires); err != nil {
		return runtime.Record{}, err
	}
	rec.Stamp, rec.Expires = uint64(stamp), instant(expires)
	return rec, rows.Close()
}

// Create implements [runtime.Records], in one statement if the record has no index
// entries, else in a transaction.
func (s *Store) Create(ctx context.Context, key string, new runtime.Record) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !storable(key) {
		return fmt.Errorf("sqlstore: a key of %d bytes can't be stored: it has to have 1 to %d", len(key), maxKey)
	}
	id := []byte(key)
	for range tries {
		err := s.insert(ctx, id, new)
		if !errors.Is(err, runtime.ErrExists) {
			return s.explain(ctx, "writing", err)
		}
		// What is there may have expired, which happens to keys that are not random.
		var n int64
		err = s.write(ctx, func() (err error) {
			n, err = s.exec(ctx, s.stmts.deleteExpired, id, s.now())
			return err
		})
		if err != nil {
			return s.explain(ctx, "writing", err)
		}
		if n == 0 {
			return runtime.ErrExists
		}
	}
	return runtime.ErrExists
}

// insert stores a record where there is none, live or expired.
func (s *Store) insert(ctx context.Context, id []byte, new runtime.Record) error {
	args := []any{id, keep(new.Data), int64(new.Stamp), millis(new.Expires)}
	var n int64
	var err error
	if len(new.Index) == 0 {
		err = s.write(ctx, func() (err error) {
			n, err = s.exec(ctx, s.stmts.create, args...)
			return err
		})
	} else {
		err = s.transact(ctx, func(tx *sql.Tx) (bool, error) {
			if n, err = affected(tx.ExecContext(ctx, s.stmts.create.query, args...)); err != nil || n == 0 {
				return false, err
			}
			return true, s.addEntries(ctx, tx, id, new.Index)
		})
	}
	if err != nil && s.dialect.classify(err) == duplicate || err == nil && n == 0 {
		return runtime.ErrExists
	}
	return err
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Update implements [runtime.Records], in one statement if new.Index is nil, else in
// a transaction. It recognises old by its Stamp, by Data if that is 0.
func (s *Store) Update(ctx context.Context, key string, old, new runtime.Record) error {
	st, mark := s.stmts.update, any(int64(old.Stamp))
	if old.Stamp == 0 {
		st, mark = s.stmts.updateData, keep(old.Data)
	}
	change := func() (n int64, err error) {
		args := []any{keep(new.Data), int64(new.Stamp), millis(new.Expires), []byte(key), s.now(), mark}
		if new.Index == nil {
			return s.exec(ctx, st, args...)
		}
		return n, s.transact(ctx, func(tx *sql.Tx) (bool, error) {
			if n, err = affected(tx.ExecContext(ctx, st.query, args...)); err != nil || n == 0 {
				return false, err
			}
			if _, err := tx.ExecContext(ctx, s.stmts.clearIndex.query, []byte(key)); err != nil {
				return false, err
			}
			return true, s.addEntries(ctx, tx, []byte(key), new.Index)
		})
	}
	if new.Index == nil {
		change = s.writer(ctx, change)
	}
	return s.conditional(ctx, key, old, change, func(now runtime.Record) bool {
		if new.Stamp != 0 {
			// A driver that says wrongly that a connection was bad before it has sent
			// a statement has database/sql send it again: it took place.
			return now.Stamp == new.Stamp
		}
		// Bytes do not tell who wrote them. MySQL does not count a row that is as
		// wanted already.
		return same(now, new) && same(old, new) && millis(now.Expires) == millis(new.Expires)
	})
}

// writer makes a change of one statement a write.
func (s *Store) writer(ctx context.Context, change func() (int64, error)) func() (int64, error) {
	return func() (n int64, err error) {
		err = s.write(ctx, func() error {
			n, err = change()
			return err
		})
		return n, err
	}
}

// Touch implements [runtime.Records], in one statement that carries no data. It
// recognises old as Update does.
func (s *Store) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	st, mark := s.stmts.touch, any(int64(old.Stamp))
	if old.Stamp == 0 {
		st, mark = s.stmts.touchData, keep(old.Data)
	}
	ms := millis(expires)
	change := s.writer(ctx, func() (int64, error) { return s.exec(ctx, st, ms, []byte(key), s.now(), mark) })
	// MySQL does not count a row whose expiry is the wanted one already.
	return s.conditional(ctx, key, old, change, func(now runtime.Record) bool { return same(now, old) && millis(now.Expires) == ms })
}

// Delete implements [runtime.Records], in one statement: the index entries go with
// the record. It recognises old as Update does.
func (s *Store) Delete(ctx context.Context, key string, old runtime.Record) error {
	whatever := old.Stamp == 0 && old.Data == nil
	change := s.writer(ctx, func() (int64, error) {
		switch {
		case whatever:
			return s.exec(ctx, s.stmts.deleteAny, []byte(key), s.now())
		case old.Stamp == 0:
			return s.exec(ctx, s.stmts.delData, []byte(key), s.now(), old.Data)
		}
		return s.exec(ctx, s.stmts.delete, []byte(key), s.now(), int64(old.Stamp))
	})
	if whatever {
		if err := s.ready(ctx); err != nil {
			return err
		}
		n, err := change()
		if err == nil && n == 0 {
			return runtime.ErrNotFound
		}
		return s.explain(ctx, "deleting from", err)
	}
	return s.conditional(ctx, key, old, change, func(runtime.Record) bool { return false })
}

// conditional makes a change that concerns old alone. If the database has changed
// nothing, a look at what is there tells why: it is done as wanted, another record,
// or none.
func (s *Store) conditional(ctx context.Context, key string, old runtime.Record, change func() (int64, error), done func(now runtime.Record) bool) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !storable(key) {
		return runtime.ErrNotFound
	}
	for range tries {
		n, err := change()
		if err != nil {
			return s.explain(ctx, "writing", err)
		}
		if n > 0 {
			return nil
		}
		now, err := s.load(ctx, key)
		switch {
		case err != nil:
			return s.explain(ctx, "reading", err)
		case done(now):
			return nil
		case !same(now, old):
			return runtime.ErrConflict
		}
		// It was not there, and is now.
	}
	return runtime.ErrConflict
}

// same tells whether two records are one writing: by stamp, or by their bytes where
// a foreign format has no room for a stamp.
func same(a, b runtime.Record) bool {
	if a.Stamp != 0 || b.Stamp != 0 {
		return a.Stamp == b.Stamp
	}
	return bytes.Equal(a.Data, b.Data)
}
