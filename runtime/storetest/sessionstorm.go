package storetest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/sessiongen/sessiongen/runtime/storetest/internal/visit"
)

// stormRequests is how many requests each of the stormClients sends.
const stormRequests = 50

// storm sends what n clients, from the first on, do to one session.
func (k *kit) storm(sites []*site, token string, first, n int) {
	together(n, func(i int) {
		client := first + i
		s := sites[i%len(sites)]
		for request := range stormRequests {
			name := fmt.Sprintf("%d-%d", client, request)
			a := s.send(token, func(v *visit.Session) {
				v.AddVisits(1)
				v.AddCounts("all", 1)
				switch request % 5 {
				case 0:
					v.AppendLog(name)
				case 1:
					v.PutMarks(fmt.Sprintf("%d of %d", request/10%2, client), name)
				case 2:
					v.AddCounts(fmt.Sprintf("of %d", client), 1)
				case 3:
					v.UpdateTeam(func(team string) string { return team + "." })
				case 4:
					v.SetTheme(name)
				}
			})
			if a.status != http.StatusOK || !a.known || a.token != "" || a.deletes {
				k.Errorf("a request of the storm is answered with status %d, known: %v, a new token: %v", a.status, a.known, a.token != "" || a.deletes)
				return
			}
		}
	})
}

// stormJob is the second process's half of the clients.
func stormJob(k *kit, j job, _ func(reply)) reply {
	k.storm(k.sites(2), j.Token, j.First, j.Number)
	return reply{}
}

// sessionsLoseNothing is promise 2 with many clients on one session, through two
// managers, and in two processes where the store can.
func sessionsLoseNothing(k *kit) {
	sites := k.sites(2)
	token := sites[0].login("ann")
	if k.processes {
		p := k.newProcess()
		p.begin(job{Name: "storm", Token: token, First: stormClients / 2, Number: stormClients / 2})
		k.storm(sites, token, 0, stormClients/2)
		p.wait(nil)
	} else {
		k.storm(sites, token, 0, stormClients)
	}
	const all, fifth = stormClients * stormRequests, stormClients * stormRequests / 5
	sites[0].sees(token, func(v *visit.Session) {
		logged := make(map[string]bool)
		for _, name := range v.Log() {
			logged[name] = true
		}
		own, marks := 0, 0
		for client := range stormClients {
			own += v.Counts()[fmt.Sprintf("of %d", client)]
			for half, last := range []int{stormRequests - 9, stormRequests - 19} {
				if v.Marks()[fmt.Sprintf("%d of %d", half, client)] == fmt.Sprintf("%d-%d", client, last+5) {
					marks++
				}
			}
		}
		for _, c := range []struct {
			what      string
			got, want int
		}{
			{"adds", v.Visits(), all}, {"adds under one key", v.Counts()["all"], all}, {"adds under keys", own, fifth},
			{"appends", len(v.Log()), fifth}, {"different appends", len(logged), fifth},
			{"last puts under a key", marks, 2 * stormClients}, {"updates", len(v.Team()), fifth},
		} {
			if c.got != c.want {
				k.Errorf("%s: %d are there of %d", c.what, c.got, c.want)
			}
		}
		// Of many sets the last one is there, and so it is its client's last one.
		if last := fmt.Sprintf("-%d", stormRequests-1); !strings.HasSuffix(v.Theme(), last) {
			k.Errorf("a set that its client has replaced is there: %q, want the request %s", v.Theme(), last)
		}
		if v.UserID() != "ann" {
			k.Errorf("the session is %q's after the storm", v.UserID())
		}
	})
}
