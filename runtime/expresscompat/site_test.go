package expresscompat_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// spy is memstore that notes what it is asked, and fails when it is told to.
type spy struct {
	*memstore.Store
	runtime.Records
	mu    sync.Mutex
	calls []string
	fail  map[string]error
}

func (s *spy) Bind(setup runtime.Setup) (runtime.Parts, error) {
	parts, err := s.Store.Bind(setup)
	s.Records, parts.Records = parts.Records, s
	return parts, err
}

func (s *spy) note(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	return s.fail[call]
}

func (s *spy) Load(ctx context.Context, key string) (runtime.Record, error) {
	if err := s.note("load"); err != nil {
		return runtime.Record{}, err
	}
	return s.Records.Load(ctx, key)
}

func (s *spy) Create(ctx context.Context, key string, rec runtime.Record) error {
	return errors.Join(s.note("create"), s.Records.Create(ctx, key, rec))
}

func (s *spy) Update(ctx context.Context, key string, old, rec runtime.Record) error {
	return errors.Join(s.note("update"), s.Records.Update(ctx, key, old, rec))
}

func (s *spy) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	return errors.Join(s.note("touch"), s.Records.Touch(ctx, key, old, expires))
}

func (s *spy) Delete(ctx context.Context, key string, old runtime.Record) error {
	if err := s.note("delete"); err != nil {
		return err
	}
	return s.Records.Delete(ctx, key, old)
}

// took returns the calls since it was asked before.
func (s *spy) took() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := strings.Join(s.calls, " ")
	s.calls = nil
	return calls
}

// site is an application and one browser.
type site struct {
	t        *testing.T
	now      time.Time
	spy      *spy
	logs     *logs
	store    *expresscompat.Store
	sessions *live.Sessions
	cookie   string // what the browser sends
	id       string // of the session that the handler saw
}

func newSite(t *testing.T, o expresscompat.Options) *site {
	t.Helper()
	memory := memstore.New()
	t.Cleanup(func() { memory.Close() })
	if o.Secrets == nil {
		o.Secrets = []string{"keyboard cat"}
	}
	s := &site{t: t, now: time.UnixMilli(1773480413589), spy: &spy{Store: memory, fail: map[string]error{}}, logs: new(logs)}
	s.store = expresscompat.Over(s.spy, o)
	var err error
	s.sessions, err = live.NewSessions(s.store, runtime.Config{Now: func() time.Time { return s.now }, Logger: s.logs.logger()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// request is a request of the browser.
func (s *site) request(target string, headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.RequestURI = target
	if u, err := url.ParseRequestURI(target); err == nil {
		r.URL = u
	}
	if s.cookie != "" {
		r.Header.Set("Cookie", s.cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// do sends a request whose handler is f, and keeps the cookie of the response.
func (s *site) do(r *http.Request, f func(http.ResponseWriter, *http.Request, *live.Session)) *http.Response {
	s.t.Helper()
	s.spy.took()
	s.id = ""
	w := httptest.NewRecorder()
	s.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if session, ok := s.sessions.From(r.Context()); ok {
			s.id = session.ID()
			if f != nil {
				f(w, r, session)
			}
		}
	})).ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if c.Name == "connect.sid" {
			s.cookie = c.Name + "=" + c.Value
		}
	}
	return res
}

// see sends a request on "/" that runs f.
func (s *site) see(f func(*live.Session)) *http.Response {
	s.t.Helper()
	return s.do(s.request("/"), func(_ http.ResponseWriter, _ *http.Request, session *live.Session) {
		if f != nil {
			f(session)
		}
	})
}

// visit adds a visit.
func visit(s *live.Session) { s.AddVisits(1) }

// visits is what the browser's session has.
func (s *site) visits() int {
	s.t.Helper()
	n := 0
	s.see(func(session *live.Session) { n = session.Visits() })
	return n
}

// sent is the Set-Cookie line of a response, "" for none.
func sent(res *http.Response) string { return res.Header.Get("Set-Cookie") }

func (s *site) sends(res *http.Response, want bool) {
	s.t.Helper()
	if got := sent(res); (got != "") != want {
		s.t.Errorf("Set-Cookie %q, want one: %v", got, want)
	}
}

func (s *site) has(res *http.Response, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(sent(res)+";", part) {
			s.t.Errorf("Set-Cookie %q lacks %q", sent(res), part)
		}
	}
}

func (s *site) lacks(res *http.Response, parts ...string) {
	s.t.Helper()
	if sent(res) == "" {
		s.t.Error("no Set-Cookie")
	}
	for _, part := range parts {
		if strings.Contains(sent(res), part) {
			s.t.Errorf("Set-Cookie %q has %q", sent(res), part)
		}
	}
}

// called fails unless the store was asked exactly so by the request before.
func (s *site) called(want string) {
	s.t.Helper()
	if got := s.spy.took(); got != want {
		s.t.Errorf("the store was asked %q, want %q", got, want)
	}
}

// record is the stored text of the session that the last handler saw.
func (s *site) record() string {
	s.t.Helper()
	rec, err := s.spy.Records.Load(context.Background(), s.id)
	if err != nil {
		return ""
	}
	return string(rec.Data)
}
