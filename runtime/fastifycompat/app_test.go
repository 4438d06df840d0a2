package fastifycompat_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
	"github.com/sessiongen/sessiongen/runtime/internal/peer/recorded"
)

type session = recorded.Session

// program is a Go program with one manager for each of its options.
type program struct {
	t        testing.TB
	mu       sync.Mutex
	now      time.Time
	logs     bytes.Buffer
	managers []*runtime.Sessions[session]
	options  []fastifycompat.Options
	tls      bool
}

// start returns a program, or the error of its start.
func start(t testing.TB, nowMS int64, options ...fastifycompat.Options) (*program, error) {
	p := &program{t: t, now: time.UnixMilli(nowMS), options: options}
	for _, o := range options {
		m, err := runtime.New[session](fastifycompat.New(o), runtime.Config{Now: p.clock, Logger: slog.New(slog.NewTextHandler(&p.logs, nil))})
		if err != nil {
			return nil, err
		}
		p.managers = append(p.managers, m)
	}
	p.logs.Reset() // what the options make it say at the start
	return p, nil
}

func mustStart(t testing.TB, nowMS int64, options ...fastifycompat.Options) *program {
	t.Helper()
	p, err := start(t, nowMS, options...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *program) setNow(ms int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = time.UnixMilli(ms)
}

// ask runs f as the handler of a request with cookies as in the header.
func (p *program) ask(cookies string, f func(...*session), headers ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var all []*session
		for _, m := range p.managers {
			all = append(all, m.Get(r))
		}
		f(all...)
	})
	for _, m := range p.managers {
		h = m.Middleware(h)
	}
	r := httptest.NewRequest("GET", "/", nil)
	if p.tls {
		r = httptest.NewRequest("GET", "https://example.com/", nil)
	}
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// setCookie is a Set-Cookie header, taken apart as the vectors have it.
type setCookie struct{ name, wire, attributes string }

func cut(line string) setCookie {
	pair, _, _ := strings.Cut(line, ";")
	name, wire, _ := strings.Cut(pair, "=")
	return setCookie{name, wire, line[len(pair):]}
}

func sent(w *httptest.ResponseRecorder) (all []setCookie) {
	for _, line := range w.Header()["Set-Cookie"] {
		all = append(all, cut(line))
	}
	return all
}

// value is the value after percent-decoding.
func (c setCookie) value(t testing.TB) string {
	t.Helper()
	v, err := url.PathUnescape(c.wire)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
