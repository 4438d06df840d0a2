package redisstore

import (
	"context"
	"encoding/base64"
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

// scoreScript answers the score of ARGV[1], "" if it is not there.
var scoreScript = redis.NewScript(`return redis.call('ZSCORE', KEYS[1], ARGV[1]) or ''`)

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

func changeOf(old, new runtime.Record) indexChange {
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
	added, _, err := s.changeEntries(ctx, key, indexChange{add: entries, bound: bound})
	return added, err
}

// changeEntries does what comes before a write: it adds entries, and returns those
// that were not there before, and those that are to be removed after it as they
// stand. Of a record that ends for good these need no look: nobody adds one any
// more.
func (s *Store) changeEntries(ctx context.Context, key string, c indexChange) (added, standing []placed, err error) {
	now := s.now()
	ttl := "0"
	if c.bound != boundNever {
		ttl = s.timeToLive(time.UnixMilli(c.bound*hour), time.Duration(settled)*time.Millisecond)
	}
	ended := strconv.FormatInt(endedBound(now)<<addedBits, 10)
	var calls []*call
	for _, e := range c.add {
		calls = append(calls, &call{script: addScript, key: s.entryKey(e), args: []any{key, c.bound, now & addedMask, ttl, ended}})
	}
	if c.final {
		standing = whatever(c.remove)
	} else {
		for _, e := range c.remove {
			calls = append(calls, &call{script: scoreScript, key: s.entryKey(e), args: []any{key}})
		}
	}
	if err := s.runAll(ctx, calls); err != nil {
		return nil, nil, err
	}
	for i, e := range c.add {
		if answer, err := calls[i].answer.Slice(); err == nil && len(answer) == 2 && answer[0] == int64(1) {
			score, _ := answer[1].(string)
			added = append(added, placed{e, score})
		}
	}
	for i, looked := range calls[len(c.add):] {
		if score, err := looked.answer.Text(); err == nil && score != "" {
			standing = append(standing, placed{c.remove[i], score})
		}
	}
	return added, standing, nil
}

// endedBound is the first bound that has not come.
func endedBound(now int64) int64 { return max(0, now-settled)/hour + 1 }

// takeBack removes entries that are as they were seen. An error is nothing to
// fail for: a reader passes over what is left, and it goes by itself.
func (s *Store) takeBack(ctx context.Context, key string, entries []placed) {
	var calls []*call
	for _, p := range entries {
		calls = append(calls, &call{script: removeScript, key: s.entryKey(p.entry), args: []any{key, p.score}})
	}
	s.runAll(ctx, calls)
}
