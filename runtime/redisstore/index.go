package redisstore

import (
	"context"
	"encoding/base64"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// An index entry is a sorted set of the sessions' keys under a key of its own, so
// that in a cluster it is somewhere else than the records. It is therefore written
// in steps: an entry is added before the record has it, and removed when the
// record has it no longer. What a crash leaves over is passed over by readers, and
// goes by itself.
//
// A score is an integer of 53 bits: in the upper 20 the bound, the hour by which
// the session has ended if it is not used again, in the lower 33 when the entry
// was added, in milliseconds modulo 99 days. An entry is kept as long as its bound
// has not come; it gets a later one before the record does, about once a day. The
// time of adding makes a score a version: who removes an entry removes the one
// that he saw, not one that another request added since.

const (
	hour       = int64(time.Hour / time.Millisecond)
	addedBits  = 33
	addedMask  = 1<<addedBits - 1
	boundNever = 1<<20 - 1 // the year 2089
	maxBucket  = 24        // hours

	// settled is after what time an entry whose record is missing is one that was
	// left over: a request adds an entry moments before its record.
	settled = int64(10 * time.Minute / time.Millisecond)
)

// boundOf is an hour that comes after the record's expiry. It is the same for all
// expiries in a span of the idle timeout, at most a day, so that an entry need not
// be renewed with each use.
func boundOf(h head) int64 {
	if h.expires == 0 {
		return boundNever
	}
	bucket := int64(maxBucket)
	if h.idle != 0 {
		bucket = min(max((h.idle+hour-1)/hour, 1), maxBucket)
	}
	return min((h.expires/hour/bucket+1)*bucket, boundNever)
}

// addScript adds ARGV[1] with the bound ARGV[2], but not an earlier one than it
// has, and the time ARGV[3]; the set then lives for ARGV[4] milliseconds at least,
// "0" for ever. Scores under ARGV[5] have ended. It answers whether the member is
// new and its score.
var addScript = redis.NewScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[5])
local had = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1)
local left = redis.call('PTTL', KEYS[1])
local score = math.max(tonumber(ARGV[2]), math.floor(had / 2^33)) * 2^33 + tonumber(ARGV[3])
if score <= had then score = had + 1 end
local text = string.format('%.0f', score)
redis.call('ZADD', KEYS[1], text, ARGV[1])
if ARGV[4] == '0' then
	redis.call('PERSIST', KEYS[1])
elseif left == -2 or left >= 0 and left < tonumber(ARGV[4]) then
	redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return {had < 0 and 1 or 0, text}
`)

// removeScript removes ARGV[1] if its score is still ARGV[2], or whatever it is if
// that is empty.
var removeScript = redis.NewScript(`
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and (ARGV[2] == '' or tonumber(score) == tonumber(ARGV[2])) then
	return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
`)

// entryKey is where the keys of the sessions with an entry are. The hash has a
// fixed length, so that a field's name can't be taken for another's.
func (s *Store) entryKey(e runtime.IndexEntry) string {
	return s.config.prefix + "i:" + base64.RawURLEncoding.EncodeToString(e.Sum[:]) + ":" + e.Field
}

// indexChange is what a write does to the index.
type indexChange struct {
	add    []runtime.IndexEntry
	bound  int64
	remove []runtime.IndexEntry
	final  bool // the record ends, and nothing is written over it
}

func (s *Store) indexChange(old, new runtime.Record) indexChange {
	h := readHead(new.Data)
	c := indexChange{bound: boundOf(h), final: h.tomb && len(new.Index) == 0}
	renew := c.bound > boundOf(readHead(old.Data))
	switch {
	case new.Index == nil && renew:
		c.add = entriesOf(old, new.Data)
	case new.Index != nil:
		c.add = without(new.Index, old.Index)
		if renew {
			c.add = new.Index
		}
		c.remove = without(old.Index, new.Index)
	}
	return c
}

// entriesOf returns the entries that stand now: what the runtime says of the old
// record, or what the bytes say, which have the same.
func entriesOf(old runtime.Record, data []byte) []runtime.IndexEntry {
	if old.Index != nil {
		return old.Index
	}
	return runtime.RecordIndex(data)
}

// without returns what is in all and not in some.
func without(all, some []runtime.IndexEntry) (left []runtime.IndexEntry) {
	for _, e := range all {
		if !slices.Contains(some, e) {
			left = append(left, e)
		}
	}
	return left
}

// placed is an entry with the score that it was seen with, "" for any.
type placed struct {
	entry runtime.IndexEntry
	score string
}

func whatever(entries []runtime.IndexEntry) (all []placed) {
	for _, e := range entries {
		all = append(all, placed{entry: e})
	}
	return all
}

// addEntries adds entries and returns those that were not there before.
func (s *Store) addEntries(ctx context.Context, key string, entries []runtime.IndexEntry, bound int64) ([]placed, error) {
	now := s.now()
	ttl := "0"
	if bound != boundNever {
		ttl = s.timeToLive(time.UnixMilli(bound*hour), time.Duration(settled)*time.Millisecond)
	}
	ended := strconv.FormatInt(endedBound(now)<<addedBits, 10)
	var calls []*call
	for _, e := range entries {
		calls = append(calls, &call{script: addScript, key: s.entryKey(e), args: []any{key, bound, now & addedMask, ttl, ended}})
	}
	if err := s.runAll(ctx, calls); err != nil {
		return nil, err
	}
	var added []placed
	for i, c := range calls {
		if answer, err := c.answer.Slice(); err == nil && len(answer) == 2 && answer[0] == int64(1) {
			score, _ := answer[1].(string)
			added = append(added, placed{entries[i], score})
		}
	}
	return added, nil
}

// endedBound is the first bound that has not come.
func endedBound(now int64) int64 { return max(0, now-settled)/hour + 1 }

// scores returns entries as they stand. Those of a record that ends for good need
// no look: nobody adds one any more.
func (s *Store) scores(ctx context.Context, key string, entries []runtime.IndexEntry, final bool) ([]placed, error) {
	if len(entries) == 0 || final {
		return whatever(entries), nil
	}
	pipe := s.client.Pipeline()
	var answers []*redis.FloatCmd
	for _, e := range entries {
		answers = append(answers, pipe.ZScore(ctx, s.entryKey(e), key))
	}
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil {
		return nil, err
	}
	var standing []placed
	for i, a := range answers {
		switch score, err := a.Result(); err {
		case nil:
			standing = append(standing, placed{entries[i], strconv.FormatFloat(score, 'f', 0, 64)})
		case redis.Nil:
		default:
			return nil, err
		}
	}
	return standing, nil
}

// takeBack removes entries that are as they were seen. An error is nothing to
// fail for: a reader passes over what is left, and it goes by itself.
func (s *Store) takeBack(ctx context.Context, key string, entries []placed) {
	var calls []*call
	for _, p := range entries {
		calls = append(calls, &call{script: removeScript, key: s.entryKey(p.entry), args: []any{key, p.score}})
	}
	s.runAll(ctx, calls)
}

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
