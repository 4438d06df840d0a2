package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

const (
	// batch is how many records one statement of a sweep deletes: some milliseconds
	// in which a request may have to wait.
	batch = 500
	// rest is how long a sweep leaves the database to requests between two batches.
	rest = 5 * time.Millisecond
	// passTime bounds a pass of Run, so that a database which answers no more does
	// not hold it for ever. The next pass goes on where one was ended.
	passTime = time.Minute
)

// Sweep deletes every record that has expired, in batches of 500, and returns how
// many it has deleted. Any number of processes may sweep at once: they do not block
// each other for longer than a batch, and each record is counted once. The store's
// own sweeper does it by itself, see [SweepEvery].
func (s *Store) Sweep(ctx context.Context) (deleted int, err error) {
	for {
		if err := s.ready(ctx); err != nil {
			return deleted, err
		}
		found, n, err := s.sweepBatch(ctx)
		deleted += n
		if err != nil {
			return deleted, s.explain(ctx, "sweeping", err)
		}
		if found < batch {
			return deleted, nil
		}
		if err := pause(ctx, rest); err != nil {
			return deleted, err
		}
	}
}

// sweepBatch deletes what has expired, but no more than a batch. It returns how many
// records it has found and how many of them it has deleted itself.
func (s *Store) sweepBatch(ctx context.Context) (found, deleted int, err error) {
	now := s.now()
	var n int64
	if s.dialect.sweep != "" {
		err = s.write(ctx, func() (err error) {
			n, err = s.exec(ctx, s.stmts.expired, now, batch)
			return err
		})
		return int(n), int(n), err
	}
	ids, err := s.ids(ctx, s.stmts.expired, now, batch)
	if err != nil || len(ids) == 0 {
		return 0, 0, err
	}
	// By primary key and in its order: two sweepers wait for each other, and never
	// in a circle. Requests lock a row by its primary key too.
	slices.SortFunc(ids, bytes.Compare)
	args := make([]any, 0, len(ids)+1)
	for _, id := range ids {
		args = append(args, id)
	}
	query := s.dialect.expand(`DELETE FROM {table} WHERE id IN (`+marks(len(ids), "?")+`) AND expires <= ?`, s.config.table)
	err = s.write(ctx, func() (err error) {
		n, err = affected(s.db.ExecContext(ctx, query, append(args, now)...))
		return err
	})
	return len(ids), int(n), err
}

// Run sweeps again and again until ctx ends or the store is closed, and returns the
// context's error or [runtime.ErrClosed]. Between two passes it waits for every, in
// real time, more or less, so that the processes of an application do not sweep in
// step. A pass that fails is logged, and the next one comes all the same.
//
// It is what the store's own sweeper does, for applications that want it in a
// goroutine or process of their own; see [SweepEvery].
func (s *Store) Run(ctx context.Context, every time.Duration) error {
	if every <= 0 {
		return &runtime.ConfigError{Setting: "sqlstore.Store.Run", Reason: every.String() + " is no time between sweeps; pass a positive duration, or call Sweep once"}
	}
	s.life.Lock()
	if s.closed.Load() {
		s.life.Unlock()
		return runtime.ErrClosed
	}
	s.sweepers.Add(1)
	s.life.Unlock()
	defer s.sweepers.Done()

	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stop, cancel)()
	for {
		if pause(both, every+every/4) != nil {
			if ctx.Err() != nil && !s.closed.Load() {
				return ctx.Err()
			}
			return runtime.ErrClosed
		}
		s.sweepInBackground(both)
	}
}

func (s *Store) sweepInBackground(ctx context.Context) {
	pass, cancel := context.WithTimeout(ctx, passTime)
	defer cancel()
	_, err := s.Sweep(pass)
	if err == nil || ctx.Err() != nil || errors.Is(err, runtime.ErrClosed) && s.closed.Load() {
		return
	}
	s.logger().Warn("sessiongen: expired sessions could not be deleted; the next sweep tries again", slog.Any("error", err))
}
