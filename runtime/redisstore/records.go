package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// grace is how much longer than its record a key lives: the record's own expiry
// decides, by the clocks of the processes, which may differ by so much before one
// of them misses a record that it takes for live.
const grace = 10 * time.Second

// recordKey is where the record of a session's key is.
func (s *Store) recordKey(key string) string { return s.config.prefix + "r:" + key }

// timeToLive is what SET and PEXPIRE take, "0" for never. It is a span, so that
// the server's clock need not agree with anybody's.
func (s *Store) timeToLive(expires time.Time, more time.Duration) string {
	if expires.IsZero() {
		return "0"
	}
	return strconv.FormatInt(max(1, expires.UnixMilli()-s.now()+more.Milliseconds()), 10)
}

// clocked is a script's first argument.
func (s *Store) clocked() *sendings { return &sendings{value: strconv.FormatInt(s.now(), 10)} }

// Load implements [runtime.Records] by one GET.
func (s *Store) Load(ctx context.Context, key string) (runtime.Record, error) {
	if err := s.ready(ctx); err != nil {
		return runtime.Record{}, err
	}
	data, err := s.client.Get(ctx, s.recordKey(key)).Bytes()
	if errors.Is(err, redis.Nil) || err == nil && len(data) == 0 {
		return runtime.Record{}, runtime.ErrNotFound
	}
	if err != nil {
		return runtime.Record{}, s.failure(ctx, "load", err)
	}
	h := readHead(data)
	if h.expired(s.now()) {
		return runtime.Record{}, runtime.ErrNotFound
	}
	return runtime.Record{Data: data, Stamp: runtime.RecordStamp(data), Expires: fromMillis(h.expires)}, nil
}

// Create implements [runtime.Records] by one script, after one round trip for all
// index entries if there are any.
func (s *Store) Create(ctx context.Context, key string, new runtime.Record) error {
	if err := s.mayWrite(ctx, new); err != nil {
		return err
	}
	added, err := s.addEntries(ctx, key, new.Index, boundOf(readHead(new.Data)))
	if err != nil {
		return s.failure(ctx, "add to the index", err)
	}
	err = s.write(ctx, "create", createScript, key, s.timeToLive(new.Expires, grace), new.Data)
	if definite(err) {
		s.takeBack(ctx, key, added)
	}
	return err
}

// Update implements [runtime.Records] by one script. Where the index changes,
// there is one round trip before it and one after it.
func (s *Store) Update(ctx context.Context, key string, old, new runtime.Record) error {
	if err := s.mayWrite(ctx, new); err != nil {
		return err
	}
	added, standing, err := s.changeEntries(ctx, key, changeOf(old, new))
	if err != nil {
		return s.failure(ctx, "add to the index", err)
	}
	err = s.write(ctx, "update", updateScript, key, s.timeToLive(new.Expires, grace), new.Data, stampBytes(old.Stamp))
	switch {
	case err == nil:
		s.takeBack(ctx, key, standing)
	case definite(err):
		s.takeBack(ctx, key, added)
	}
	return err
}

// Touch implements [runtime.Records] by one script, which sends 6 bytes of the
// record; once a day, or so, by a round trip more for a record with index entries.
func (s *Store) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	h := readHead(old.Data)
	before := boundOf(h)
	if h.expires = unixMilli(expires); boundOf(h) > before {
		if _, err := s.addEntries(ctx, key, entriesOf(old, old.Data), boundOf(h)); err != nil {
			return s.failure(ctx, "renew the index", err)
		}
	}
	return s.write(ctx, "touch", touchScript, key, s.timeToLive(expires, grace), expiresBytes(expires), stampBytes(old.Stamp))
}

// Delete implements [runtime.Records] by one script, and a round trip after it if
// old has index entries.
func (s *Store) Delete(ctx context.Context, key string, old runtime.Record) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	var stamp []byte
	if old.Data != nil || old.Stamp != 0 {
		stamp = stampBytes(old.Stamp)
	}
	err := s.write(ctx, "delete", deleteScript, key, "0", "", stamp)
	if err == nil {
		s.takeBack(ctx, key, whatever(old.Index))
	}
	return err
}

// write runs a script that writes, and says what its answer means. An answer to a
// second sending, which may be about the first, decides nothing: the runtime looks
// the outcome up by the record's stamp.
func (s *Store) write(ctx context.Context, what string, script *redis.Script, key, ttl string, args ...any) error {
	return s.writeKey(ctx, what, script, s.recordKey(key), ttl, args...)
}

func (s *Store) writeKey(ctx context.Context, what string, script *redis.Script, key, ttl string, args ...any) error {
	sent := s.clocked()
	run := s.run
	if s.config.replicas > 0 && script != touchScript && script != plainTouchScript {
		run = s.runAndWait
	}
	answer, err := run(ctx, script, key, sent, append([]any{ttl}, args...)...)
	if err != nil {
		return s.failure(ctx, what, err)
	}
	switch answer {
	case done:
		return nil
	case notFound:
		err = runtime.ErrNotFound
	case conflict:
		err = runtime.ErrConflict
	case exists:
		err = runtime.ErrExists
	default:
		return fmt.Errorf("redisstore: %s: the script answered %d, which is none of its answers", what, answer)
	}
	if sent.n > 1 {
		return fmt.Errorf("redisstore: %s: sent %d times, since an answer was lost; the last one was %q", what, sent.n, err)
	}
	return err
}

// definite tells whether err means that nothing was written.
func definite(err error) bool {
	return errors.Is(err, runtime.ErrNotFound) || errors.Is(err, runtime.ErrConflict) || errors.Is(err, runtime.ErrExists)
}

// mayWrite returns the error of a write that must not begin.
func (s *Store) mayWrite(ctx context.Context, new runtime.Record) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if len(new.Data) < headerSize || runtime.RecordStamp(new.Data) != new.Stamp {
		return fmt.Errorf("redisstore: the record has no header with its stamp: the runtime's own format has; with another Format use redisstore.Plain")
	}
	return nil
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
