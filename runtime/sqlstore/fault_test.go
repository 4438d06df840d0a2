package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	goruntime "runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// servers runs f with a private server of each kind.
func servers(t *testing.T, f func(t *testing.T, e engine, p *testserver.Process)) {
	t.Run("PostgreSQL", func(t *testing.T) {
		p, dsn := testserver.StartPostgres(t)
		f(t, engine{dialect: sqlstore.PostgreSQL, driver: "pgx", dsn: dsn}, p)
	})
	t.Run("MySQL", func(t *testing.T) {
		p, dsn := testserver.StartMariaDB(t)
		f(t, engine{dialect: sqlstore.MySQL, driver: "mysql", dsn: dsn}, p)
	})
}

// migrated returns a store on a private server, which takes its tables with it.
func (e engine) migrated(t *testing.T) (*sqlstore.Store, *sql.DB) {
	t.Helper()
	s, db := e.second(t, table())
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, db
}

// storm sends requests that add to sessions until it is stopped.
type storm struct {
	m      *shop.Sessions
	tokens []string
	good   atomic.Int64 // requests that were answered with 200
	failed atomic.Int64 // with 503
	stop   atomic.Bool
	wg     sync.WaitGroup

	mu       sync.Mutex
	answered map[string][]string // by token
}

// begin has n clients send requests, on one session for every two of them.
func begin(t *testing.T, m *shop.Sessions, n int) *storm {
	st := &storm{m: m, answered: make(map[string][]string)}
	for range n / 2 {
		st.tokens = append(st.tokens, visitor(t, m, func(s *shop.Session) { s.SetVisits(0) }))
	}
	for client := range n {
		token := st.tokens[client%len(st.tokens)]
		st.wg.Go(func() {
			for i := 0; !st.stop.Load(); i++ {
				role := fmt.Sprintf("%d-%d", client, i)
				rec := request(m, token, func(s *shop.Session) {
					if s.IsNew() {
						t.Error("a request with a session is a new visitor's")
					}
					s.AddVisits(1)
					s.AppendRoles(role)
				})
				switch {
				case sent(rec) != "":
					t.Error("a request with a session gets a token")
				case rec.Code == http.StatusOK:
					st.good.Add(1)
					st.mu.Lock()
					st.answered[token] = append(st.answered[token], role)
					st.mu.Unlock()
				case rec.Code == http.StatusServiceUnavailable:
					st.failed.Add(1)
					time.Sleep(2 * time.Millisecond)
				default:
					t.Errorf("status %d: %s", rec.Code, rec.Body)
				}
			}
		})
	}
	return st
}

// answers waits until n more requests were answered.
func (st *storm) answers(t *testing.T, n int64) {
	t.Helper()
	eventually(t, "the service answers", func() bool { return st.good.Load() >= n })
}

// end stops the storm, and wants what was answered to be there.
func (st *storm) end(t *testing.T) {
	t.Helper()
	st.stop.Store(true)
	st.wg.Wait()
	for _, token := range st.tokens {
		wantAnswered(t, st.m, token, st.answered[token])
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestKilledServer: the server is killed under load and started again, several
// times. What was answered is there, no request was a new visitor's, and the
// service comes back by itself.
func TestKilledServer(t *testing.T) {
	servers(t, func(t *testing.T, e engine, p *testserver.Process) {
		s, _ := e.migrated(t)
		cfg := config()
		m := manager(t, s, cfg)
		st := begin(t, m, 6)
		for range 3 {
			st.answers(t, st.good.Load()+60)
			p.Kill()
			failed := st.failed.Load()
			eventually(t, "requests fail", func() bool { return st.failed.Load() > failed })
			p.Restart()
			good, at := st.good.Load(), time.Now()
			st.answers(t, good+1)
			t.Logf("answers again %v after the server; %d answered, %d failed so far", time.Since(at).Round(time.Millisecond), st.good.Load(), st.failed.Load())
		}
		st.answers(t, st.good.Load()+60)
		st.end(t)
	})
}

// TestPausedServer: a server that is silent for longer than the limit has requests
// fail within it. Neither connections nor goroutines pile up, and the service comes
// back with the server.
func TestPausedServer(t *testing.T) {
	servers(t, func(t *testing.T, e engine, p *testserver.Process) {
		const pool, clients, rounds = 4, 10, 4
		s, db := e.migrated(t)
		db.SetMaxOpenConns(pool)
		cfg := config()
		cfg.StoreTimeout = 250 * time.Millisecond
		var reported atomic.Pointer[error]
		cfg.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
			reported.Store(&err)
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		m := manager(t, s, cfg)
		var token string
		eventually(t, "a visitor comes", func() bool { // on a busy machine the limit is short
			token = sent(request(m, "", func(s *shop.Session) { s.SetVisits(0) }))
			return token != ""
		})
		before := goruntime.NumGoroutine()
		p.Pause()
		most := 0
		for range rounds {
			var wg sync.WaitGroup
			for range clients {
				wg.Go(func() {
					at := time.Now()
					rec := request(m, token, func(s *shop.Session) { s.AddVisits(1) })
					if rec.Code != http.StatusServiceUnavailable || sent(rec) != "" {
						t.Errorf("status %d, token %q", rec.Code, sent(rec))
					}
					if took := time.Since(at); took > 20*cfg.StoreTimeout {
						t.Errorf("a request fails after %v, the limit of a call is %v", took, cfg.StoreTimeout)
					}
				})
			}
			wg.Wait()
			most = max(most, goruntime.NumGoroutine())
			if n := db.Stats().OpenConnections; n > pool {
				t.Errorf("%d connections, the pool has %d", n, pool)
			}
		}
		// A few goroutines for each connection that is being closed or opened, but
		// none for each request.
		if grown := most - before; grown > 6*pool*rounds {
			t.Errorf("%d goroutines more than before, after %d requests", grown, clients*rounds)
		} else {
			t.Logf("%d goroutines more than before, after %d requests", grown, clients*rounds)
		}
		if err := reported.Load(); err == nil || !errors.Is(*err, runtime.ErrUnavailable) {
			t.Errorf("the error handler gets %v", err)
		}
		p.Resume()
		at := time.Now()
		eventually(t, "the service answers", func() bool {
			return request(m, token, func(s *shop.Session) { s.AddVisits(1) }).Code == http.StatusOK
		})
		t.Logf("answers again %v after the server", time.Since(at).Round(time.Millisecond))
		request(m, token, func(s *shop.Session) {
			if s.IsNew() {
				t.Error("the session has gone")
			}
		})
		eventually(t, "the goroutines end", func() bool { return goruntime.NumGoroutine() <= before+3*pool })
	})
}

// TestFull: a file at its bound refuses what does not fit, writes nothing of it, and
// goes on with what is there; there is room again after a sweep.
func TestFull(t *testing.T) {
	e := sqliteEngine(t)
	_, _, name := e.store(t)
	bounded := e
	bounded.dir, bounded.dsn = "", e.at(name)+"&_pragma=max_page_count(120)"
	s, db := bounded.second(t, name)
	m := manager(t, s, config())
	entry := runtime.IndexEntry{Field: "f"}
	soon := time.Now().Add(time.Hour)
	last := runtime.Record{Stamp: 1}
	n := 0
	var err error
	for ; n < 10_000; n++ {
		r := runtime.Record{Data: make([]byte, 3000), Stamp: uint64(n) + 1, Expires: soon, Index: []runtime.IndexEntry{entry}}
		if err = s.Create(t.Context(), fmt.Sprint("key", n), r); err != nil {
			break
		}
		last = r
	}
	if !errors.Is(err, runtime.ErrFull) {
		t.Fatalf("Create number %d: %v, want %v", n, err, runtime.ErrFull)
	}
	wantError(t, "Create", err, name, "nothing was written")
	if _, err := s.Load(t.Context(), fmt.Sprint("key", n)); !errors.Is(err, runtime.ErrNotFound) {
		t.Errorf("Load of what was refused: %v", err)
	}
	if rows, entries := count(t, db, name), count(t, db, name+"_index"); rows != n || entries != n {
		t.Errorf("%d records and %d entries, want %d", rows, entries, n)
	}
	key := fmt.Sprint("key", n-1)
	larger := runtime.Record{Data: make([]byte, 200_000), Stamp: 1 << 40, Expires: soon}
	if err := s.Update(t.Context(), key, last, larger); !errors.Is(err, runtime.ErrFull) {
		t.Errorf("Update: %v", err)
	}
	if got, err := s.Load(t.Context(), key); err != nil || got.Stamp != last.Stamp || len(got.Data) != len(last.Data) {
		t.Errorf("Load of what could not be replaced: %d bytes, %v", len(got.Data), err)
	}
	rec := request(m, "", func(s *shop.Session) { s.AppendRoles(strings.Repeat("x", 9000)) })
	if rec.Code != http.StatusServiceUnavailable || sent(rec) != "" {
		t.Errorf("a visitor who does not fit: status %d, token %q", rec.Code, sent(rec))
	}
	if err := s.Touch(t.Context(), key, last, time.Now().Add(-time.Second)); err != nil {
		t.Errorf("Touch: %v", err)
	}
	for i := range n - 1 {
		if err := s.Touch(t.Context(), fmt.Sprint("key", i), runtime.Record{Stamp: uint64(i) + 1}, time.Now().Add(-time.Second)); err != nil {
			t.Errorf("Touch: %v", err)
		}
	}
	if swept, err := s.Sweep(t.Context()); err != nil || swept != n {
		t.Errorf("Sweep: %d, %v", swept, err)
	}
	if err := s.Create(t.Context(), "again", last); err != nil {
		t.Errorf("Create after the sweep: %v", err)
	}
	if got := rowsOf(t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
}

// TestRestart: sessions survive a restart of the application, on SQLite too.
func TestRestart(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		_, _, name := e.store(t)
		first, db := e.second(t, name)
		token := visitor(t, manager(t, first, config()), func(s *shop.Session) { s.SetUserID("ann") })
		first.Close()
		db.Close()
		second, _ := e.second(t, name)
		request(manager(t, second, config()), token, func(s *shop.Session) {
			if s.UserID() != "ann" {
				t.Error("the session has gone")
			}
		})
	})
}
