package runtime_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// quiet is the log of servers whose handlers panic on purpose.
var quiet = log.New(io.Discard, "", 0)

// live serves h over TLS, as a production server does.
func live(t *testing.T, h http.Handler, http2 bool) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = http2
	srv.Config.ErrorLog = quiet
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// visitor returns a client of srv that keeps cookies and follows no redirect.
func visitor(t *testing.T, srv *httptest.Server) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: srv.Client().Transport, Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// handle is the middleware over a handler that gets the session.
func (a *app) handle(h handler) http.Handler {
	return a.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(w, r, a.sessions.Get(r)) }))
}

// stored stores a session and returns its token.
func (a *app) stored(fill func(*shop.Session)) string {
	a.t.Helper()
	s, err := a.sessions.Create(ctx(), func(s *shop.Session) error { fill(s); return nil })
	if err != nil {
		a.t.Fatal(err)
	}
	return a.sessions.Token(s)
}

// opened returns the session of a token as it is stored now; it is nil if there is none.
func (a *app) opened(token string) *shop.Session {
	s, err := a.sessions.Open(ctx(), token)
	if err != nil {
		return nil
	}
	return s
}

// wire is a connection on which a test writes HTTP/1 itself.
type wire struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, srv *httptest.Server) *wire {
	t.Helper()
	conn, err := tls.Dial("tcp", srv.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &wire{conn, t, bufio.NewReader(conn)}
}

// send writes lines, each with the line break of HTTP.
func (c *wire) send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		c.t.Fatal(err)
	}
}

// response reads one response, which may be an informational one.
func (c *wire) response() (*http.Response, string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode < 200 {
		return resp, ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(body)
}

// do sends a request with a token, and returns the response with its whole body.
func do(t *testing.T, client *http.Client, method, url, token string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Cookie", "__Host-session="+token)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// eventually waits for what happens after a client has its response.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("does not happen: " + what)
		}
	}
}
