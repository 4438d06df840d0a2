package sqlstore_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// TestMain is also the application that the tests of several processes start.
func TestMain(m *testing.M) {
	if spec := os.Getenv("SESSIONGEN_TEST_APP"); spec != "" {
		if err := application(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// application adds to the session of a token from several goroutines, and prints
// after each add that was answered what it has added.
func application(spec string) error {
	f := strings.Split(spec, "|")
	driver, dsn, name, token := f[0], f[1], f[2], f[3]
	dialect, _ := strconv.Atoi(f[4])
	clients, _ := strconv.Atoi(f[5])
	adds, _ := strconv.Atoi(f[6])
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(4)
	s := sqlstore.New(db, sqlstore.Dialect(dialect), sqlstore.Table(name), sqlstore.SweepEvery(20*time.Millisecond))
	defer s.Close()
	cfg := config()
	cfg.StoreTimeout = time.Minute
	m, err := shop.NewSessions(s, cfg)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for client := range clients {
		wg.Go(func() {
			for n := range adds {
				role := fmt.Sprintf("%d-%d-%d", os.Getpid(), client, n)
				rec := request(m, token, func(s *shop.Session) {
					s.AddVisits(1)
					s.AppendRoles(role)
				})
				mu.Lock()
				if rec.Code == http.StatusOK {
					fmt.Println(role)
				} else {
					fmt.Println("status", rec.Code, strings.TrimSpace(rec.Body.String()))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return nil
}

// process is an application in a process of its own.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func (e engine) start(t *testing.T, name, token string, clients, adds int) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("SESSIONGEN_TEST_APP=%s|%s|%s|%s|%d|%d|%d", e.driver, e.at(name), name, token, e.dialect, clients, adds))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &process{cmd, bufio.NewScanner(out)}
}

// read returns up to n lines that the process prints, all of them if n is 0.
func (p *process) read(n int) (lines []string) {
	for (n == 0 || len(lines) < n) && p.lines.Scan() {
		lines = append(lines, p.lines.Text())
	}
	return lines
}

// wantAnswered complains unless each change that was answered is in the session, once.
func wantAnswered(t *testing.T, m *shop.Sessions, token string, answered []string) {
	t.Helper()
	rec := request(m, token, func(s *shop.Session) {
		if s.IsNew() {
			t.Error("the session has gone")
			return
		}
		times := make(map[string]int)
		for _, role := range s.Roles() {
			times[role]++
		}
		lost := 0
		for _, role := range answered {
			if strings.HasPrefix(role, "status") {
				t.Errorf("a request was answered with %s", role)
			} else if times[role] != 1 {
				lost++
			}
		}
		if lost > 0 || s.Visits() != len(s.Roles()) {
			t.Errorf("%d of %d changes that were answered are not there once; %d visits, %d roles", lost, len(answered), s.Visits(), len(s.Roles()))
		}
	})
	if rec.Code != http.StatusOK {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}

// TestTwoProcesses: two processes on one session, for SQLite on one file, lose
// nothing.
func TestTwoProcesses(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s, _, name := e.store(t)
		m := manager(t, s, config())
		token := visitor(t, m, func(s *shop.Session) { s.SetVisits(0) })
		const clients, adds = 4, 20
		one, two := e.start(t, name, token, clients, adds), e.start(t, name, token, clients, adds)
		answered := append(one.read(0), two.read(0)...)
		if len(answered) != 2*clients*adds {
			t.Errorf("%d answers, want %d", len(answered), 2*clients*adds)
		}
		wantAnswered(t, m, token, answered)
	})
}

// TestKilledApplication: a process is killed in the middle of a storm. Each request
// that it has answered has its change in the session, also for a second process
// that goes on, and the tables are whole.
func TestKilledApplication(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		for range 2 {
			s, db, name := e.store(t)
			m := manager(t, s, config())
			token := visitor(t, m, func(s *shop.Session) { s.SetVisits(0) })
			killed, other := e.start(t, name, token, 4, 10_000), e.start(t, name, token, 2, 15)
			answered := killed.read(30)
			if err := killed.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			answered = append(answered, killed.read(0)...)
			answered = append(answered, other.read(0)...)
			if len(answered) < 60 {
				t.Errorf("%d answers", len(answered))
			}
			wantAnswered(t, m, token, answered)
			if e.dialect == sqlstore.SQLite {
				if got := rowsOf(t, db, "PRAGMA integrity_check"); got != "ok" {
					t.Error(got)
				}
			}
		}
	})
}
