package redisstore_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
)

// storm is many clients that add to one session at once, by two managers, while
// something happens to the server.
type storm struct {
	t      testing.TB
	token  string
	m      []*shop.Sessions
	stop   chan struct{}
	wg     sync.WaitGroup
	done   atomic.Int64 // requests answered with 200
	failed atomic.Int64 // with 503
	pause  sync.RWMutex // held by requests, and by who wants none
}

// impatient is a configuration that gives up early.
func impatient(cfg *runtime.Config) { cfg.StoreTimeout = 500 * time.Millisecond }

func newStorm(t testing.TB, client redis.UniversalClient, clients int, change ...func(*runtime.Config)) *storm {
	t.Helper()
	return newStormOf(t, client, clients, nil, change...)
}

func newStormOf(t testing.TB, client redis.UniversalClient, clients int, options []redisstore.Option, change ...func(*runtime.Config)) *storm {
	t.Helper()
	options = append(options, redisstore.Prefix(place(t, client)))
	s := &storm{t: t, stop: make(chan struct{})}
	for range 2 {
		s.m = append(s.m, managerOf(t, redisstore.New(client, options...), change...))
	}
	s.token = begin(t, s.m[0], func(s *shop.Session) { s.SetVisits(0) })
	for i := range clients {
		s.wg.Go(func() {
			for {
				select {
				case <-s.stop:
					return
				default:
					s.request(i)
				}
			}
		})
	}
	return s
}

func (s *storm) request(i int) {
	s.pause.RLock()
	defer s.pause.RUnlock()
	rec := serveAs(s.m[i%2], s.token, func(session *shop.Session) {
		if session.IsNew() {
			s.t.Error("a request was treated as that of a new visitor")
		}
		session.AddVisits(1)
		session.AppendRoles(fmt.Sprint(i))
	})
	switch rec.Code {
	case http.StatusOK:
		s.done.Add(1)
	case http.StatusServiceUnavailable:
		s.failed.Add(1)
		time.Sleep(5 * time.Millisecond)
	default:
		s.t.Errorf("status %d", rec.Code)
	}
	if len(rec.Result().Cookies()) > 0 {
		s.t.Errorf("a response has the cookie %v", rec.Result().Cookies())
	}
}

// more waits until more requests were answered with 200.
func (s *storm) more(n int64) {
	s.t.Helper()
	until(s.t, "answer requests", func() bool { return s.done.Load() >= n })
}

// rest runs f while no request is in flight.
func (s *storm) rest(f func()) {
	s.pause.Lock()
	defer s.pause.Unlock()
	f()
}

// until waits until something is true, or fails after a minute.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the store does not %s", what)
		}
	}
}

// end ends the storm and wants each answered request's change to be there, once.
func (s *storm) end() {
	s.t.Helper()
	close(s.stop)
	s.wg.Wait()
	session, err := s.m[0].Open(ctx, s.token)
	must(s.t, err)
	done, failed := s.done.Load(), s.failed.Load()
	if n := int64(session.Visits()); n < done || n > done+failed {
		s.t.Errorf("%d visits; %d requests were answered, %d were not", n, done, failed)
	}
	if n := len(session.Roles()); n != session.Visits() {
		s.t.Errorf("%d visits and %d appended", session.Visits(), n)
	}
	s.t.Logf("%d requests answered, %d refused, %d visits", done, failed, session.Visits())
}

// TestStorm: 64 clients with 50 requests each, by two managers, lose nothing.
func TestStorm(t *testing.T) {
	const clients, requests = 64, 50
	client := connect(t, testserver.Redis(t))
	s := newStorm(t, client, 0)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for range requests {
				s.request(i)
			}
		})
	}
	wg.Wait()
	s.end()
	if n := s.done.Load(); n != clients*requests {
		t.Errorf("%d of %d requests were answered", n, clients*requests)
	}
}

// TestLogoutRaces: whatever is in flight when a session is destroyed, by updates,
// logins and renewals of two managers, it stays destroyed.
func TestLogoutRaces(t *testing.T) {
	client := connect(t, testserver.Redis(t))
	prefix := place(t, client)
	m := []*shop.Sessions{manager(t, client, prefix), manager(t, client, prefix)}
	for round := range 30 {
		token := begin(t, m[0], func(s *shop.Session) { s.SetUserID("u1") })
		var wg sync.WaitGroup
		var mu sync.Mutex
		var made []string
		for i := range 12 {
			wg.Go(func() {
				rec := serveAs(m[i%2], token, func(s *shop.Session) {
					switch {
					case s.IsNew():
					case i == round%12:
						s.Destroy()
					case i%3 == 0:
						s.Renew()
					default:
						s.AddVisits(1)
					}
				})
				if next := tokenIn(rec); next != "" {
					mu.Lock()
					made = append(made, next)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if s, err := m[1].Open(ctx, token); err == nil {
			t.Errorf("round %d: the session answers after its logout: %v", round, s)
		}
		live := 0
		for _, next := range made {
			if _, err := m[0].Open(ctx, next); err == nil {
				live++
			}
		}
		if live > 1 || live != found(t, m[0], "u1") {
			t.Errorf("round %d: %d of %d renewals are alive, %d sessions are found", round, live, len(made), found(t, m[0], "u1"))
		}
		n, err := m[0].DestroyByUserID(ctx, "u1")
		if err != nil || n != live || found(t, m[1], "u1") != 0 {
			t.Errorf("round %d: %d sessions destroyed, %v, of %d", round, n, err, live)
		}
	}
}

// The environment variable that makes the test binary an application.
const asApp = "SESSIONGEN_REDISSTORE_APP"

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // it reports each failed connection
	if spec := os.Getenv(asApp); spec != "" {
		application(strings.Fields(spec))
		return
	}
	os.Exit(m.Run())
}

// silent is a logger for the client.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// application adds to a session until it is killed, and prints a line after each
// request that was answered.
func application(spec []string) {
	addr, prefix, token := spec[0], spec[1], spec[2]
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	sessions := manager(exitTB{}, client, prefix)
	for i := range 8 {
		go func() {
			for {
				rec := serveAs(sessions, token, func(s *shop.Session) { s.AddVisits(1); s.AppendRoles(fmt.Sprint(i)) })
				fmt.Println(rec.Code)
			}
		}()
	}
	select {}
}

// exitTB ends an application whose manager can't be made.
type exitTB struct{ testing.TB }

func (exitTB) Helper() {}
func (exitTB) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

// TestKilledApplication kills applications in the middle of a storm: the change of
// each answered request is there, whole, once.
func TestKilledApplication(t *testing.T) {
	t.Parallel()
	addr := testserver.Redis(t)
	client := connect(t, addr)
	prefix := place(t, client)
	m := manager(t, client, prefix)
	token := begin(t, m, func(s *shop.Session) { s.SetVisits(0) })
	self, err := os.Executable()
	must(t, err)
	const rounds, applications, threads = 3, 2, 8
	var answered atomic.Int64
	for range rounds {
		var wg sync.WaitGroup
		for range applications {
			app := exec.Command(self)
			app.Env = append(os.Environ(), asApp+"="+strings.Join([]string{addr, prefix, token}, " "))
			app.Stderr = os.Stderr
			out, err := app.StdoutPipe()
			must(t, err)
			must(t, app.Start())
			wg.Go(func() {
				n := 0
				for lines := bufio.NewScanner(out); lines.Scan(); {
					if lines.Text() != "200" {
						t.Errorf("an application answers %s", lines.Text())
					}
					answered.Add(1)
					if n++; n == 100 {
						app.Process.Kill()
					}
				}
				app.Wait()
				if n < 100 {
					t.Errorf("an application ended after %d requests", n)
				}
			})
		}
		wg.Wait()
	}
	session, err := m.Open(ctx, token)
	must(t, err)
	n, least := int64(session.Visits()), answered.Load()
	if n < least || n > least+rounds*applications*threads || int(n) != len(session.Roles()) {
		t.Errorf("%d visits and %d appended; %d requests were answered", n, len(session.Roles()), least)
	}
	t.Logf("%d applications killed; %d requests answered, %d visits", rounds*applications, least, n)
}
