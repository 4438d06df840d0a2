package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"iter"

	"github.com/sessiongen/sessiongen/runtime"
)

// entrySum is how an entry stands in the table: of fixed length, whatever the
// field's name.
func entrySum(e runtime.IndexEntry) [32]byte {
	h := sha256.New()
	h.Write([]byte(e.Field))
	h.Write([]byte{0})
	h.Write(e.Sum[:])
	return [32]byte(h.Sum(nil))
}

// addEntries puts index entries of a record beside it. The record's row is locked by
// the transaction, and every writer of its entries locks it first.
func (s *Store) addEntries(ctx context.Context, tx *sql.Tx, id []byte, index []runtime.IndexEntry) error {
	seen := make(map[[32]byte]bool, len(index))
	var args []any
	for _, e := range index {
		if sum := entrySum(e); !seen[sum] {
			seen[sum] = true
			args = append(args, sum[:], id)
		}
	}
	if len(args) == 0 {
		return nil
	}
	query := s.dialect.expand(fmt.Sprintf(s.dialect.addEntry, marks(len(args)/2, "(?, ?)")), s.config.table)
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// page is how many keys one statement of Find and List returns.
const page = 500

// Find implements [runtime.Finder]. It yields the keys of the live records that have
// the entry, in their order, page by page: no connection is held while the caller
// works.
func (s *Store) Find(ctx context.Context, entry runtime.IndexEntry) iter.Seq2[string, error] {
	sum := entrySum(entry)
	return s.pages(ctx, func(after []byte) ([][]byte, error) {
		return s.ids(ctx, s.stmts.find, sum[:], after, s.now(), page)
	})
}

// List implements [runtime.Lister]. It yields the keys of all live records as Find
// does.
func (s *Store) List(ctx context.Context) iter.Seq2[string, error] {
	return s.pages(ctx, func(after []byte) ([][]byte, error) {
		return s.ids(ctx, s.stmts.list, after, s.now(), page)
	})
}

// pages yields the keys that next returns, the ones after the last one each time.
func (s *Store) pages(ctx context.Context, next func(after []byte) ([][]byte, error)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		after := []byte{}
		for {
			if err := s.ready(ctx); err != nil {
				yield("", err)
				return
			}
			ids, err := next(after)
			if err != nil {
				yield("", s.explain(ctx, "reading", err))
				return
			}
			for _, id := range ids {
				if !yield(string(id), nil) {
					return
				}
			}
			if len(ids) < page {
				return
			}
			after = ids[len(ids)-1]
		}
	}
}
