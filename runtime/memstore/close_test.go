package memstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// TestCloseDuringUse closes a store, several times at once, under every
// operation: each ends with an error that it may have, and nothing is left.
func TestCloseDuringUse(t *testing.T) {
	for range 20 {
		s := New(SweepEvery(time.Microsecond), MaxRecords(200))
		ctx := context.Background()
		var wg sync.WaitGroup
		begun := make(chan struct{})
		allowed := func(op string, err error) {
			for _, e := range []error{nil, runtime.ErrClosed, runtime.ErrNotFound, runtime.ErrExists, runtime.ErrConflict, runtime.ErrFull} {
				if errors.Is(err, e) {
					return
				}
			}
			t.Errorf("%s: %v", op, err)
		}
		for worker := range 4 {
			wg.Go(func() {
				for i := range 300 {
					if worker == 0 && i == 100 {
						close(begun)
					}
					key := fmt.Sprint(i % 50)
					e := runtime.IndexEntry{Field: "f"}
					rec := runtime.Record{Data: make([]byte, 50), Stamp: 1, Expires: time.Now().Add(time.Duration(i) * time.Millisecond), Index: []runtime.IndexEntry{e}}
					allowed("Create", s.Create(ctx, key, rec))
					allowed("Update", s.Update(ctx, key, rec, rec))
					allowed("Touch", s.Touch(ctx, key, rec, rec.Expires))
					_, err := s.Load(ctx, key)
					allowed("Load", err)
					for _, err := range s.Find(ctx, e) {
						allowed("Find", err)
					}
					for _, err := range s.List(ctx) {
						allowed("List", err)
					}
					s.Sweep()
					s.Stats()
					if i%3 == 0 {
						allowed("Delete", s.Delete(ctx, key, runtime.Record{}))
					}
				}
			})
		}
		for range 3 {
			wg.Go(func() { <-begun; allowed("Close", s.Close()) })
		}
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Errorf("Close once more: %v", err)
		}
		if err := s.Create(ctx, "late", runtime.Record{Stamp: 1}); !errors.Is(err, runtime.ErrClosed) {
			t.Errorf("Create after Close: %v", err)
		}
		if s.Len() != 0 || s.Bytes() != 0 {
			t.Errorf("after Close: %d records of %d bytes", s.Len(), s.Bytes())
		}
		select {
		case <-s.done: // the sweeper has ended
		default:
			t.Error("the sweeper runs")
		}
	}
}
