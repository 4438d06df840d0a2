package runtime_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// lives is what the model knows of one browser's session, the first, and of
// those that its requests began.
type lives struct {
	sealed bool
	alive  bool // the first session is
	first  content
	others []content
}

type content struct {
	user   string
	visits int
	notice bool
}

// sent is what a response does to the browser's cookie.
type sent string

const (
	silence  sent = "nothing"
	deletion sent = "a deletion"
	sameID   sent = "the first session again"
	newID    sent = "a new session"
)

// act is what a request does, and what that means for a session that is alive
// and for one that has ended since the request began, or before.
type act struct {
	name   string
	do     func(*shop.Session)
	commit func(m *lives, mine content, buried bool) (status int, cookie sent)
}

// renews is an act that gives the session a new id.
func renews(change func(*content), login bool, harmless bool) func(*lives, content, bool) (int, sent) {
	return func(m *lives, mine content, buried bool) (int, sent) {
		switch {
		case m.alive:
			c := m.first
			if m.sealed {
				c = mine
			}
			change(&c)
			m.alive = false
			m.others = append(m.others, c)
			return http.StatusOK, newID
		case login: // of its own, with nothing of the first
			var c content
			change(&c)
			m.others = append(m.others, c)
			return http.StatusOK, newID
		case buried && harmless:
			return http.StatusOK, silence
		}
		return http.StatusConflict, silence
	}
}

var acts = []act{
	{"read", func(s *shop.Session) { s.UserID() }, func(*lives, content, bool) (int, sent) { return http.StatusOK, silence }},
	{"add", func(s *shop.Session) { s.AddVisits(1) }, func(m *lives, mine content, _ bool) (int, sent) {
		if !m.alive {
			return http.StatusConflict, silence
		}
		m.first.visits++
		if m.sealed {
			return http.StatusOK, sameID
		}
		return http.StatusOK, silence
	}},
	{"max age", func(s *shop.Session) { s.SetMaxAge(time.Hour) }, func(m *lives, mine content, buried bool) (int, sent) {
		switch {
		case m.sealed:
			return renews(func(*content) {}, false, true)(m, mine, buried)
		case m.alive:
			return http.StatusOK, sameID
		case buried:
			return http.StatusOK, silence
		}
		return http.StatusConflict, silence
	}},
	{"renew", func(s *shop.Session) { s.Renew() }, renews(func(*content) {}, false, true)},
	{"reauthenticate", func(s *shop.Session) { s.Reauthenticate() }, renews(func(*content) {}, false, true)},
	{"login", func(s *shop.Session) { s.SetUserID("u2") }, renews(func(c *content) { c.user = "u2" }, true, true)},
	{"clear user", func(s *shop.Session) { s.ClearUserID() }, renews(func(c *content) { c.user = "" }, false, true)},
	{"logout", func(s *shop.Session) { s.Destroy() }, func(m *lives, _ content, buried bool) (int, sent) {
		m.alive = false
		if buried {
			return http.StatusOK, silence
		}
		return http.StatusOK, deletion
	}},
	{"logout and flash", func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") }, func(m *lives, _ content, buried bool) (int, sent) {
		m.alive = false
		if buried {
			return http.StatusOK, silence
		}
		m.others = append(m.others, content{notice: true})
		return http.StatusOK, newID
	}},
}

// TestModelOfLifecycles runs every two of these requests, and every three of the
// most different, in every order in which they load and commit, all with the
// same cookie. After each commit its response is what the model says; at the end
// the sessions that open are those of the model. It is promises 1 and 10, for
// records on the server and for sealed sessions with a revocation list.
func TestModelOfLifecycles(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		name := "records"
		if sealed {
			name = "sealed"
		}
		t.Run(name, func(t *testing.T) {
			memory := memstore.New(memstore.MaxRecords(1<<20), memstore.RejectWhenFull())
			defer memory.Close()
			var store sess.Store = memory
			if sealed {
				store = cookiestore.New(testKey).RevokeIn(memory)
			}
			a := newApp(t, store, allowMissingIndex)
			n := 0
			for _, first := range acts {
				for _, second := range acts {
					for _, schedule := range schedules(2) {
						n++
						liveThrough(t, a, sealed, schedule, first, second)
					}
				}
			}
			three := slices.DeleteFunc(slices.Clone(acts), func(x act) bool {
				return x.name == "read" || x.name == "reauthenticate" || x.name == "max age" || x.name == "clear user"
			})
			for _, first := range three {
				for _, second := range three {
					for _, third := range three {
						for i := n % 9; i < 90; i += 9 {
							n++
							liveThrough(t, a, sealed, schedules3[i], first, second, third)
						}
					}
				}
			}
			t.Logf("%d interleavings", n)
		})
	}
}

var schedules3 = schedules(3)

// liveThrough runs the requests in the order of schedule, and in the model.
func liveThrough(t *testing.T, a *app, sealed bool, schedule []int, requests ...act) {
	t.Helper()
	made, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u1"); s.SetVisits(1); return nil })
	must(t, err)
	token, id := a.sessions.Token(made), made.ID()
	m := &lives{sealed: sealed, alive: true, first: content{user: "u1", visits: 1}}
	names := func() (names []string) {
		for _, r := range requests {
			names = append(names, r.name)
		}
		return names
	}
	type flight struct {
		rec          *httptest.ResponseRecorder
		resume, done chan struct{}
		buried       bool
		mine         content
	}
	flights := make([]*flight, len(requests))
	var tokens []string // that began sessions, in the order of m.others
	for _, i := range schedule {
		if f := flights[i]; f == nil {
			f = &flight{newRecorder(), make(chan struct{}), make(chan struct{}), !m.alive, m.first}
			if sealed {
				f.mine = content{user: "u1", visits: 1} // what the first cookie holds
			}
			flights[i] = f
			loaded := make(chan struct{})
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Cookie", "__Host-session="+token)
			go func() {
				defer close(f.done)
				a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
					if s.IsNew() != f.buried {
						t.Errorf("%v in the order %v: request %d sees a session: %v", names(), schedule, i, !s.IsNew())
					}
					close(loaded)
					<-f.resume
					requests[i].do(s)
				}).ServeHTTP(f.rec, r)
			}()
			<-loaded
			continue
		}
		f := flights[i]
		close(f.resume)
		<-f.done
		status, want := requests[i].commit(m, f.mine, f.buried)
		got := silence
		for _, c := range f.rec.Result().Cookies() {
			switch {
			case c.MaxAge < 0:
				got = deletion
			case c.Value == token:
				got = sameID
			default:
				got = newID
				if s, err := a.sessions.Open(ctx(), c.Value); sealed && err == nil && s.ID() == id {
					got = sameID
				}
				if got == newID {
					tokens = append(tokens, c.Value)
				}
			}
		}
		if f.rec.Code != status || got != want {
			t.Errorf("%v in the order %v: request %d got %d and %s, the model says %d and %s", names(), schedule, i, f.rec.Code, got, status, want)
		}
	}
	if len(tokens) != len(m.others) {
		t.Errorf("%v in the order %v: %d sessions began, the model says %d", names(), schedule, len(tokens), len(m.others))
		return
	}
	for i, want := range append([]content{m.first}, m.others...) {
		tok := token
		if i > 0 {
			tok = tokens[i-1]
		}
		s, err := a.sessions.Open(ctx(), tok)
		switch {
		case (err == nil) != (i > 0 || m.alive):
			t.Errorf("%v in the order %v: session %d: %v; the model says %v", names(), schedule, i, err, i > 0 || m.alive)
		case err == nil && !(sealed && i == 0): // whose first cookie holds what it held
			if got := (content{s.UserID(), s.Visits(), s.HasNotice()}); got != want {
				t.Errorf("%v in the order %v: session %d holds %v, the model says %v", names(), schedule, i, got, want)
			}
		}
	}
}
