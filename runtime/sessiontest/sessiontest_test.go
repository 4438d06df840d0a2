package sessiontest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
	"github.com/sessiongen/sessiongen/runtime/sessiontest"
)

func TestRequestAndAfter(t *testing.T) {
	for name, c := range map[string]struct {
		store  runtime.Store
		config runtime.Config
	}{
		"memory": {memstore.New(), runtime.Config{}},
		"cookie": {cookiestore.New(runtime.GenerateKey()), runtime.Config{AllowMissingIndex: true}},
		"bearer": {memstore.New(), runtime.Config{Transport: runtime.Bearer("")}},
	} {
		t.Run(name, func(t *testing.T) {
			sessions, err := shop.NewSessions(c.store, c.config)
			if err != nil {
				t.Fatal(err)
			}
			steps := map[string]func(*shop.Session){
				"read":   func(s *shop.Session) { s.Visits() },
				"add":    func(s *shop.Session) { s.AddVisits(1) },
				"login":  func(s *shop.Session) { s.SetUserID("u1") },
				"logout": func(s *shop.Session) { s.Destroy() },
			}
			want := map[string]string{"read": "2/", "add": "3/", "login": "2/u1", "logout": "0/"}
			for step, f := range steps {
				r := sessiontest.Request(t, sessions, httptest.NewRequest("GET", "/", nil), func(s *shop.Session) { s.SetVisits(2) })
				r.AddCookie(&http.Cookie{Name: "other", Value: "kept"})
				w := httptest.NewRecorder()
				sessions.Handler(func(_ http.ResponseWriter, r *http.Request, s *shop.Session) {
					if _, err := r.Cookie("other"); err != nil || s.IsNew() {
						t.Errorf("%s: cookie %v, new %v", step, err, s.IsNew())
					}
					f(s)
				}).ServeHTTP(w, r)
				s := sessiontest.After(t, sessions, r, w)
				if got := fmt.Sprintf("%d/%s", s.Visits(), s.UserID()); got != want[step] {
					t.Errorf("after %s: %s, want %s", step, got, want[step])
				}
			}
			r := sessiontest.Request(t, sessions, httptest.NewRequest("GET", "/", nil), nil)
			if len(r.Header) != 0 {
				t.Errorf("an empty session is carried: %v", r.Header)
			}
		})
	}
}

// The handler's test gives the request a session with two visits and looks at
// the session that the handler left.
func Example() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
	if err != nil {
		panic(err)
	}
	handler := sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) })

	test := func(t testing.TB) {
		r := sessiontest.Request(t, sessions, httptest.NewRequest("GET", "/visits", nil), func(s *shop.Session) { s.SetVisits(2) })
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(sessiontest.After(t, sessions, r, w).Visits())
	}
	test(&testing.T{})
	// Output: 3
}
