package expresscompat_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime/expresscompat"
)

// vectors are what express-session and connect-redis were seen to do.
type vectors struct {
	Counts    map[string]int
	Sign      []vector
	Verify    []vector
	SetCookie []vector `json:"set_cookie"`
	Store     []vector
	Load      []vector
	Flows     []vector
	Startup   []vector
}

type vector struct {
	Name     string
	Category string
	Negative bool
	NowMS    int64 `json:"now_ms"`

	Secret       json.RawMessage
	ID           string
	CookieName   string  `json:"cookie_name"`
	CookieHeader string  `json:"cookie_header"`
	AcceptedID   *string `json:"accepted_id"`
	AskedFor     *string `json:"store_was_asked_for"`

	Options options
	App     struct {
		TrustProxy any `json:"trust_proxy"` // absent, or how many proxies
	}
	Store struct {
		Kind    string
		Options struct {
			TTL          int
			Prefix       *string
			DisableTTL   bool
			DisableTouch bool
		}
	}
	IDs []string

	Request          request
	Ops              []op
	Status           int
	SetCookie        texts  `json:"set_cookie"`
	CookieJSON       string `json:"cookie_json_in_store"`
	TTL              int64  `json:"store_ttl_s"`
	RedisKey         string `json:"redis_key"`
	RedisValue       string `json:"redis_value"`
	RedisValueBefore string `json:"redis_value_before"`
	RedisTTL         int64  `json:"redis_ttl_s"`
	Response         response
	StoreCalls       [][]string `json:"store_calls"`
	RedisAfter       []entry    `json:"redis_after"`
	Steps            []vector
	Pre              []struct{ Do, Key, Value string }
	Result           string
}

// texts is a list of strings, or one.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

type request struct {
	Method, Path string
	Headers      map[string]string
}

type response struct {
	Status    int
	SetCookie texts `json:"set_cookie"`
	Body      struct{ Before, After seen }
}

// seen is what a handler saw of its session.
type seen struct {
	ID     string
	Data   map[string]any
	Cookie map[string]any
}

type entry struct {
	Key, Value string
	TTL        int64 `json:"ttl_s"`
}

type op struct {
	Op    string
	Key   string
	Field string
	Value any
}

type options struct {
	Secret            json.RawMessage
	Name              string
	Resave            *bool
	SaveUninitialized *bool
	Rolling           bool
	Unset             string
	Proxy             *bool
	Cookie            json.RawMessage
	Genid             json.RawMessage
}

// readVectors reads the recorded cases, and fails if one was lost.
var readVectors = sync.OnceValues(func() (v vectors, err error) {
	text, err := os.ReadFile("testdata/express-session.json")
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	got := map[string]int{"sign": len(v.Sign), "verify": len(v.Verify), "set_cookie": len(v.SetCookie), "store": len(v.Store), "load": len(v.Load), "flows": len(v.Flows), "startup": len(v.Startup)}
	for name, n := range v.Counts {
		if err == nil && got[name] != n {
			err = fmt.Errorf("section %s has %d cases, want %d", name, got[name], n)
		}
	}
	if err == nil && len(v.Counts) != len(got) {
		err = fmt.Errorf("%d sections, want %d", len(v.Counts), len(got))
	}
	return v, err
})

func allVectors(t testing.TB) vectors {
	t.Helper()
	v, err := readVectors()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// secrets reads a secret as the cases write it: a string, bytes, or a list.
func secrets(t testing.TB, raw json.RawMessage) []string {
	t.Helper()
	var one string
	var bytes struct {
		Base64 string `json:"$base64"`
	}
	var list []json.RawMessage
	switch {
	case raw == nil:
		return nil
	case json.Unmarshal(raw, &one) == nil:
		return []string{one}
	case json.Unmarshal(raw, &list) == nil:
		var all []string
		for _, raw := range list {
			all = append(all, secrets(t, raw)...)
		}
		return all
	case json.Unmarshal(raw, &bytes) == nil:
		secret, err := base64.StdEncoding.DecodeString(bytes.Base64)
		if err != nil {
			t.Fatal(err)
		}
		return []string{string(secret)}
	}
	t.Fatalf("secret %s", raw)
	return nil
}

// cookieOptions reads express-session's option cookie.
func cookieOptions(t testing.TB, raw json.RawMessage) (c expresscompat.CookieOptions) {
	t.Helper()
	var js struct {
		MaxAge  *float64
		Expires *struct {
			Date time.Time `json:"$date"`
		}
		Path        string
		Domain      string
		HTTPOnly    *bool `json:"httpOnly"`
		Partitioned *bool
		Priority    string
		Secure      any
		SameSite    any
	}
	if raw != nil {
		if err := json.Unmarshal(raw, &js); err != nil {
			t.Fatal(err)
		}
	}
	c.Path, c.Domain, c.Priority = js.Path, js.Domain, js.Priority
	if js.MaxAge != nil {
		if c.MaxAge = time.Duration(*js.MaxAge * 1e6); c.MaxAge == 0 {
			c.MaxAge = -1
		}
	}
	if js.Expires != nil {
		c.Expires = js.Expires.Date
	}
	c.NoHTTPOnly = js.HTTPOnly != nil && !*js.HTTPOnly
	if js.Partitioned != nil {
		c.Partitioned = flag(*js.Partitioned)
	}
	switch v := js.Secure.(type) {
	case bool:
		c.Secure = map[bool]expresscompat.Secure{true: expresscompat.SecureTrue, false: expresscompat.SecureFalse}[v]
	case string:
		c.Secure = expresscompat.SecureAuto
	}
	if js.SameSite != nil {
		c.SameSite = expresscompat.SameSite(fmt.Sprint(js.SameSite))
	}
	return c
}

func flag(b bool) expresscompat.Flag {
	if b {
		return expresscompat.True
	}
	return expresscompat.False
}

// storeOptions are a case's options as this package has them.
func storeOptions(t testing.TB, v vector) expresscompat.Options {
	t.Helper()
	o := expresscompat.Options{
		Secrets: secrets(t, v.Options.Secret), Name: v.Options.Name, Rolling: v.Options.Rolling,
		Resave:            v.Options.Resave == nil || *v.Options.Resave,
		SaveUninitialized: v.Options.SaveUninitialized == nil || *v.Options.SaveUninitialized,
		Cookie:            cookieOptions(t, v.Options.Cookie),
		TTL:               time.Duration(v.Store.Options.TTL) * time.Second,
		DisableTTL:        v.Store.Options.DisableTTL, DisableTouch: v.Store.Options.DisableTouch,
	}
	if v.Options.Unset == "destroy" {
		o.Unset = expresscompat.UnsetDestroy
	}
	if p := v.Options.Proxy; p != nil {
		o.Proxy = map[bool]expresscompat.Proxy{true: expresscompat.ProxyTrust, false: expresscompat.ProxyNever}[*p]
	}
	if v.App.TrustProxy != nil { // what Express does with it
		o.Secure = func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("X-Forwarded-Proto"), "https") }
	}
	if p := v.Store.Options.Prefix; p != nil {
		o.Prefix, o.NoPrefix = *p, *p == ""
	}
	ids := slices.Clone(v.IDs)
	if len(ids) == 0 {
		ids = []string{v.ID}
	}
	next := 0
	o.GenID = func(*http.Request) string {
		if next++; next > len(ids) {
			return fmt.Sprintf("ran-out-%d", next-len(ids))
		}
		return ids[next-1]
	}
	return o
}

// recorder notes the commands that a client sends, as a case has them.
type recorder struct {
	mu    sync.Mutex
	calls [][]string
}

func (r *recorder) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (r *recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		var args []string
		for _, arg := range cmd.Args() {
			if b, ok := arg.([]byte); ok {
				arg = string(b)
			}
			args = append(args, fmt.Sprint(arg))
		}
		if call := asRecorded(args); call != nil && !redis.HasErrorPrefix(err, "NOSCRIPT") {
			r.mu.Lock()
			r.calls = append(r.calls, call)
			r.mu.Unlock()
		}
		return err
	}
}

// asRecorded is the command of connect-redis that args stand for: a compare-and-set
// is a SET, and a new record's NX is left out.
func asRecorded(args []string) []string {
	switch name := strings.ToUpper(args[0]); name {
	case "GET", "EXPIRE", "DEL":
		return append([]string{name}, args[1:]...)
	case "SET":
		call := append([]string{name}, args[1:3]...)
		if args[3] == "ex" {
			call = append(call, "EX", args[4])
		}
		return call
	case "EVALSHA", "EVAL": // script, 1, key, old[, new, seconds]
		switch {
		case len(args) == 5, args[6] == "0":
			return []string{"DEL", args[3]}
		case args[6] == "-1":
			return []string{"SET", args[3], args[5]}
		}
		return []string{"SET", args[3], args[5], "EX", args[6]}
	}
	return nil
}

func (r *recorder) take() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}
