package runtime_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// FuzzCookieHeader sends any Cookie header: no panic, and nothing in it
// becomes a session's token but a token that was handed out.
func FuzzCookieHeader(f *testing.F) {
	for _, header := range []string{"", ";", "=", "__Host-session", "__Host-session=", "a=b; __Host-session=x; __Host-session=y", `__Host-session="x"`, "__Host-session=\x00", " __Host-session = x"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		a := newTestApp(t)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", header)
		w := newRecorder()
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
			if !s.IsNew() {
				t.Errorf("%q has a session", header)
			}
			s.SetVisits(1)
		}).ServeHTTP(w, r)
		if cookies := w.Result().Cookies(); w.Code != http.StatusOK || len(cookies) != 1 || len(cookies[0].Value) != 43 {
			t.Errorf("%q: %d, %v", header, w.Code, cookies)
		}
		// A good cookie is found among what else is there.
		r = httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{"a=b; " + w.Result().Cookies()[0].Name + "=" + w.Result().Cookies()[0].Value, header}
		a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
			if s.Visits() != 1 {
				t.Errorf("%q hides the cookie", header)
			}
		}).ServeHTTP(newRecorder(), r)
	})
}
