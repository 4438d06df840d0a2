package sqlstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// TestSweeper: a bound store sweeps by itself, goes on after an error, which it
// logs, and its goroutine ends with Close.
func TestSweeper(t *testing.T) {
	e := sqliteEngine(t)
	_, _, name := e.store(t)
	watch := new(spy)
	db := watch.open(t, e.driver, e.at(name))
	var log lockedBuffer
	before := goruntime.NumGoroutine()
	s := sqlstore.New(db, e.dialect, sqlstore.Table(name), sqlstore.SweepEvery(5*time.Millisecond), sqlstore.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	watch.intercept(func(call string, do func() error) error {
		if strings.HasPrefix(call, "exec DELETE") && log.String() == "" {
			return errors.New("the disk is gone")
		}
		return do()
	})
	if err := s.Create(t.Context(), "a", runtime.Record{Data: []byte("x"), Stamp: 1, Expires: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	if err := bind(s); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); count(t, db, name) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the record is not deleted")
		}
	}
	if !strings.Contains(log.String(), "the disk is gone") || !strings.Contains(log.String(), "the next sweep tries again") {
		t.Errorf("the log says %q", log.String())
	}
	s.Close()
	db.Close()
	for end := time.Now().Add(time.Minute); goruntime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", goruntime.NumGoroutine(), before)
		}
	}
}

func sqliteEngine(t *testing.T) engine {
	return engine{dialect: sqlstore.SQLite, driver: "sqlite", dir: t.TempDir()}
}

// lockedBuffer is a log that several goroutines use.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestRun: a sweeper of the application's own ends with its context, or with the
// store.
func TestRun(t *testing.T) {
	s, _, _ := sqliteEngine(t).store(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- s.Run(ctx, time.Millisecond) }()
	time.Sleep(5 * time.Millisecond)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
	go func() { ended <- s.Run(t.Context(), time.Hour) }()
	time.Sleep(5 * time.Millisecond)
	s.Close()
	if err := <-ended; !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestSweepCancelled: a sweep that is given up has deleted whole batches.
func TestSweepCancelled(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, db, name := e.store(t)
		fill(t, db, e.dialect, name, 3000)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		n, err := s.Sweep(ctx)
		if !errors.Is(err, context.Canceled) || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		n, err = s.Sweep(t.Context())
		if err != nil || n != 1500 {
			t.Errorf("%d, %v", n, err)
		}
	})
}
