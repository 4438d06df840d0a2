package runtime_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestHijackedTokenIsNotedInDevelopment: a token that only the hijacker's own
// response can carry is pointed out, unless a Save came before.
func TestHijackedTokenIsNotedInDevelopment(t *testing.T) {
	for _, c := range []struct{ development, save, note bool }{
		{true, false, true}, {true, true, false}, {false, false, false},
	} {
		a := newApp(t, nil, func(cfg *sess.Config) { cfg.Development = c.development })
		srv := httptest.NewServer(a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.SetVisits(1)
			if c.save {
				if err := s.Save(ctx()); err != nil {
					t.Error(err)
				}
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nSet-Cookie: %s\r\nContent-Length: 0\r\n\r\n", w.Header().Get("Set-Cookie"))
		}))
		resp, err := srv.Client().Get(srv.URL)
		must(t, err)
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		srv.Close()
		if s := a.opened(resp.Cookies()[0].Value); s == nil || s.Visits() != 1 {
			t.Errorf("%+v: stored %v", c, s)
		}
		if got := strings.Contains(a.logs.String(), "was hijacked before"); got != c.note {
			t.Errorf("%+v: log %s", c, a.logs)
		}
	}
}

// TestHijackedHandlerPanics: what was saved stands, the rest is not saved.
func TestHijackedHandlerPanics(t *testing.T) {
	a := newApp(t, nil)
	token := a.stored(func(s *shop.Session) { s.SetVisits(1) })
	ended := make(chan struct{})
	h := a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.AddVisits(1)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		s.AddVisits(10)
		if err := s.Save(ctx()); err != nil {
			t.Error(err)
		}
		s.AddVisits(100)
		panic(http.ErrAbortHandler)
	})
	srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		h.ServeHTTP(w, r)
	}), false)
	c := dial(t, srv)
	c.send("GET / HTTP/1.1", "Host: x", "Cookie: __Host-session="+token, "")
	if _, err := io.ReadAll(c.r); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	<-ended
	if got := a.opened(token).Visits(); got != 12 {
		t.Errorf("visits = %d", got)
	}
}

func TestHijackCommits(t *testing.T) {
	a := newApp(t, nil)
	client, url := a.serve(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		if r.URL.Path == "/read" {
			fmt.Fprint(w, s.Visits())
			return
		}
		s.AddVisits(1)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		s.AddVisits(1)
		if err := s.Save(ctx()); err != nil {
			t.Error(err)
		}
		conn.Close()
	}, false)
	get(t, client, url+"/read")
	token := func() string {
		made, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(40); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return a.sessions.Token(made)
	}()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nCookie: __Host-session=%s\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", token)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	io.Copy(io.Discard, conn)
	req, _ := http.NewRequest("GET", url+"/read", nil)
	req.Header.Set("Cookie", "__Host-session="+token)
	client.Jar = nil
	r, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, _ := io.ReadAll(r.Body); string(body) != "42" {
		t.Errorf("visits = %s", body)
	}
}
