package redisstore_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// connect returns a client of the server at addr.
func connect(t testing.TB, addr string, change ...func(*redis.Options)) *redis.Client {
	o := &redis.Options{Addr: addr, ContextTimeoutEnabled: true}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

// place is a prefix of the test's own, whose keys go with it.
func place(t testing.TB, client redis.UniversalClient) string {
	prefix := strings.ToLower(rand.Text()) + ":"
	t.Cleanup(func() { sweep(client, prefix) })
	return prefix
}

// sweep removes the keys with a prefix.
func sweep(client redis.UniversalClient, prefix string) {
	keys, _ := keysOf(client, prefix)
	for _, key := range keys {
		client.Del(ctx, key)
	}
}

// keysOf returns the keys with a prefix, on all servers.
func keysOf(client redis.UniversalClient, prefix string) (keys []string, err error) {
	var mu sync.Mutex
	scan := func(ctx context.Context, node *redis.Client) error {
		for all := node.Scan(ctx, 0, prefix+"*", 1000).Iterator(); all.Next(ctx); {
			mu.Lock()
			keys = append(keys, all.Val())
			mu.Unlock()
		}
		return nil
	}
	if cluster, ok := client.(*redis.ClusterClient); ok {
		return keys, cluster.ForEachMaster(ctx, scan)
	}
	return keys, scan(ctx, client.(*redis.Client))
}

// clock is a clock that tests move.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(time.Now().UnixMilli())
	return c
}

func (c *clock) Now() time.Time          { return time.UnixMilli(c.now.Load()) }
func (c *clock) pass(d time.Duration)    { c.now.Add(d.Milliseconds()) }
func (c *clock) use(cfg *runtime.Config) { cfg.Now = c.Now }

// manager returns a manager over a store of its own, as another process has one.
func manager(t testing.TB, client redis.UniversalClient, prefix string, change ...func(*runtime.Config)) *shop.Sessions {
	t.Helper()
	return managerOf(t, redisstore.New(client, redisstore.Prefix(prefix)), change...)
}

func managerOf(t testing.TB, store *redisstore.Store, change ...func(*runtime.Config)) *shop.Sessions {
	t.Helper()
	cfg := runtime.Config{Logger: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&cfg)
	}
	sessions, err := shop.NewSessions(store, cfg)
	must(t, err)
	return sessions
}

// begin stores a session and returns its token.
func begin(t testing.TB, m *shop.Sessions, fill func(*shop.Session)) (token string) {
	t.Helper()
	s, err := m.Create(ctx, func(s *shop.Session) error { fill(s); return nil })
	must(t, err)
	return m.Token(s)
}

// serveAs sends a request with a token and returns the response.
func serveAs(m *shop.Sessions, token string, f func(*shop.Session)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if token != "" {
		r.Header.Set("Cookie", "__Host-session="+token)
	}
	rec := httptest.NewRecorder()
	m.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) }).ServeHTTP(rec, r)
	return rec
}

// tokenIn returns the token that a response sets, "" for none.
func tokenIn(rec *httptest.ResponseRecorder) string {
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge >= 0 {
			return c.Value
		}
	}
	return ""
}

// found counts the sessions of a user.
func found(t testing.TB, m *shop.Sessions, user string) (n int) {
	t.Helper()
	for _, err := range m.FindByUserID(ctx, user) {
		must(t, err)
		n++
	}
	return n
}

// trips counts what a client sends: a command, or a pipeline, is a round trip.
type trips struct {
	mu  sync.Mutex
	log []string
}

func (h *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.note(cmd.Name())
		return next(ctx, cmd)
	}
}

func (h *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var names []string
		for _, cmd := range cmds {
			names = append(names, cmd.Name())
		}
		h.note(strings.Join(names, "+"))
		return next(ctx, cmds)
	}
}

func (h *trips) note(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, what)
}

// take returns what was sent since the last take.
func (h *trips) take() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.log = nil }()
	return strings.Join(h.log, " ")
}

// proxy passes connections on to a server, and cuts one where it is told to.
type proxy struct {
	addr string
	// cut is asked for each request that passes; if it says so, the request goes to
	// the server, whose answer is thrown away, and the connection is closed.
	cut atomic.Pointer[func(request string) bool]
	// lost is called after the server has answered what is cut.
	lost atomic.Pointer[func()]
}

func newProxy(t testing.TB, server string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	p := &proxy{addr: l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.pass(conn, server)
		}
	}()
	return p
}

// pass goes request by request, as the client waits for an answer before it
// sends the next one on a connection.
func (p *proxy) pass(client net.Conn, addr string) {
	defer client.Close()
	server, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer server.Close()
	request, answer := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := client.Read(request)
		if err != nil {
			return
		}
		cut := false
		if f := p.cut.Load(); f != nil {
			cut = (*f)(string(request[:n]))
		}
		if _, err := server.Write(request[:n]); err != nil {
			return
		}
		m, err := server.Read(answer)
		if err != nil {
			return
		}
		if cut {
			if f := p.lost.Load(); f != nil {
				(*f)()
			}
			return
		}
		if _, err := client.Write(answer[:m]); err != nil {
			return
		}
	}
}

// cutOnce cuts the next request that has all parts, and tells whether it has.
func (p *proxy) cutOnce(lost func(), parts ...string) (was func() bool) {
	var done atomic.Bool
	f := func(request string) bool {
		for _, part := range parts {
			if !strings.Contains(request, part) {
				return false
			}
		}
		return done.CompareAndSwap(false, true)
	}
	p.lost.Store(&lost)
	p.cut.Store(&f)
	return done.Load
}
