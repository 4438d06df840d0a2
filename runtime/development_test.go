package runtime_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestDevelopmentIsQuietOnLocalhost: Development is made for localhost and for
// tests, where there is nothing to warn of.
func TestDevelopmentIsQuietOnLocalhost(t *testing.T) {
	for _, host := range []string{"", "localhost", "localhost:8080", "LocalHost:8080", "localhost.", "shop.localhost:8080",
		"127.0.0.1:8080", "127.9.9.9", "[::1]", "[::1]:8080", "[::ffff:127.0.0.1]:8080"} {
		if logs := developmentLogs(t, host); logs != "" {
			t.Errorf("a request for %q: %s", host, logs)
		}
	}
	// A test's request comes through no server, and is for example.com.
	a := newApp(t, nil, func(c *sess.Config) { c.Development = true })
	a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetVisits(1) }).
		ServeHTTP(newRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if a.logs.String() != "" {
		t.Errorf("a test: %s", a.logs)
	}
}

func TestDevelopmentWarnsOnceElsewhere(t *testing.T) {
	for _, host := range []string{"shop.example", "shop.example:8080", "localhost.example", "notlocalhost", "localhost.com:80",
		"192.168.1.7:8080", "0.0.0.0:8080", "[2001:db8::1]:8080", "127.0.0.1.example"} {
		logs := developmentLogs(t, host)
		if strings.Count(logs, "\n") != 1 || !strings.Contains(logs, "level=WARN") || !strings.Contains(logs, "Development") ||
			!strings.Contains(logs, strings.Trim(host, "[]")) {
			t.Errorf("two requests for %q: %q", host, logs)
		}
	}
}

// developmentLogs returns what a manager in Development logs of two requests
// for host, the server's own address if it is "".
func developmentLogs(t *testing.T, host string) string {
	t.Helper()
	a := newApp(t, nil, func(c *sess.Config) { c.Development = true })
	server := httptest.NewServer(a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetVisits(1) }))
	defer server.Close()
	for range 2 {
		r, err := http.NewRequest(http.MethodGet, server.URL, nil)
		must(t, err)
		if host != "" {
			r.Host = host
		}
		resp, err := server.Client().Do(r)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%q: status %d", host, resp.StatusCode)
		}
	}
	return a.logs.String()
}
