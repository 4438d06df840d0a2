package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// Store is a [runtime.Store] on a Redis or Valkey server, or a cluster of them. Its
// methods may be called in parallel. One Store may serve several managers, whose
// keys are hashes of random tokens and do not meet.
type Store struct {
	client redis.UniversalClient
	config config
	err    error // what Bind says about the options

	clock  atomic.Pointer[func() time.Time]
	closed atomic.Bool
}

var (
	_ runtime.Store   = (*Store)(nil)
	_ runtime.Records = (*Store)(nil)
	_ runtime.Finder  = (*Store)(nil)
	_ runtime.Lister  = (*Store)(nil)
)

// New returns a store on client, which the application has made and closes. An
// option that makes no sense, and a client that can't be used, is reported by
// Bind, and so by [runtime.New].
func New(client redis.UniversalClient, options ...Option) *Store {
	s := &Store{client: client, config: config{prefix: DefaultPrefix}}
	for i, o := range options {
		if o == nil {
			s.fail("New", "option %d of %d is nil; leave it out", i+1, len(options))
			continue
		}
		o(s)
	}
	now := time.Now
	s.clock.Store(&now)
	return s
}

// Bind implements [runtime.Store]. It asks the server, for at most 5 seconds,
// whether it can do what the store needs, and fails if it can't answer: the error
// says what is wrong and the way out, and wraps the client's. It writes, and
// removes, one key under the prefix.
func (s *Store) Bind(setup runtime.Setup) (runtime.Parts, error) {
	if s.closed.Load() {
		return runtime.Parts{}, fmt.Errorf("redisstore: %w", runtime.ErrClosed)
	}
	if err := errors.Join(s.err, s.checkClient()); err != nil {
		return runtime.Parts{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), bindTimeout)
	defer cancel()
	if err := s.checkServer(ctx); err != nil {
		return runtime.Parts{}, err
	}
	if setup.Now != nil {
		s.clock.Store(&setup.Now)
	}
	if s.config.plain {
		return runtime.Parts{Records: plain{s}}, nil
	}
	return runtime.Parts{Records: s}, nil
}

// now is the manager's clock, in Unix milliseconds.
func (s *Store) now() int64 { return (*s.clock.Load())().UnixMilli() }

// Close ends the use of the store: every later operation returns
// [runtime.ErrClosed], but a second Close, which does nothing. The client stays
// open, since the application made it. It never fails.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

// ready returns the error of a call that must not begin.
func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return fmt.Errorf("redisstore: %w", runtime.ErrClosed)
	}
	return ctx.Err()
}
