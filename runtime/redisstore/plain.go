package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// plain is the store without headers and index; see [Plain]. It hides Find and List.
type plain struct{ s *Store }

var _ runtime.Records = plain{}

func (p plain) key(key string) string { return p.s.config.prefix + key }

// Load asks for the bytes and their time to live in one round trip.
func (p plain) Load(ctx context.Context, key string) (runtime.Record, error) {
	if err := p.s.ready(ctx); err != nil {
		return runtime.Record{}, err
	}
	pipe := p.s.client.Pipeline()
	value, left := pipe.Get(ctx, p.key(key)), pipe.PTTL(ctx, p.key(key))
	_, err := pipe.Exec(ctx)
	switch {
	case errors.Is(err, redis.Nil), err == nil && left.Val() == -2: // it went in between
		return runtime.Record{}, runtime.ErrNotFound
	case err != nil:
		return runtime.Record{}, p.s.failure(ctx, "load", err)
	}
	r := runtime.Record{Data: []byte(value.Val())}
	if left.Val() >= 0 {
		r.Expires = time.UnixMilli(p.s.now() + left.Val().Milliseconds())
	}
	return r, nil
}

func (p plain) Create(ctx context.Context, key string, new runtime.Record) error {
	return p.write(ctx, "create", plainCreateScript, key, new.Expires, new.Data)
}

func (p plain) Update(ctx context.Context, key string, old, new runtime.Record) error {
	return p.write(ctx, "update", plainUpdateScript, key, new.Expires, new.Data, old.Data)
}

func (p plain) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	return p.write(ctx, "touch", plainTouchScript, key, expires, "", old.Data)
}

func (p plain) Delete(ctx context.Context, key string, old runtime.Record) error {
	condition := ""
	if old.Data != nil {
		condition = "1"
	}
	return p.write(ctx, "delete", plainDeleteScript, key, time.Time{}, condition, old.Data)
}

func (p plain) write(ctx context.Context, what string, script *redis.Script, key string, expires time.Time, args ...any) error {
	if err := p.s.ready(ctx); err != nil {
		return err
	}
	return p.s.writeKey(ctx, what, script, p.key(key), p.s.timeToLive(expires, 0), args...)
}

func (p plain) Close() error { return p.s.Close() }
