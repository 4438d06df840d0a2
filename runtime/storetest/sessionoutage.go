package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/storetest/internal/visit"
)

// outageOfSessions is promise 4: while the store can't answer, requests fail; none
// is a new visitor, and none overwrites what is there.
func outageOfSessions(k *kit) {
	near := k.sites(1)[0]
	for _, fault := range []Fault{Refuse, ResetCommand, Silence} {
		proxy, parts := k.far()
		s := k.site(parts, k.limit)
		token := near.login("ann")
		s.sees(token, func(v *visit.Session) { v.AddVisits(1); v.AppendLog("before") })
		loaded, struck := make(chan struct{}), make(chan struct{})
		var flight answer
		var requests sync.WaitGroup
		requests.Go(func() {
			flight = s.send(token, func(v *visit.Session) {
				close(loaded)
				<-struck
				v.AddVisits(1)
				v.AppendLog("in flight")
			})
		})
		<-loaded
		proxy.Set(fault)
		close(struck)
		begin := time.Now()
		for range 8 {
			requests.Go(func() {
				a := s.send(token, func(v *visit.Session) {
					k.Errorf("a handler runs during an outage (%v), with a session that is new: %v", fault, v.IsNew())
				})
				if a.status != http.StatusServiceUnavailable || a.token != "" || a.deletes {
					k.Errorf("a request during an outage (%v) is answered with status %d, a cookie: %v", fault, a.status, a.token != "" || a.deletes)
				}
			})
		}
		done := make(chan struct{})
		go func() { requests.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(4*k.limit + min(grace, k.patience)): // the load of each, and its commit of at most twice the limit
			k.Errorf("requests during an outage (%v) do not end within their time limit of %v", fault, k.limit)
			proxy.Set(Nothing)
			<-done
		}
		if flight.status != http.StatusServiceUnavailable || flight.token != "" || flight.deletes {
			k.Errorf("a request in flight in an outage (%v) is answered with status %d, a cookie: %v", fault, flight.status, flight.token != "" || flight.deletes)
		}
		if fault == Silence {
			time.Sleep(time.Until(begin.Add(k.silence)))
		}
		proxy.Set(Nothing)
		k.recovers(parts.Records)
		s.sees(token, func(v *visit.Session) { v.AddVisits(1); v.AppendLog("after") })
		near.sees(token, func(v *visit.Session) {
			// The one in flight may have taken place, once.
			n := v.Visits()
			if (n != 2 && n != 3) || len(v.Log()) != n || v.Log()[0] != "before" || v.UserID() != "ann" {
				k.Errorf("after an outage (%v) the session has %d visits and the log %q", fault, n, v.Log())
			}
		})
	}
}

// outageCountsOnce is promise 11: connections break at any point of many requests,
// and whatever a client was told has taken place has, once; the rest at most once.
func outageCountsOnce(k *kit) {
	proxy, parts := k.far()
	_, other := k.open(func(tb testing.TB, place string) runtime.Store { return k.through(tb, place, proxy.Addr()) })
	sites := []*site{k.site(parts, 4*k.limit), k.site(other, 4*k.limit)}
	near := k.sites(1)[0]
	token := near.login("ann")
	stop := make(chan struct{})
	var chaos sync.WaitGroup
	chaos.Go(func() {
		for i := 0; ; i++ {
			switch {
			case i%40 == 39:
				proxy.Set(Refuse)
			case i%2 == 0:
				proxy.Once(LoseAnswer, rand.IntN(4))
			default:
				proxy.Once(ResetCommand, rand.IntN(4))
			}
			select {
			case <-stop:
				proxy.Set(Nothing)
				return
			case <-time.After(time.Duration(2+rand.IntN(10)) * time.Millisecond):
			}
		}
	})
	l := k.countOnce(sites, token, 8, 40)
	close(stop)
	chaos.Wait()
	k.recovers(parts.Records)
	l.check(near, token, "an outage")
}

// ledger is what clients know of what they added.
type ledger struct {
	k          *kit
	mu         sync.Mutex
	told       []string // that it has taken place
	unclear    []string
	mayForget  bool // the store does not claim to be durable
	seenAsGone int
}

// countOnce has clients add to one session, and notes what they are told.
func (k *kit) countOnce(sites []*site, token string, clients, requests int) *ledger {
	l := &ledger{k: k}
	together(clients, func(client int) {
		for request := range requests {
			l.add(sites[client%len(sites)], token, fmt.Sprintf("%d-%d", client, request))
		}
	})
	return l
}

// add sends a request that adds under a name of its own.
func (l *ledger) add(s *site, token, name string) {
	isNew := false
	a := s.send(token, func(v *visit.Session) {
		if isNew = v.IsNew(); isNew {
			return
		}
		v.AddVisits(1)
		v.AddCounts("all", 1)
		v.AppendLog(name)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.mayForget && (isNew || a.status == http.StatusConflict):
		l.seenAsGone++
	case isNew || a.token != "" || a.deletes:
		l.k.Errorf("a request in an outage is a new visitor: %v, or is sent a cookie: %v", isNew, a.token != "" || a.deletes)
	case a.status == http.StatusOK:
		l.told = append(l.told, name)
	case a.status == http.StatusServiceUnavailable:
		l.unclear = append(l.unclear, name)
	default:
		l.k.Errorf("a request in an outage is answered with status %d", a.status)
	}
}

// check compares the ledger with the session.
func (l *ledger) check(s *site, token, why string) {
	l.k.Helper()
	s.sees(token, func(v *visit.Session) {
		times := make(map[string]int)
		for _, name := range v.Log() {
			times[name]++
		}
		for _, name := range l.told {
			if times[name] != 1 && (times[name] > 1 || !l.mayForget) {
				l.k.Errorf("after %s, what a client was told is done is there %d times", why, times[name])
			}
			delete(times, name)
		}
		for _, name := range l.unclear {
			if times[name] > 1 {
				l.k.Errorf("after %s, what a client was told may be done is there %d times", why, times[name])
			}
			delete(times, name)
		}
		if len(times) > 0 {
			l.k.Errorf("after %s, the session has what no client has added", why)
		}
		if n := len(v.Log()); v.Visits() != n || v.Counts()["all"] != n {
			l.k.Errorf("after %s, commits are there in part: %d visits, %d counts, %d in the log", why, v.Visits(), v.Counts()["all"], n)
		}
	})
	l.k.Logf("%d requests were answered, %d could not be", len(l.told), len(l.unclear))
}

// returns waits until a site answers again.
func (l *ledger) returns(s *site, token string) {
	l.k.Helper()
	for end := time.Now().Add(l.k.patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err := s.sessions.Open(l.k.ctx, token); err == nil || errors.Is(err, runtime.ErrNotFound) {
			return
		}
	}
	l.k.Errorf("the session does not answer after the outage")
}
