package runtime_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// leavings are the ways in which nobody is left to get a response's cookie.
var leavings = map[string]func(t *testing.T, h http.Handler, r *http.Request){
	"client leaves": func(t *testing.T, h http.Handler, r *http.Request) {
		left, leave := context.WithCancel(ctx())
		done := make(chan struct{})
		srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(done)
			leave()
			h.ServeHTTP(w, r)
		}), false)
		out, err := http.NewRequestWithContext(left, "GET", srv.URL, nil)
		must(t, err)
		out.Header = r.Header
		if resp, err := srv.Client().Do(out); err == nil {
			resp.Body.Close()
		}
		<-done
	},
	// Its handler runs on in a goroutine of its own.
	"http.TimeoutHandler": func(t *testing.T, h http.Handler, r *http.Request) {
		done := make(chan struct{})
		rec := newRecorder()
		http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(done)
			h.ServeHTTP(w, r)
		}), 10*time.Millisecond, "slow").ServeHTTP(rec, r)
		<-done
		if rec.Code != http.StatusServiceUnavailable || rec.Body.String() != "slow" || len(rec.Result().Cookies()) > 0 {
			t.Errorf("%d, %v, %s", rec.Code, rec.Header(), rec.Body)
		}
	},
}

// TestLoginWithoutClient: a new token that would reach nobody is not made, so
// that the client keeps the session that it has; a logout is done all the same.
func TestLoginWithoutClient(t *testing.T) {
	for leaving, leave := range leavings {
		for _, c := range []struct {
			name    string
			change  func(*shop.Session)
			refused bool
			visits  int    // of the client's token afterwards, -1 for no session
			user    string // who is logged in somewhere
		}{
			{"set", func(s *shop.Session) { s.AddVisits(1) }, false, 8, "u1"},
			{"login", func(s *shop.Session) { s.SetUserID("u2") }, true, 7, "u1"},
			{"renew", func(s *shop.Session) { s.Renew(); s.AddVisits(1) }, true, 7, "u1"},
			{"reauthenticate", func(s *shop.Session) { s.Reauthenticate() }, true, 7, "u1"},
			{"save of a login", func(s *shop.Session) {
				s.SetUserID("u2")
				if err := s.Save(ctx()); !errors.Is(err, sess.ErrNoClient) {
					panic(err)
				}
			}, true, 7, "u1"},
			{"logout", func(s *shop.Session) { s.Destroy() }, false, -1, ""},
			{"logout with a notice", func(s *shop.Session) { s.Destroy(); s.SetNotice("Bye") }, false, -1, ""},
			{"logout by clearing", func(s *shop.Session) { s.ClearUserID(); s.Renew() }, false, -1, ""},
			{"another user's login", func(s *shop.Session) { s.Destroy(); s.SetUserID("u2") }, true, -1, ""},
		} {
			t.Run(leaving+"/"+c.name, func(t *testing.T) {
				a := newApp(t, nil)
				b := a.browser()
				b.see(func(s *shop.Session) { s.SetUserID("u1"); s.SetVisits(7) })
				token := b.token()
				leave(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
					<-r.Context().Done()
					c.change(s)
					io.WriteString(w, "done")
				}), b.request())
				got, user := -1, ""
				if s := a.opened(token); s != nil {
					got = s.Visits()
				}
				for s, err := range a.sessions.List(ctx()) {
					must(t, err)
					user += s.UserID()
				}
				if got != c.visits || user != c.user {
					t.Errorf("visits %d, want %d; logged in %q, want %q", got, c.visits, user, c.user)
				}
				if text := a.logs.String(); strings.Contains(text, "client has gone") != c.refused {
					t.Errorf("log: %s", text)
				}
			})
		}
	}
}

// TestTimeoutHandler: outside of the middleware, where it belongs, and inside,
// a session is saved and told about by a handler that is fast enough.
func TestTimeoutHandler(t *testing.T) {
	for _, outside := range []bool{true, false} {
		a := newApp(t, nil)
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := w.(http.Flusher); ok {
				t.Error("what http.TimeoutHandler gives can't be flushed")
			}
			s := a.sessions.Get(r)
			s.AddVisits(1)
			http.SetCookie(w, &http.Cookie{Name: "theirs", Value: "1"})
			w.WriteHeader(http.StatusCreated)
			s.AddVisits(10) // saved as a late change
		})
		if outside {
			h = http.TimeoutHandler(a.sessions.Middleware(h), time.Minute, "slow")
		} else {
			h = a.sessions.Middleware(http.TimeoutHandler(h, time.Minute, "slow"))
		}
		srv := live(t, h, false)
		client := visitor(t, srv)
		resp, _ := get(t, client, srv.URL)
		if resp.StatusCode != http.StatusCreated || len(resp.Cookies()) != 2 {
			t.Errorf("outside=%v: %d %v", outside, resp.StatusCode, resp.Header)
		}
		get(t, client, srv.URL)
		for s, err := range a.sessions.List(ctx()) {
			if err != nil || s.Visits() != 22 {
				t.Errorf("outside=%v: stored %v, %v", outside, s, err)
			}
		}
	}
}

// TestExpiredContextOfAMiddleware: the same holds for a deadline that another
// middleware gave the request.
func TestExpiredContextOfAMiddleware(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(7) })
	gone, cancel := context.WithCancel(ctx())
	cancel()
	rec := httptest.NewRecorder()
	a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetUserID("u1") }).ServeHTTP(rec, b.request().WithContext(gone))
	if rec.Code != http.StatusServiceUnavailable || len(rec.Result().Cookies()) > 0 {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 7)
}
