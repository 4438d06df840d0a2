package expresscompat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

// logs collects what is logged.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// replay is a server that stands where the recorded program stood.
type replay struct {
	t        *testing.T
	client   *redis.Client
	recorder *recorder
	now      time.Time
	store    *expresscompat.Store
	sessions *live.Sessions
	logs     *logs
	prefix   string
}

// privateRedis returns a client of a server that this test alone uses: the keys
// of the recorded cases are what they are.
func privateRedis(t *testing.T) (*redis.Client, *recorder) {
	client := redis.NewClient(&redis.Options{Addr: testserver.StartRedis(t).Addr, DisableIdentity: true})
	t.Cleanup(func() { client.Close() })
	r := new(recorder)
	client.AddHook(r)
	return client, r
}

func newReplay(t *testing.T, client *redis.Client, r *recorder, o expresscompat.Options) *replay {
	t.Helper()
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	p := &replay{t: t, client: client, recorder: r, logs: new(logs), prefix: "sess:"}
	if o.Prefix != "" || o.NoPrefix {
		p.prefix = o.Prefix
	}
	p.store = expresscompat.New(client, o)
	var err error
	p.sessions, err = live.NewSessions(p.store, p.config())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *replay) config() runtime.Config {
	p.now = time.UnixMilli(1773480413589)
	return runtime.Config{Now: func() time.Time { return p.now }, Logger: p.logs.logger()}
}

// seenSession is what the handler sees of a session.
func (p *replay) see(s *live.Session) seen {
	p.t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		p.t.Fatal(err)
	}
	got := seen{ID: strings.TrimPrefix(s.ID(), p.prefix)}
	if err := json.Unmarshal(text, &got.Data); err != nil {
		p.t.Fatal(err)
	}
	got.Cookie = map[string]any{}
	switch c := expresscompat.CookieOf(s); {
	case c.Persistent:
		got.Cookie["originalMaxAge"] = float64(c.MaxAge.Milliseconds())
	default:
		got.Cookie["originalMaxAge"] = nil
	}
	return got
}

// do is what the recorded handler did.
func (p *replay) do(ctx context.Context, s *live.Session, ops []op) {
	p.t.Helper()
	for _, op := range ops {
		n, _ := op.Value.(float64)
		var err error
		switch op.Op + " " + op.Key + op.Field {
		case "set visits":
			s.SetVisits(int(n))
		case "set a":
			s.SetA(int(n))
		case "set b":
			s.SetB(int(n))
		case "set x":
			s.SetX(int(n))
		case "set u":
			s.SetU(map[string]int{"cookie": int(op.Value.(map[string]any)["cookie"].(float64))})
		case "set_path ":
			s.U()["cookie"] = int(n)
		case "incr visits":
			s.AddVisits(1)
		case "delete b":
			s.ClearB()
		case "cookie maxAge":
			expresscompat.EditCookie(s, func(c *expresscompat.Cookie) {
				c.MaxAge, c.Persistent = time.Duration(n)*time.Millisecond, true
			})
		case "cookie expires":
			expresscompat.EditCookie(s, func(c *expresscompat.Cookie) { c.Persistent = false })
		case "cookie secure":
			expresscompat.EditCookie(s, func(c *expresscompat.Cookie) { c.Secure = expresscompat.True })
		case "unset ":
			p.store.Unset(s)
		case "regenerate ":
			p.store.Regenerate(s)
		case "destroy ":
			s.Destroy()
		case "reload ":
			err = s.Reload(ctx)
		case "save ":
			err = s.Save(ctx)
		default:
			p.t.Fatalf("op %+v", op)
		}
		if err != nil {
			p.t.Errorf("%s: %v", op.Op, err)
		}
	}
}

// send sends a request whose handler runs ops, and returns the response and what
// the handler saw before them; nil if there was no session.
func (p *replay) send(req request, ops []op) (*http.Response, *seen) {
	p.t.Helper()
	r := httptest.NewRequest(req.Method, req.Path, nil)
	for name, value := range req.Headers {
		r.Header.Set(name, value)
	}
	var before *seen
	h := p.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, ok := p.sessions.From(r.Context()); ok {
			now := p.see(s)
			before = &now
			p.do(r.Context(), s, ops)
		}
		io.WriteString(w, "{}")
	}))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result(), before
}

// step replays one request and compares all that was recorded of it.
func (p *replay) step(v vector, differs difference) {
	p.t.Helper()
	if v.NowMS != 0 {
		p.now = time.UnixMilli(v.NowMS)
	}
	for _, pre := range v.Pre {
		switch pre.Do {
		case "redis_set":
			p.client.Set(p.t.Context(), pre.Key, pre.Value, 24*time.Hour)
		case "redis_del":
			p.client.Del(p.t.Context(), pre.Key)
		default:
			p.t.Fatalf("pre %+v", pre)
		}
	}
	p.recorder.take()
	res, before := p.send(v.Request, v.Ops)
	calls := p.recorder.take()
	want := v.Response
	if differs.status != 0 {
		want.Status = differs.status
	}
	if res.StatusCode != want.Status {
		p.t.Errorf("status %d, want %d: %s", res.StatusCode, want.Status, p.logs)
	}
	if got := res.Header["Set-Cookie"]; !differs.cookie && !reflect.DeepEqual(append(texts{}, got...), append(texts{}, want.SetCookie...)) {
		p.t.Errorf("Set-Cookie\n got %q\nwant %q", got, want.SetCookie)
	}
	if !differs.calls && !sameCalls(calls, v.StoreCalls) {
		p.t.Errorf("store calls\n got %q\nwant %q", calls, v.StoreCalls)
	}
	p.compareSeen(before, want.Body.Before)
	if !differs.after {
		p.compareAfter(v.RedisAfter, differs)
	}
}

// compareSeen compares what the handlers saw; what the spec does not know is
// compared in Redis.
func (p *replay) compareSeen(got *seen, want seen) {
	p.t.Helper()
	if want.ID == "" { // there was none, or no answer
		return
	}
	if got == nil {
		p.t.Error("the handler had no session")
		return
	}
	if got.ID != want.ID {
		p.t.Errorf("id %q, want %q", got.ID, want.ID)
	}
	for name, value := range got.Data {
		if !reflect.DeepEqual(value, want.Data[name]) {
			p.t.Errorf("%s = %v, want %v", name, value, want.Data[name])
		}
	}
	for _, name := range []string{"visits", "a", "b", "x", "u"} {
		if _, has := got.Data[name]; !has && want.Data[name] != nil {
			p.t.Errorf("%s is missing, want %v", name, want.Data[name])
		}
	}
	if got.Cookie["originalMaxAge"] != want.Cookie["originalMaxAge"] {
		p.t.Errorf("originalMaxAge %v, want %v", got.Cookie["originalMaxAge"], want.Cookie["originalMaxAge"])
	}
}

// compareAfter compares what Redis holds, text for text.
func (p *replay) compareAfter(want []entry, differs difference) {
	p.t.Helper()
	keys, err := p.client.Keys(p.t.Context(), "*").Result()
	if err != nil || len(keys) != len(want) {
		p.t.Errorf("keys %q, %v, want %v", keys, err, want)
	}
	for _, e := range want {
		text := p.client.Get(p.t.Context(), e.Key).Val()
		want := e.Value
		if differs.text != "" {
			want = differs.text
		}
		if text != want {
			p.t.Errorf("%s\n got %s\nwant %s", e.Key, text, want)
		}
	}
}

// sameCalls tells whether got is want, or leaves out some of it.
func sameCalls(got, want [][]string) bool {
	for _, call := range got {
		for len(want) > 0 && fmt.Sprint(want[0]) != fmt.Sprint(call) {
			if want[0][0] == "SET" || want[0][0] == "GET" { // these can't be left out
				return false
			}
			want = want[1:]
		}
		if len(want) == 0 {
			return false
		}
		want = want[1:]
	}
	for _, call := range want {
		if call[0] == "SET" || call[0] == "GET" {
			return false
		}
	}
	return true
}
