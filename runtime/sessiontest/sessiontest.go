// Package sessiontest helps to test handlers that use sessions: a request gets
// a session with given fields, and a test looks at it afterwards, in a line each.
//
//	r := sessiontest.Request(t, sessions, httptest.NewRequest("GET", "/visits", nil),
//		func(s *shop.Session) { s.SetVisits(2) })
//	handler.ServeHTTP(w, r)
//	if got := sessiontest.After(t, sessions, r, w).Visits(); got != 3 { ... }
//
// It works through the manager's own handlers, with every store and transport.
// A test needs no real store: memstore.New() is one.
package sessiontest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Manager is what this package needs of a generated manager.
type Manager[T any] interface {
	Handler(f func(http.ResponseWriter, *http.Request, *T)) http.Handler
	Token(session *T) string
}

// Request stores a session that fill fills and returns r as the client sends it
// that has this session. It fails the test if the session can't be stored; one
// in which nothing is set is none.
func Request[T any](t testing.TB, m Manager[T], r *http.Request, fill func(*T)) *http.Request {
	t.Helper()
	w := httptest.NewRecorder()
	var session *T
	m.Handler(func(_ http.ResponseWriter, _ *http.Request, s *T) {
		session = s
		if fill != nil {
			fill(s)
		}
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if session == nil || w.Code != http.StatusOK {
		t.Fatalf("sessiontest: the session can't be stored: the manager answers %d %s", w.Code, w.Body)
	}
	return carry(m, r, w, session)
}

// After returns the session as the handler left it, for a test to look at: r is
// the request that the handler got and w its response.
func After[T any](t testing.TB, m Manager[T], r *http.Request, w *httptest.ResponseRecorder) *T {
	t.Helper()
	next := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, name := range []string{"Cookie", "Authorization"} {
		if lines := r.Header[name]; lines != nil {
			next.Header[name] = append([]string(nil), lines...)
		}
	}
	next = carry(m, next, w, nil)
	var session *T
	look := httptest.NewRecorder()
	m.Handler(func(_ http.ResponseWriter, _ *http.Request, s *T) { session = s }).ServeHTTP(look, next)
	if session == nil {
		t.Fatalf("sessiontest: the session can't be loaded: the manager answers %d %s", look.Code, look.Body)
	}
	return session
}

// bearerHeader is the response header of runtime.Bearer(""). A test of an
// application that names another one sets Authorization itself.
const bearerHeader = "Session-Token"

// carry adds to r what a client keeps of w: cookies, or the token of a Bearer
// transport, which is session's or, without one, the response header's.
func carry[T any](m Manager[T], r *http.Request, w *httptest.ResponseRecorder, session *T) *http.Request {
	got := w.Result().Cookies()
	kept := r.Cookies()
	r.Header.Del("Cookie")
	for _, c := range kept {
		if !set(got, c.Name) {
			r.AddCookie(c)
		}
	}
	for _, c := range got {
		if c.MaxAge >= 0 {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	token := w.Header().Get(bearerHeader)
	if session != nil && len(got) == 0 {
		token = m.Token(session)
	}
	switch _, said := w.Header()[bearerHeader]; {
	case token != "":
		r.Header.Set("Authorization", "Bearer "+token)
	case said:
		r.Header.Del("Authorization")
	}
	return r
}

func set(cookies []*http.Cookie, name string) bool {
	for _, c := range cookies {
		if c.Name == name {
			return true
		}
	}
	return false
}
