package expresscompat

import (
	"context"
	"errors"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// records are connect-redis's: a key for each session, its JSON text as the
// value. A write replaces the text that it is based on, in one script, whoever
// wrote that.
type records struct {
	client redis.UniversalClient
	o      *Options
	now    func() time.Time
}

var (
	// replaceScript sets KEYS[1] to ARGV[2] if it is ARGV[1], for ARGV[3] seconds;
	// -1 is for ever, and 0 removes it. It returns 1, or 0 if another text is
	// there, or -1 if none is.
	replaceScript = newScript(`
local now = redis.call('GET', KEYS[1])
if not now then return -1 end
if now ~= ARGV[1] then return 0 end
local seconds = tonumber(ARGV[3])
if seconds == 0 then redis.call('DEL', KEYS[1])
elseif seconds < 0 then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1`)
	// removeScript deletes KEYS[1] if it is ARGV[1], with the same results.
	removeScript = newScript(`
local now = redis.call('GET', KEYS[1])
if not now then return -1 end
if now ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1`)
)

// script is a script and its text, for a server that does not have it yet.
type script struct{ text, hash string }

func newScript(text string) *script { return &script{text, redis.NewScript(text).Hash()} }

// once is a command that the client does not send again by itself: a write whose
// answer was lost may have taken place, and a second one would find its own text.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }

func (r *records) do(ctx context.Context, args ...any) (any, error) {
	cmd := once{redis.NewCmd(ctx, args...)}
	_ = r.client.Process(ctx, cmd)
	return cmd.Result()
}

// run runs a script on one key and returns what its number means.
func (r *records) run(ctx context.Context, s *script, key string, args ...any) error {
	call := append([]any{"evalsha", s.hash, 1, key}, args...)
	result, err := r.do(ctx, call...)
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") { // it has not run
		call[0], call[1] = "eval", s.text
		result, err = r.do(ctx, call...)
	}
	switch {
	case err != nil:
		return err
	case result == int64(-1):
		return runtime.ErrNotFound
	case result == int64(0):
		return runtime.ErrConflict
	}
	return nil
}

// Load is GET. connect-redis takes an empty value for none, and so does this.
func (r *records) Load(ctx context.Context, key string) (runtime.Record, error) {
	data, err := r.client.Get(ctx, key).Bytes()
	switch {
	case errors.Is(err, redis.Nil), err == nil && len(data) == 0:
		return runtime.Record{}, runtime.ErrNotFound
	case err != nil:
		return runtime.Record{}, err
	}
	return runtime.Record{Data: data}, nil
}

// forEver is what seconds returns for a record that does not expire.
const forEver = -1

// seconds is how long a record lives from now, rounded up; 0 for one that has
// expired already.
func (r *records) seconds(data []byte, expires time.Time) int64 {
	var left time.Duration
	switch {
	case r.o.TTLFor != nil:
		left = r.o.TTLFor(data)
	case expires.IsZero():
		left = r.o.TTL
	default:
		left = time.Duration(expires.UnixMilli()-r.now().UnixMilli()) * time.Millisecond
	}
	switch {
	case left <= 0:
		return 0
	case r.o.DisableTTL:
		return forEver
	}
	return int64(math.Ceil(left.Seconds()))
}

// Create is SET with NX.
func (r *records) Create(ctx context.Context, key string, rec runtime.Record) error {
	args := []any{"set", key, rec.Data}
	switch seconds := r.seconds(rec.Data, rec.Expires); seconds {
	case 0:
		_, err := r.do(ctx, "del", key)
		return err
	case forEver:
	default:
		args = append(args, "ex", seconds)
	}
	_, err := r.do(ctx, append(args, "nx")...)
	if errors.Is(err, redis.Nil) {
		return runtime.ErrExists
	}
	return err
}

func (r *records) Update(ctx context.Context, key string, old, rec runtime.Record) error {
	return r.run(ctx, replaceScript, key, old.Data, rec.Data, r.seconds(rec.Data, rec.Expires))
}

// Touch is EXPIRE, whatever the text is by now, as connect-redis does it.
func (r *records) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	if r.o.DisableTouch || r.o.DisableTTL {
		return nil
	}
	there, err := r.client.Do(ctx, "expire", key, r.seconds(old.Data, expires)).Int()
	if err == nil && there == 0 {
		err = runtime.ErrNotFound
	}
	return err
}

func (r *records) Delete(ctx context.Context, key string, old runtime.Record) error {
	if old.Data != nil {
		return r.run(ctx, removeScript, key, old.Data)
	}
	n, err := r.do(ctx, "del", key)
	if err == nil && n == int64(0) {
		err = runtime.ErrNotFound
	}
	return err
}

// List yields the keys of all records, by SCAN.
func (r *records) List(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		stop := errors.New("enough")
		seen := map[string]bool{} // SCAN may say a key twice
		scan := func(ctx context.Context, client redis.UniversalClient) error {
			keys := client.Scan(ctx, 0, globEscape.Replace(r.o.Prefix)+"*", int64(r.o.ScanCount)).Iterator()
			for keys.Next(ctx) {
				if seen[keys.Val()] {
					continue
				}
				seen[keys.Val()] = true
				if !yield(keys.Val(), nil) {
					return stop
				}
			}
			return keys.Err()
		}
		err := r.eachServer(ctx, scan)
		if err != nil && !errors.Is(err, stop) {
			yield("", err)
		}
	}
}

// eachServer calls f for every server that holds keys, one after the other.
func (r *records) eachServer(ctx context.Context, f func(context.Context, redis.UniversalClient) error) error {
	var servers []redis.UniversalClient
	var err error
	var one = make(chan struct{}, 1) // both of these call in parallel
	collect := func(_ context.Context, c *redis.Client) error {
		one <- struct{}{}
		servers = append(servers, c)
		<-one
		return nil
	}
	switch c := r.client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, collect)
	case *redis.Ring:
		err = c.ForEachShard(ctx, collect)
	default:
		servers = append(servers, c)
	}
	for _, server := range servers {
		if err == nil {
			err = f(ctx, server)
		}
	}
	return err
}

var globEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)
