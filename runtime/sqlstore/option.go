package sqlstore

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Option is a setting of a store.
type Option func(*Store)

type config struct {
	table  string
	sweep  time.Duration
	logger *slog.Logger
}

var defaults = config{table: "sessiongen", sweep: time.Minute}

// Table names the table of the records, "sessiongen" without the option. The
// tables beside it have the same name with "_index" and "_schema" behind it. The
// name consists of letters of ASCII, digits and underscores, begins with no digit
// and is at most 48 bytes long; it is quoted wherever it is used, so that upper and
// lower case differ where the database tells them apart. On PostgreSQL and MySQL
// it may be qualified, as in "app.sessions", by the name of a schema or database
// that exists.
func Table(name string) Option {
	return func(s *Store) { s.config.table = name }
}

// SweepEvery sets how often the store deletes what has expired, in real time; every
// minute without the option. 0 starts no sweeper: somebody has to call [Store.Run]
// or [Store.Sweep] then, since nothing else makes the tables smaller.
func SweepEvery(d time.Duration) Option {
	return func(s *Store) {
		if d < 0 {
			s.fail("SweepEvery", "%v is no time between sweeps, it is negative; pass a positive duration, or 0 for no sweeper", d)
			return
		}
		s.config.sweep = d
	}
}

// Logger gets the errors of sweeps that nobody waits for; slog.Default() without
// the option.
func Logger(l *slog.Logger) Option {
	return func(s *Store) { s.config.logger = l }
}

func (s *Store) logger() *slog.Logger {
	if s.config.logger != nil {
		return s.config.logger
	}
	return slog.Default()
}

// fail notes what is wrong with an option, for Bind.
func (s *Store) fail(option, reason string, args ...any) {
	s.err = errors.Join(s.err, &runtime.ConfigError{Setting: "sqlstore." + option, Reason: fmt.Sprintf(reason, args...)})
}
