package storetest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/sessiongen/sessiongen/runtime/storetest/internal/visit"
)

// late are the things that a request in flight may do to a session that was
// destroyed meanwhile.
var late = []struct {
	name  string
	login bool // it begins a session of its own
	do    func(*visit.Session)
}{
	{"a read", false, func(v *visit.Session) { v.UserID() }},
	{"an add", false, func(v *visit.Session) { v.AddVisits(1) }},
	{"an append", false, func(v *visit.Session) { v.AppendLog("late") }},
	{"a touch", false, func(v *visit.Session) { v.Touch() }},
	{"a renewal", false, func(v *visit.Session) { v.Renew() }},
	{"a renewal with a set", false, func(v *visit.Session) { v.Renew(); v.SetTheme("late") }},
	{"a new authentication", false, func(v *visit.Session) { v.Reauthenticate() }},
	{"a longer life", false, func(v *visit.Session) { v.SetMaxAge(48 * time.Hour) }},
	{"a login", true, func(v *visit.Session) { v.SetUserID("bob") }},
	{"a logout", false, func(v *visit.Session) { v.Destroy() }},
}

// logins is what the clients of one process do: each request has the newest token
// that the process knows, adds, renews, logs in or out, and looks at once whether what
// it destroyed is dead. Where it meets no session, it logs in. It returns the tokens that
// were issued and those whose session was ended.
func (k *kit) logins(sites []*site, token string, first, clients int) (issued, ended []string) {
	var mu sync.Mutex
	newest := token
	together(clients, func(i int) {
		client := first + i
		s := sites[i%len(sites)]
		for request := range 8 {
			mu.Lock()
			mine := newest
			mu.Unlock()
			kind := (client + request*3) % 8
			logout := false
			a := s.send(mine, func(v *visit.Session) {
				if kind%2 == 1 { // others come between its load and its commit
					time.Sleep(rand.N(2 * time.Millisecond))
				}
				switch {
				case v.IsNew():
					v.SetUserID("ann")
				case kind == 0 && client%2 == 0:
					v.Renew()
				case kind == 0:
					v.SetUserID(fmt.Sprintf("user %d", client))
				case kind == 2 || kind == 4 && client%4 == 0:
					logout = true
					v.Destroy()
					if client%2 == 0 {
						v.SetTheme("a new session")
					}
				case kind == 6:
					v.Touch()
				default:
					v.AddVisits(1)
					v.AppendLog("late")
				}
			})
			if a.status != http.StatusOK && a.status != http.StatusConflict {
				k.Errorf("a request of the storm is answered with status %d", a.status)
				return
			}
			if logout = logout && a.status == http.StatusOK; logout {
				s.wantDead(mine, "a session that was destroyed")
			}
			mu.Lock()
			if a.token != "" {
				issued = append(issued, a.token)
				newest = a.token
			}
			if logout || a.token != "" { // a new token ends what the old one was for
				ended = append(ended, mine)
			}
			mu.Unlock()
		}
	})
	return issued, ended
}

// loginsJob is the second process's part of the clients.
func loginsJob(k *kit, j job, _ func(reply)) reply {
	issued, ended := k.logins(k.sites(1), j.Token, j.First, j.Number)
	return reply{Issued: issued, Ended: ended}
}

var sessionChecks = []check{
	{"SessionsLoseNothing", sessionsLoseNothing},
	// Promise 1 for all that a request in flight may do, in each order in which two
	// of them may end.
	{"SessionsStayDestroyed", func(k *kit) {
		sites := k.sites(2)
		for i, first := range late {
			for j, second := range late {
				if (i+j)%3 != 0 && first.name != "a renewal" {
					continue // enough of the pairs; each of them comes with several others
				}
				token := sites[0].login("ann")
				sites[0].send(token, func(v *visit.Session) { v.AppendLog("of ann") })
				var loaded sync.WaitGroup
				loaded.Add(2)
				gone, next := make(chan struct{}), make(chan struct{})
				answers := make([]answer, 2)
				var requests sync.WaitGroup
				requests.Go(func() {
					defer close(next)
					arrive := sync.OnceFunc(loaded.Done)
					defer arrive() // if the handler does not run
					answers[0] = sites[0].send(token, func(v *visit.Session) { arrive(); <-gone; first.do(v) })
				})
				requests.Go(func() {
					arrive := sync.OnceFunc(loaded.Done)
					defer arrive()
					answers[1] = sites[1].send(token, func(v *visit.Session) { arrive(); <-gone; <-next; second.do(v) })
				})
				loaded.Wait()
				if a := sites[1].send(token, func(v *visit.Session) { v.Destroy() }); a.status != http.StatusOK {
					k.Errorf("the logout is answered with status %d", a.status)
				}
				close(gone)
				requests.Wait()
				for n, l := range []struct {
					name  string
					login bool
				}{{first.name, first.login}, {second.name, second.login}} {
					a := answers[n]
					if a.token != "" != l.login {
						k.Errorf("%s after the logout, of %s and %s: sends a token: %v, want %v", l.name, first.name, second.name, a.token != "", l.login)
					}
					if a.token != "" {
						sites[1].sees(a.token, func(v *visit.Session) {
							if v.UserID() != "bob" || len(v.Log()) > 0 {
								k.Errorf("the login after a logout has what was in the session before: %q, %q", v.UserID(), v.Log())
							}
						})
						sites[0].send(a.token, func(v *visit.Session) { v.Destroy() })
					}
				}
				for _, s := range sites {
					s.wantDead(token, fmt.Sprintf("after %s and %s, a destroyed session", first.name, second.name))
				}
			}
		}
	}},
	{"SessionsLogoutStorm", func(k *kit) {
		const rounds, clients = 12, 12
		sites := k.sites(2)
		var p *process
		if k.processes {
			p = k.newProcess()
		}
		var dead []string
		for range rounds {
			token := sites[0].login("ann")
			if p != nil {
				p.begin(job{Name: "logins", Token: token, First: clients, Number: clients / 2})
			}
			issued, ended := k.logins(sites, token, 0, clients)
			if p != nil {
				r := p.wait(nil)
				issued, ended = append(issued, r.Issued...), append(ended, r.Ended...)
			}
			if len(ended) == 0 {
				k.Errorf("of all the requests of the storm none has ended a session")
			}
			// What still answers is logged out now.
			for i, token := range append(issued, token) {
				if a := sites[i%2].send(token, func(v *visit.Session) { v.Destroy() }); a.status != http.StatusOK {
					k.Errorf("a logout is answered with status %d", a.status)
				}
			}
			dead = append(append(dead, ended...), append(issued, token)...)
		}
		for i, token := range dead {
			sites[i%2].wantDead(token, "after the storm, a destroyed session")
		}
		for s, err := range sites[0].sessions.List(k.ctx) {
			if err == nil {
				k.Errorf("after the storm a session is left that no client has a token of: %d visits of %q", s.Visits(), s.UserID())
			}
		}
	}},
}
