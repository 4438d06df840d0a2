package storetest

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// netFaults are network stores that break one rule each.
var netFaults = []struct {
	name    string
	breaks  func(s *netStore)
	forget  bool // the server does not keep what the store claims is durable
	noticed []string
}{
	{"an outage is an empty store", func(s *netStore) {
		s.asks = func(c ctx, q question) (response, error) {
			r, err := s.ask(c, q)
			if err != nil && !verdict(err) {
				err = runtime.ErrNotFound
			}
			return r, err
		}
	}, false, []string{"OutageRefused", "OutageReset", "OutageSilence", "OutageOfSessions", "RestartUnderLoad", "RestartOfSessions"}},
	{"an outage is a success", func(s *netStore) {
		s.asks = func(c ctx, q question) (response, error) {
			r, err := s.ask(c, q)
			if err != nil && !verdict(err) && q.Op != "Load" {
				err = nil
			}
			return r, err
		}
	}, false, []string{"OutageRefused", "OutageReset", "OutageUnclear", "OutageCountsOnce", "RestartUnderLoad"}},
	{"contexts are ignored", func(s *netStore) { s.deaf = true }, false, []string{"OutageSilence", "OutageOfSessions"}},
	{"a store that has failed fails for ever", func(s *netStore) {
		var mu sync.Mutex
		var failure error
		s.asks = func(c ctx, q question) (response, error) {
			mu.Lock()
			defer mu.Unlock()
			if failure != nil {
				return response{}, failure
			}
			r, err := s.ask(c, q)
			if err != nil && !verdict(err) {
				failure = err
			}
			return r, err
		}
	}, false, []string{"OutageRefused", "RestartOfSessions"}},
	{"a write is tried again, whatever is there", func(s *netStore) {
		s.asks = func(c ctx, q question) (response, error) {
			r, err := s.ask(c, q)
			if err == nil || verdict(err) || q.Op != "Update" {
				return r, err
			}
			time.Sleep(5 * time.Millisecond)
			there, err := s.ask(c, question{Op: "Load", Key: q.Key})
			if err != nil {
				return there, err
			}
			q.Old.Stamp = there.Record.Stamp
			return s.ask(c, q)
		}
	}, false, []string{"OutageCountsOnce"}},
	{"the index is written after the record", func(s *netStore) {
		s.asks = func(c ctx, q question) (response, error) {
			index := q.New.Index
			if q.Op != "Create" || index == nil {
				return s.ask(c, q)
			}
			q.New.Index = nil
			if r, err := s.ask(c, q); err != nil {
				return r, err
			}
			q.Op, q.Old, q.New.Index = "Update", runtime.Record{Stamp: q.New.Stamp}, index
			return s.ask(c, q)
		}
	}, false, []string{"OutageUnclear"}},
	{"a durable store forgets", func(*netStore) {}, true, []string{"RestartUnderLoad", "RestartOfSessions"}},
	{"records end with their store", func(s *netStore) { s.place += strconv.FormatInt(time.Now().UnixNano(), 10) }, false, []string{"Reopen"}},
	{"records are kept in a process", func(s *netStore) { s.place += strconv.Itoa(os.Getpid()) }, false, []string{"ProcessesShare", "ProcessKilled"}},
	{"conditions hold in a process", func(s *netStore) { s.lookThenWrite() }, false, []string{"ProcessesUpdate", "ProcessesContend", "ProcessesLogout", "SessionsLoseNothing"}},
	{"answers come before the writing", func(s *netStore) { s.writeBehind() }, false, []string{"ProcessKilled"}},
}

// oneProcess is a lock that other processes do not see.
var oneProcess sync.Mutex

// lookThenWrite has a store look whether a condition holds, and write then.
func (s *netStore) lookThenWrite() {
	s.asks = func(c ctx, q question) (response, error) {
		if q.Op != "Create" && q.Op != "Update" && q.Op != "Delete" {
			return s.ask(c, q)
		}
		oneProcess.Lock()
		defer oneProcess.Unlock()
		there, err := s.ask(c, question{Op: "Load", Key: q.Key})
		switch {
		case q.Op == "Create" && err == nil:
			err = runtime.ErrExists
		case q.Op == "Create" && errors.Is(err, runtime.ErrNotFound):
			err = nil
		case err == nil && q.Old.Stamp != 0 && q.Old.Stamp != there.Record.Stamp:
			err = runtime.ErrConflict
		}
		if err != nil {
			return response{}, err
		}
		time.Sleep(100 * time.Microsecond)
		if _, err := s.ask(c, question{Op: "Delete", Key: q.Key}); err != nil && !verdict(err) || q.Op == "Delete" {
			return response{}, nil
		}
		q.Op = "Create"
		if r, err := s.ask(c, q); !errors.Is(err, runtime.ErrExists) {
			return r, err
		}
		return response{}, nil
	}
}

// writeBehind has a store answer an update at once and send it a little later, or
// before its next call for the key.
func (s *netStore) writeBehind() {
	var mu sync.Mutex
	pending := make(map[string]question)
	flush := func(key string) {
		mu.Lock()
		defer mu.Unlock()
		if q, ok := pending[key]; ok {
			s.ask(context.Background(), q)
			delete(pending, key)
		}
	}
	s.asks = func(c ctx, q question) (response, error) {
		flush(q.Key)
		if q.Op != "Update" {
			return s.ask(c, q)
		}
		mu.Lock()
		defer mu.Unlock()
		pending[q.Key] = q
		time.AfterFunc(100*time.Millisecond, func() { flush(q.Key) })
		return response{}, nil
	}
}

// TestBrokenNetworkStores shows that no check of stores on a network, of several
// processes and of restarts is vain.
func TestBrokenNetworkStores(t *testing.T) {
	t.Parallel()
	all := slices.Concat(processChecks, outageChecks, restartChecks, durableChecks)
	var mu sync.Mutex
	vain := make(map[string]bool)
	for _, c := range all {
		vain[c.name] = true
	}
	all = append(all, sessionChecks...)
	t.Run("all", func(t *testing.T) {
		for _, fault := range netFaults {
			t.Run(fault.name, func(t *testing.T) {
				t.Parallel()
				var server *netServer
				addr := Once(t, "server", func() string {
					server = startNetServer(t)
					server.forget = fault.forget
					return server.addr
				})
				open := func(tb testing.TB, place, addr string) runtime.Store {
					s := openNetStore(tb, place, addr)
					fault.breaks(s)
					return s
				}
				factory := func(tb testing.TB, place string) runtime.Store { return open(tb, place, addr) }
				o := options{
					unit: 200 * time.Millisecond, exact: true, shared: true, processes: true, durable: true,
					server: addr, through: open, restart: func(tb testing.TB) { server.restart(tb) },
					patience: time.Second, limit: 200 * time.Millisecond,
				}
				if takePart(t, factory, &o) {
					return
				}
				for _, name := range fault.noticed {
					if noticed(t, all, name, factory, o) {
						mu.Lock()
						delete(vain, name)
						mu.Unlock()
					}
				}
			})
		}
	})
	if second() != nil {
		return
	}
	for name := range vain {
		t.Errorf("no broken store is noticed by %s", name)
	}
}

// noticed tells whether a check finds fault with a store, in one of several tries:
// one that runs goroutines does so only in some schedules.
func noticed(t *testing.T, all []check, name string, broken Factory, o options) bool {
	t.Helper()
	i := slices.IndexFunc(all, func(c check) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no check %s", name)
	}
	for range 50 {
		if found := failures(t, all[i], broken, o); len(found) > 0 {
			t.Logf("%s: %s", name, found[0])
			return true
		}
	}
	t.Errorf("%s does not notice", name)
	return false
}
