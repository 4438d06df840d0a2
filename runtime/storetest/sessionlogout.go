package storetest

import (
	"fmt"
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

// logins is what the clients of one process do to one session: they add, renew,
// log in and log out, each with the token that it knows, and look at once whether
// what they destroyed is dead. It returns the tokens that were issued and those
// whose session was destroyed.
func (k *kit) logins(sites []*site, token string, first, clients int) (issued, destroyed []string) {
	var mu sync.Mutex
	together(clients, func(i int) {
		client := first + i
		s, mine := sites[i%len(sites)], token
		for request := range 8 {
			kind := (client + request*3) % 8
			a := s.send(mine, func(v *visit.Session) {
				switch {
				case v.IsNew() && kind != 7:
				case kind == 0:
					v.Renew()
				case kind == 1:
					v.SetUserID(fmt.Sprintf("user %d", client))
				case kind == 2 && request > 2:
					v.Destroy()
				case kind == 3:
					v.Touch()
				case kind == 7 && request == 7:
					v.Destroy()
					v.SetTheme("a new session")
				default:
					v.AddVisits(1)
					v.AppendLog("of the first session")
				}
			})
			if a.status != http.StatusOK && a.status != http.StatusConflict {
				k.Errorf("a request of the storm is answered with status %d", a.status)
				return
			}
			logout := a.known && a.status == http.StatusOK && (kind == 2 && request > 2 || kind == 7 && request == 7)
			if logout {
				s.wantDead(mine, "a session that was destroyed")
			}
			mu.Lock()
			if logout {
				destroyed = append(destroyed, mine)
			}
			if a.token != "" && a.token != mine {
				issued = append(issued, a.token)
				destroyed = append(destroyed, mine) // renewed, which ends it as well
			}
			mu.Unlock()
			if a.token != "" {
				mine = a.token
			}
		}
	})
	return issued, destroyed
}

// loginsJob is the second process's part of the clients.
func loginsJob(k *kit, j job, _ func(reply)) reply {
	issued, destroyed := k.logins(k.sites(1), j.Token, j.First, j.Number)
	return reply{Issued: issued, Destroyed: destroyed}
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
			issued, destroyed := k.logins(sites, token, 0, clients)
			if p != nil {
				r := p.wait(nil)
				issued, destroyed = append(issued, r.Issued...), append(destroyed, r.Destroyed...)
			}
			if len(destroyed) == 0 {
				k.Errorf("of all the requests of the storm none has ended a session")
			}
			// What still answers is logged out now.
			for i, token := range append(issued, token) {
				if a := sites[i%2].send(token, func(v *visit.Session) { v.Destroy() }); a.status != http.StatusOK {
					k.Errorf("a logout is answered with status %d", a.status)
				}
			}
			dead = append(append(dead, destroyed...), append(issued, token)...)
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
