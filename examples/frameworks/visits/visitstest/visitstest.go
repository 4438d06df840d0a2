// Package visitstest tests the programs.
package visitstest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessiongen/sessiongen/examples/frameworks/visits"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// Check tests one of the programs over HTTP: it counts one visitor's requests,
// answers another one alike, and keeps what the framework does with errors.
func Check(t *testing.T, handler func(*visits.Sessions) http.Handler) {
	store := memstore.New()
	defer store.Close()
	sessions, err := visits.NewSessions(store, runtime.Config{Development: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler(sessions))
	defer server.Close()
	for range 2 {
		var cookies []*http.Cookie
		for _, want := range []string{"{\"visits\":1}\n", "{\"visits\":2}\n", "{\"visits\":3}\n"} {
			status, body, set := get(t, server.URL+"/visits", cookies)
			if status != http.StatusOK || body != want {
				t.Fatalf("answered %d %q, want %q", status, body, want)
			}
			if len(set) > 0 {
				cookies = set
			}
		}
		if len(cookies) != 1 {
			t.Errorf("the visitor has the cookies %v", cookies)
		}
	}
	if status, _, set := get(t, server.URL+"/nowhere", nil); status != http.StatusNotFound || len(set) > 0 {
		t.Errorf("a page that does not exist: %d, cookies %v", status, set)
	}
	if store.Len() != 2 {
		t.Errorf("%d sessions are stored, want 2", store.Len())
	}
}

func get(t *testing.T, url string, cookies []*http.Cookie) (int, string, []*http.Cookie) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body), answer.Cookies()
}
