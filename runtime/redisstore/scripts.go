package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// What a script answers.
const (
	done     = 0
	notFound = 1
	conflict = 2
	exists   = 3
)

// The scripts look first and write last, with one command that can be refused for
// want of memory, so that a failed one has written nothing. Every key that they
// touch is in KEYS. KEYS[1] is the record's key, ARGV[1] the manager's clock.
//
// A client may send a script again whose answer was lost: what finds its own
// writing says that it is done.

// lookAt reads the header into h, the stamp into stamp ("" if nothing is there)
// and whether its time has come into gone. What is no header has the stamp 0, as
// runtime.RecordStamp says.
const lookAt = `
local h = redis.call('GETRANGE', KEYS[1], 0, 31)
local stamp, gone = '', h == ''
if #h == 32 then
	stamp = string.sub(h, 2, 9)
	local a, b, c, d, e, f = string.byte(h, 10, 15)
	local expires = ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
	gone = string.byte(h, 1) == 1 and expires ~= 0 and expires <= tonumber(ARGV[1])
elseif not gone then
	stamp = string.rep('\0', 8)
end
`

// put writes ARGV[3] with the time to live of ARGV[2], "0" for none.
const put = `
if ARGV[2] == '0' then
	redis.call('SET', KEYS[1], ARGV[3])
else
	redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
end
return 0
`

// expect compares with the old stamp, ARGV[4].
const expect = `
if gone then return 1 end
if stamp ~= ARGV[4] then return 2 end
`

var (
	createScript = redis.NewScript(lookAt + `
if not gone then return 3 end
` + put)

	updateScript = redis.NewScript(lookAt + `
if not gone and stamp == string.sub(ARGV[3], 2, 9) then return 0 end
` + expect + put)

	// touchScript writes ARGV[3], the new expiry, into the header.
	touchScript = redis.NewScript(lookAt + expect + `
redis.call('SETRANGE', KEYS[1], 9, ARGV[3])
if ARGV[2] == '0' then
	redis.call('PERSIST', KEYS[1])
else
	redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
`)

	// deleteScript removes whatever is there if ARGV[4] is empty.
	deleteScript = redis.NewScript(lookAt + `
if h == '' then return 1 end
if not gone and ARGV[4] ~= '' and stamp ~= ARGV[4] then return 2 end
redis.call('DEL', KEYS[1])
if gone then return 1 end
return 0
`)
)

// The scripts of plain records, which are known by their bytes: ARGV[4] is the old
// ones.
var (
	plainCreateScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 3 end
` + put)

	plainUpdateScript = redis.NewScript(`
local v = redis.call('GET', KEYS[1])
if not v then return 1 end
if v ~= ARGV[4] then
	if v == ARGV[3] then return 0 end
	return 2
end
` + put)

	plainTouchScript = redis.NewScript(`
local v = redis.call('GET', KEYS[1])
if not v then return 1 end
if v ~= ARGV[4] then return 2 end
if ARGV[2] == '0' then
	redis.call('PERSIST', KEYS[1])
else
	redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
`)

	// plainDeleteScript removes whatever is there if ARGV[3] is empty.
	plainDeleteScript = redis.NewScript(`
local v = redis.call('GET', KEYS[1])
if not v then return 1 end
if ARGV[3] ~= '' and v ~= ARGV[4] then return 2 end
redis.call('DEL', KEYS[1])
return 0
`)
)

// sendings is an argument of a script, which counts how often the client sends it:
// a client that gets no answer may send a command again by itself.
type sendings struct {
	value string
	n     int
}

// MarshalBinary is called by the client each time that it sends the argument.
func (s *sendings) MarshalBinary() ([]byte, error) {
	s.n++
	return []byte(s.value), nil
}

// run runs a script whose first argument counts its sendings. It goes by the
// script's hash; a server that does not know it, after a restart or as a new
// replica, is sent the script.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, sent *sendings, args ...any) (int64, error) {
	keys := []string{key}
	args = append([]any{sent}, args...)
	answer, err := script.EvalSha(ctx, s.client, keys, args...).Int64()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		sent.n-- // this one did nothing
		answer, err = script.Eval(ctx, s.client, keys, args...).Int64()
	}
	return answer, err
}

// call is a script to run on one key, with what it answered.
type call struct {
	script *redis.Script
	key    string
	args   []any
	answer *redis.Cmd
}

// runAll runs scripts in one round trip, or two if a server does not know them.
func (s *Store) runAll(ctx context.Context, calls []*call) error {
	if len(calls) == 0 {
		return nil
	}
	pipe := s.client.Pipeline()
	for _, c := range calls {
		c.answer = c.script.EvalSha(ctx, pipe, []string{c.key}, c.args...)
	}
	_, err := pipe.Exec(ctx)
	if err == nil {
		return nil
	}
	unknown := 0
	for _, c := range calls {
		switch err := c.answer.Err(); {
		case redis.HasErrorPrefix(err, "NOSCRIPT"):
			c.answer = c.script.Eval(ctx, pipe, []string{c.key}, c.args...)
			unknown++
		case err != nil:
			return err
		}
	}
	if unknown > 0 {
		_, err = pipe.Exec(ctx)
	}
	return err
}
