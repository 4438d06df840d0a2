package runtime_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestPanics: a handler that panics saves nothing, but what it saved before or
// what was committed when its response began. A handler whose panic a
// middleware inside recovers has returned, and its changes are saved.
func TestPanics(t *testing.T) {
	for _, c := range []struct {
		name    string
		value   any
		h       func(w http.ResponseWriter, s *shop.Session)
		recover string // where a middleware recovers
		visits  int
		status  int // 0 for a connection that breaks
		cookie  bool
	}{
		{"before writing", "x", func(w http.ResponseWriter, s *shop.Session) { s.AddVisits(1) }, "", 7, 0, false},
		{"aborted before writing", http.ErrAbortHandler, func(w http.ResponseWriter, s *shop.Session) { s.AddVisits(1) }, "", 7, 0, false},
		{"after a Save", "x", func(w http.ResponseWriter, s *shop.Session) { s.AddVisits(1); s.Save(ctx()); s.AddVisits(10) }, "", 8, 0, false},
		{"after writing", "x", wrote, "", 8, 0, false},
		{"aborted after writing", http.ErrAbortHandler, wrote, "", 8, 0, false},
		{"recovered outside", "x", func(w http.ResponseWriter, s *shop.Session) { s.AddVisits(1) }, "outside", 7, 500, false},
		{"recovered outside after a saved login", "x", func(w http.ResponseWriter, s *shop.Session) { s.SetUserID("u1"); s.Save(ctx()) }, "outside", -1, 500, true},
		{"recovered inside", "x", func(w http.ResponseWriter, s *shop.Session) { s.AddVisits(1) }, "inside", 8, 500, false},
		{"recovered inside after a login", "x", func(w http.ResponseWriter, s *shop.Session) { s.SetUserID("u1") }, "inside", -1, 500, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newApp(t, nil)
			token := a.stored(func(s *shop.Session) { s.SetVisits(7) })
			recovering := func(where string, next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						if c.recover == where && recover() != nil {
							http.Error(w, "sorry", http.StatusInternalServerError)
						}
					}()
					next.ServeHTTP(w, r)
				})
			}
			srv := live(t, recovering("outside", a.sessions.Middleware(recovering("inside", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.h(w, a.sessions.Get(r))
				panic(c.value)
			})))), false)
			r, err := http.NewRequest("GET", srv.URL, nil)
			must(t, err)
			r.Header.Set("Cookie", "__Host-session="+token)
			resp, err := srv.Client().Do(r)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			switch {
			case (err != nil) != (c.status == 0):
				t.Errorf("response %v, %v", resp, err)
			case c.status == 0:
			case resp.StatusCode != c.status || (len(resp.Cookies()) > 0) != c.cookie:
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
			got := -1
			if s := a.opened(token); s != nil {
				got = s.Visits()
			}
			if got != c.visits {
				t.Errorf("visits = %d, want %d", got, c.visits)
			}
			if c.cookie {
				if s := a.opened(resp.Cookies()[0].Value); s == nil || s.UserID() != "u1" || s.Visits() != 7 {
					t.Errorf("the new token opens %v", s)
				}
			}
		})
	}
}

func wrote(w http.ResponseWriter, s *shop.Session) {
	s.AddVisits(1)
	io.WriteString(w, "x")
	w.(http.Flusher).Flush()
	s.AddVisits(10)
}

// TestCopiedRequest: the session is found through every copy of the request and
// every context made from its own, and not where the context was replaced.
func TestCopiedRequest(t *testing.T) {
	type key struct{}
	a := newApp(t, nil)
	b := a.browser()
	b.do(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		derived, cancel := context.WithTimeout(context.WithValue(r.Context(), key{}, 1), time.Hour)
		defer cancel()
		shallow := *r
		for name, r := range map[string]*http.Request{
			"WithContext": r.WithContext(derived), "Clone": r.Clone(derived), "copy": &shallow,
			"WithoutCancel": r.WithContext(context.WithoutCancel(r.Context())),
		} {
			if a.sessions.Get(r) != s {
				t.Errorf("%s: another session", name)
			}
			a.sessions.Get(r).AddVisits(1)
		}
		if s, ok := a.sessions.From(r.Clone(context.Background()).Context()); ok {
			t.Errorf("a replaced context has the session %v", s)
		}
		// Handlers under the middleware get the request's session too.
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, inner *shop.Session) {
			if inner != s {
				t.Error("Handler under Middleware: another session")
			}
		}).ServeHTTP(w, r.Clone(derived))
	})
	b.sees("visits", func(s *shop.Session) any { return s.Visits() }, 4)
}

// TestGoroutineAfterReturn: a goroutine that outlives its handler may read what
// it has, and its Save is refused; the background has Update.
func TestGoroutineAfterReturn(t *testing.T) {
	for name, store := range map[string]sess.Store{"memory": newMemory(t), "sealed": cookiestore.New(sess.GenerateKey())} {
		a := newApp(t, store, allowMissingIndex)
		returned, result := make(chan struct{}), make(chan error, 3)
		h := a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.SetVisits(1)
			id := s.ID()
			go func() {
				<-returned
				s.SetVisits(s.Visits() + 1)
				result <- s.Save(ctx())
				result <- s.Reload(ctx())
				result <- a.sessions.Update(ctx(), id, func(s *shop.Session) error { s.AddVisits(10); return nil })
			}()
		})
		srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(returned)
			h.ServeHTTP(w, r)
		}), true)
		resp, _ := do(t, srv.Client(), "GET", srv.URL, "")
		for range 2 {
			if err := <-result; !errors.Is(err, sess.ErrEnded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		err, want := <-result, 11
		if name == "sealed" {
			want = 1
			if !errors.Is(err, sess.ErrStateless) {
				t.Errorf("%s: Update = %v", name, err)
			}
		} else if err != nil {
			t.Errorf("%s: Update = %v", name, err)
		}
		if got := a.opened(resp.Cookies()[0].Value).Visits(); got != want {
			t.Errorf("%s: visits = %d, want %d", name, got, want)
		}
	}
}
