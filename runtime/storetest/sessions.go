package storetest

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/storetest/internal/visit"
)

// site is an application over a store: a manager, and HTTP requests whose handlers
// are functions.
type site struct {
	k        *kit
	sessions *visit.Sessions
	url      string // "" without a server
	client   *http.Client

	acts   sync.Map // what the handler of a request does, by number
	number atomic.Int64
}

// answer is what a client gets.
type answer struct {
	status  int
	token   string // that the response sends, "" for none
	deletes bool   // it deletes the cookie
	known   bool   // the handler saw a session
}

// bound is a store that was bound already.
type bound runtime.Parts

func (b bound) Bind(runtime.Setup) (runtime.Parts, error) { return runtime.Parts(b), nil }

// sites returns n applications at the kit's place, each with a store of its own if
// stores share their records.
func (k *kit) sites(n int) []*site {
	k.Helper()
	all := make([]*site, n)
	for i := range all {
		parts := k.parts
		if i > 0 && k.shared {
			_, parts = k.open(k.factory)
		}
		all[i] = k.site(parts, runtime.DefaultStoreTimeout)
	}
	return all
}

// site returns an application over a bound store.
func (k *kit) site(parts runtime.Parts, limit time.Duration) *site {
	k.Helper()
	sessions, err := visit.NewSessions(bound(parts), runtime.Config{
		Now: k.clock.Now, StoreTimeout: limit, AllowMissingIndex: true, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		k.Fatalf("New: %v", err)
	}
	s := &site{k: k, sessions: sessions}
	if k.noServer {
		return s
	}
	server := httptest.NewServer(s)
	s.url, s.client = server.URL, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: stormClients}}
	k.Cleanup(func() {
		s.client.CloseIdleConnections()
		server.Close()
	})
	return s
}

// act is what the handler of a request does.
type act struct {
	do    func(*visit.Session)
	known bool
}

// ServeHTTP does what the request asks for by its number.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.sessions.Handler(func(_ http.ResponseWriter, r *http.Request, session *visit.Session) {
		if v, ok := s.acts.Load(r.URL.Query().Get("act")); ok {
			a := v.(*act)
			a.known = !session.IsNew()
			a.do(session)
		}
	}).ServeHTTP(w, r)
}

// send sends a request with a token, "" for none, and returns the answer.
func (s *site) send(token string, do func(*visit.Session)) answer {
	s.k.Helper()
	number := strconv.FormatInt(s.number.Add(1), 10)
	a := &act{do: do}
	s.acts.Store(number, a)
	defer s.acts.Delete(number)
	r, err := http.NewRequest(http.MethodGet, s.url+"/?act="+number, http.NoBody)
	if err != nil {
		s.k.Errorf("%v", err)
		return answer{}
	}
	if token != "" {
		r.Header.Set("Cookie", "__Host-session="+token)
	}
	var resp *http.Response
	if s.client == nil {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		resp = w.Result()
	} else if resp, err = s.client.Do(r); err != nil {
		s.k.Errorf("a request: %v", err)
		return answer{}
	}
	resp.Body.Close()
	got := answer{status: resp.StatusCode, known: a.known}
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 {
			got.deletes = true
		} else {
			got.token = c.Value
		}
	}
	return got
}

// login begins a session of a user and returns its token.
func (s *site) login(user string) string {
	s.k.Helper()
	a := s.send("", func(session *visit.Session) { session.SetUserID(user) })
	if a.status != http.StatusOK || a.token == "" {
		s.k.Fatalf("a login is answered with status %d and the token %q", a.status, a.token)
	}
	return a.token
}

// sees runs look on the session of a token, which must be there.
func (s *site) sees(token string, look func(*visit.Session)) {
	s.k.Helper()
	if a := s.send(token, look); a.status != http.StatusOK || !a.known {
		s.k.Errorf("a session that must be there is answered with status %d, known: %v", a.status, a.known)
	}
}

// wantDead complains if a token's session answers.
func (s *site) wantDead(token, why string) {
	s.k.Helper()
	if _, err := s.sessions.Open(s.k.ctx, token); !errors.Is(err, runtime.ErrNotFound) {
		s.k.Errorf("%s answers again: Open's error is %v", why, err)
	}
	if a := s.send(token, func(*visit.Session) {}); a.known || a.status != http.StatusOK {
		s.k.Errorf("%s answers again: status %d, known: %v", why, a.status, a.known)
	}
}
