package runtime_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	stdruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

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

// app is an application under test: a manager, its clock and its log.
type app struct {
	t        *testing.T
	sessions *shop.Sessions
	clock    *clock
	logs     *logs
	store    sess.Store
}

func newApp(t *testing.T, store sess.Store, change ...func(*sess.Config)) *app {
	t.Helper()
	if store == nil {
		store = newMemory(t)
	}
	a := &app{t: t, clock: newClock(), logs: &logs{}, store: store}
	cfg := sess.Config{Now: a.clock.Now, Logger: slog.New(slog.NewTextHandler(a.logs, nil))}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if a.sessions, err = shop.NewSessions(store, cfg); err != nil {
		t.Fatal(err)
	}
	return a
}

func newMemory(t *testing.T) *memstore.Store {
	s := memstore.New()
	t.Cleanup(func() { s.Close() })
	return s
}

// browser is a client with cookies; it believes every connection to be TLS.
type browser struct {
	app *app
	jar http.CookieJar
}

var origin = &url.URL{Scheme: "https", Host: "shop.test", Path: "/"}

func (a *app) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return &browser{a, jar}
}

// handler is an application's handler.
type handler = func(http.ResponseWriter, *http.Request, *shop.Session)

// do sends a request to h and returns the response.
func (b *browser) do(h handler) *httptest.ResponseRecorder {
	b.app.t.Helper()
	return b.finish(b.begin(h))
}

// see runs f on the session of a request that writes nothing.
func (b *browser) see(f func(*shop.Session)) *httptest.ResponseRecorder {
	b.app.t.Helper()
	return b.do(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { f(s) })
}

// flight is a request in flight: its handler has loaded the session and waits.
type flight struct {
	rec  *httptest.ResponseRecorder
	done chan struct{}
}

// begin sends a request and returns at once; finish waits for its response.
func (b *browser) begin(h handler) *flight {
	r := b.request()
	f := &flight{httptest.NewRecorder(), make(chan struct{})}
	go func() {
		defer close(f.done)
		b.app.sessions.Handler(h).ServeHTTP(f.rec, r)
	}()
	return f
}

func (b *browser) finish(f *flight) *httptest.ResponseRecorder {
	b.app.t.Helper()
	select {
	case <-f.done:
	case <-time.After(20 * time.Second):
		b.app.t.Fatal("the request does not end")
	}
	b.jar.SetCookies(origin, f.rec.Result().Cookies())
	return f.rec
}

func (b *browser) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, origin.String(), nil)
	for _, c := range b.jar.Cookies(origin) {
		r.AddCookie(c)
	}
	return r
}

// token returns the browser's token, "" for none.
func (b *browser) token() string {
	for _, c := range b.jar.Cookies(origin) {
		if strings.HasSuffix(c.Name, "session") {
			return c.Value
		}
	}
	return ""
}

func (b *browser) setToken(token string) {
	b.jar.SetCookies(origin, []*http.Cookie{{Name: "__Host-session", Value: token, Path: "/", Secure: true}})
}

// parallel runs first, whose session is loaded when meanwhile runs, and then
// lets it go on: the schedule in which the peers lose updates.
func (b *browser) parallel(first func(*shop.Session), meanwhile func()) *httptest.ResponseRecorder {
	b.app.t.Helper()
	loaded, resume := make(chan struct{}), make(chan struct{})
	f := b.begin(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
		close(loaded)
		<-resume
		first(s)
	})
	<-loaded
	meanwhile()
	close(resume)
	return b.finish(f)
}

func (b *browser) sees(what string, got func(*shop.Session) any, want any) {
	b.app.t.Helper()
	b.see(func(s *shop.Session) {
		if g := got(s); !equal(g, want) {
			b.app.t.Errorf("%s = %v, want %v", what, g, want)
		}
	})
}

func ctx() context.Context { return context.Background() }

// testApp is a manager over memory for tests that need no browser.
type testApp struct {
	sessions *shop.Sessions
	memory   *memstore.Store
}

func newTestApp(t testing.TB) testApp {
	memory := memstore.New()
	t.Cleanup(func() { memory.Close() })
	sessions, err := shop.NewSessions(memory, sess.Config{Now: newClock().Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return testApp{sessions, memory}
}

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	var m stdruntime.MemStats
	stdruntime.ReadMemStats(&m)
	return m.TotalAlloc
}
