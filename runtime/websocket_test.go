package runtime_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// talk is one end of a websocket, whatever the library.
type talk interface {
	read() (string, error)
	write(text string) error
	close()
}

type coderTalk struct{ *coder.Conn }

func (c coderTalk) read() (string, error) {
	ctx, cancel := context.WithTimeout(ctx(), 20*time.Second)
	defer cancel()
	_, data, err := c.Conn.Read(ctx)
	return string(data), err
}

func (c coderTalk) write(text string) error {
	return c.Conn.Write(ctx(), coder.MessageText, []byte(text))
}

func (c coderTalk) close() { c.Conn.Close(coder.StatusNormalClosure, "") }

type gorillaTalk struct{ *gorilla.Conn }

func (c gorillaTalk) read() (string, error) {
	_, data, err := c.ReadMessage()
	return string(data), err
}

func (c gorillaTalk) write(text string) error {
	return c.WriteMessage(gorilla.TextMessage, []byte(text))
}

func (c gorillaTalk) close() { c.Close() }

// upgrades are the ways to open a websocket in a handler. coder/websocket and
// httputil.ReverseProxy send what is in the headers; gorilla/websocket hijacks
// before it writes them, and sends what it is given.
var upgrades = map[string]func(http.ResponseWriter, *http.Request, *shop.Session) (talk, error){
	"coder": func(w http.ResponseWriter, r *http.Request, _ *shop.Session) (talk, error) {
		c, err := coder.Accept(w, r, nil)
		return coderTalk{c}, err
	},
	"gorilla": func(w http.ResponseWriter, r *http.Request, s *shop.Session) (talk, error) {
		if err := s.Save(r.Context()); err != nil {
			return nil, err
		}
		c, err := new(gorilla.Upgrader).Upgrade(w, r, http.Header{"Set-Cookie": w.Header()["Set-Cookie"]})
		return gorillaTalk{c}, err
	},
}

// websocket dials srv with a token and returns the response to the upgrade.
func websocket(t *testing.T, srv *httptest.Server, token string) (talk, *http.Response, error) {
	t.Helper()
	h := http.Header{}
	if token != "" {
		h.Set("Cookie", "__Host-session="+token)
	}
	c, resp, err := coder.Dial(ctx(), srv.URL, &coder.DialOptions{HTTPClient: srv.Client(), HTTPHeader: h})
	if err != nil {
		return nil, resp, err
	}
	t.Cleanup(func() { c.CloseNow() })
	return coderTalk{c}, resp, nil
}

// chat answers each message with what came of it, until the client leaves.
func chat(t *testing.T, c talk, s *shop.Session) {
	for {
		text, err := c.read()
		if err != nil {
			return
		}
		switch text {
		case "add":
			s.AddVisits(1)
			err = s.Save(ctx())
		case "reload":
			err = s.Reload(ctx())
		case "login":
			s.SetUserID("u1")
			if err = s.Save(ctx()); err != nil {
				s.Reload(ctx())
			}
		case "late":
			s.AddVisits(1) // and no Save
		}
		if err := c.write(fmt.Sprintf("%d %v", s.Visits(), err)); err != nil {
			t.Error(err)
		}
	}
}

// TestWebsocket: a websocket begins with a commit, saves while it is open, sees
// what other requests change, and does not bring back what has been logged out.
func TestWebsocket(t *testing.T) {
	for name, upgrade := range upgrades {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, nil)
			ended := make(chan struct{}, 10)
			h := a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
				s.AddVisits(1)
				c, err := upgrade(w, r, s)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.close()
				chat(t, c, s)
			})
			srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r)
				ended <- struct{}{}
			}), false)
			say := func(c talk, text, want string) {
				t.Helper()
				if err := c.write(text); err != nil {
					t.Fatal(err)
				}
				if got, err := c.read(); err != nil || !strings.HasPrefix(got, want) {
					t.Errorf("%s: %q, %v, want %q", text, got, err, want)
				}
			}

			c, resp, err := websocket(t, srv, "")
			must(t, err)
			if len(resp.Cookies()) != 1 {
				t.Fatalf("a new visitor's upgrade: %v", resp.Header)
			}
			token := resp.Cookies()[0].Value
			if got := a.opened(token); got == nil || got.Visits() != 1 {
				t.Fatalf("at the upgrade the store has %v", got)
			}
			say(c, "add", "2 <nil>")
			must(t, a.sessions.Update(ctx(), a.opened(token).ID(), func(s *shop.Session) error { s.AddVisits(100); return nil }))
			say(c, "add", "103 <nil>")
			say(c, "login", "103 "+sess.ErrHeadersSent.Error())
			say(c, "late", "104 <nil>")
			a.clock.advance(sess.DefaultIdleTimeout - time.Hour)
			c.close()
			<-ended
			s := a.opened(token)
			if s == nil || s.Visits() != 104 || s.HasUserID() {
				t.Fatalf("after the websocket the store has %v: %s", s, a.logs)
			}
			if want := a.clock.Now().Add(sess.DefaultIdleTimeout); !s.ExpiresAt().Equal(want) {
				t.Errorf("the session ends %v, want %v: its last use was the websocket's end", s.ExpiresAt(), want)
			}

			// A logout while the websocket is open stands.
			c, resp, err = websocket(t, srv, token)
			must(t, err)
			if len(resp.Cookies()) != 0 {
				t.Errorf("the upgrade of a known visitor: %v", resp.Header)
			}
			must(t, a.sessions.Destroy(ctx(), s.ID()))
			say(c, "add", "106 "+sess.ErrDestroyed.Error())
			say(c, "reload", "106 "+sess.ErrNotFound.Error())
			c.close()
			<-ended
			if s := a.opened(token); s != nil {
				t.Errorf("after the logout the store has %v", s)
			}
		})
	}
}

// TestWebsocketReadsOnly: one that was open for hours and changed nothing writes
// nothing when it ends: no snapshot of what was loaded at its start.
func TestWebsocketReadsOnly(t *testing.T) {
	for name, upgrade := range upgrades {
		spy := &spyStore{Store: newMemory(t)}
		a := newApp(t, spy)
		token := a.stored(func(s *shop.Session) { s.SetVisits(7); s.SetLabels(map[string]string{"a": "1"}) })
		ended := make(chan struct{})
		h := a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.Labels()
			c, err := upgrade(w, r, s)
			if err != nil {
				t.Error(err)
				return
			}
			c.read()
		})
		srv := live(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			h.ServeHTTP(w, r)
		}), false)
		c, _, err := websocket(t, srv, token)
		must(t, err)
		must(t, a.sessions.Update(ctx(), a.opened(token).ID(), func(s *shop.Session) error { s.SetVisits(8); s.PutLabels("b", "2"); return nil }))
		spy.reset()
		c.write("bye")
		<-ended
		if spy.calls() != "" {
			t.Errorf("%s: at its end the store is asked: %s", name, spy.calls())
		}
		if s := a.opened(token); s.Visits() != 8 || len(s.Labels()) != 2 {
			t.Errorf("%s: the store has %v", name, s)
		}
	}
}

// TestWebsocketFailedCommit: an upgrade whose session can't be saved does not
// take place; the client gets the error handler's answer.
func TestWebsocketFailedCommit(t *testing.T) {
	for name, upgrade := range upgrades {
		spy := &spyStore{Store: newMemory(t)}
		a := newApp(t, spy)
		token := a.stored(func(s *shop.Session) { s.SetVisits(7) })
		spy.failing(always("Update", failure{err: errOutage}))
		srv := live(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.AddVisits(1)
			if _, err := upgrade(w, r, s); err == nil {
				t.Errorf("%s: the upgrade succeeds", name)
			}
		}), false)
		_, resp, err := websocket(t, srv, token)
		if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Upgrade") != "" {
			t.Errorf("%s: %v, %v", name, err, resp)
		}
	}
}

// TestWebsocketThroughAProxy: a handler that hands the upgrade to a backend
// sends its own cookie with the backend's answer.
func TestWebsocketThroughAProxy(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		kind, data, err := c.Read(ctx())
		if err != nil {
			t.Error(err)
		}
		c.Write(ctx(), kind, append(data, " back"...))
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	must(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	a := newApp(t, nil)
	srv := live(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		s.SetVisits(3)
		proxy.ServeHTTP(w, r)
	}), false)
	c, resp, err := websocket(t, srv, "")
	must(t, err)
	must(t, c.write("there and"))
	if got, err := c.read(); err != nil || got != "there and back" {
		t.Errorf("%q, %v", got, err)
	}
	if len(resp.Cookies()) != 1 || a.opened(resp.Cookies()[0].Value).Visits() != 3 {
		t.Errorf("the upgrade's headers: %v", resp.Header)
	}
}
