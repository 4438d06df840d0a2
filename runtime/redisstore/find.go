package redisstore

import (
	"context"
	"iter"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// Find implements [runtime.Finder]. It takes two round trips for every hundred
// keys or so: one for the keys, one for the beginnings of their records, so that
// what was left over is not yielded and is removed. A record that has lost the
// entry may still be yielded, for as long as a request that writes takes, or
// longer after a crash. No key is yielded twice, unless the set changes meanwhile.
func (s *Store) Find(ctx context.Context, entry runtime.IndexEntry) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for cursor := uint64(0); ; {
			if err := s.ready(ctx); err != nil {
				yield("", err)
				return
			}
			page, next, err := s.client.ZScan(ctx, s.entryKey(entry), cursor, "", pageSize).Result()
			if err != nil {
				yield("", s.failure(ctx, "find", err))
				return
			}
			live, left, err := s.sift(ctx, parsePage(page))
			if err != nil {
				yield("", s.failure(ctx, "find", err))
				return
			}
			s.repair(ctx, entry, left)
			for _, key := range live {
				if !yield(key, nil) {
					return
				}
			}
			if cursor = next; cursor == 0 {
				return
			}
		}
	}
}

// pageSize is how many keys are asked for at a time.
const pageSize = 128

// member is one key under an entry.
type member struct {
	key   string
	score int64
}

// parsePage reads what ZSCAN answers: members and scores in turn. It passes over
// what the store has not written.
func parsePage(page []string) (members []member) {
	for i := 0; i+1 < len(page); i += 2 {
		score, err := strconv.ParseFloat(page[i+1], 64)
		if err == nil && score >= 0 && score < 1<<53 && score == float64(int64(score)) {
			members = append(members, member{page[i], int64(score)})
		}
	}
	return members
}

// sift tells the keys of live records from those that were left over.
func (s *Store) sift(ctx context.Context, members []member) (live []string, left []member, err error) {
	if len(members) == 0 {
		return nil, nil, nil
	}
	pipe := s.client.Pipeline()
	heads := make([]*redis.StringCmd, len(members))
	for i, m := range members {
		heads[i] = pipe.GetRange(ctx, s.recordKey(m.key), 0, headerSize-1)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, nil, err
	}
	now := s.now()
	for i, m := range members {
		data, err := heads[i].Bytes()
		if err != nil {
			return nil, nil, err
		}
		switch h := readHead(data); {
		case len(data) == 0 && m.age(now) > settled, h.expired(now - settled):
			left = append(left, m)
		case len(data) > 0 && !h.expired(now):
			live = append(live, m.key)
		}
	}
	return live, left, nil
}

// age is how long ago the entry was added, in milliseconds; 0 if that is to come
// by the clock of this process.
func (m member) age(now int64) int64 {
	age := (now - m.score) & addedMask
	if age > addedMask/2 {
		return 0
	}
	return age
}

// repair removes what was left over under an entry. If it fails, the next reader
// tries again.
func (s *Store) repair(ctx context.Context, entry runtime.IndexEntry, left []member) {
	var calls []*call
	for _, m := range left {
		calls = append(calls, &call{script: removeScript, key: s.entryKey(entry), args: []any{m.key, strconv.FormatInt(m.score, 10)}})
	}
	s.runAll(ctx, calls)
}
