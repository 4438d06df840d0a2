package runtime_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

// TestServerSentEvents: a stream of twenty minutes, by the session's clock,
// saves what changes between events, sees what others change, keeps the session
// alive, and ends with the logout that another request does.
func TestServerSentEvents(t *testing.T) {
	a := newApp(t, nil, func(c *sess.Config) { c.IdleTimeout = 15 * time.Minute })
	next := make(chan struct{})
	defer close(next)
	srv := live(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
		w.Header().Set("Content-Type", "text/event-stream")
		s.AddVisits(1)
		w.(http.Flusher).Flush() // before the first write
		for range next {
			s.AddQty("events", 1)
			if err := s.Save(r.Context()); err != nil {
				fmt.Fprintf(w, "data: %v\n\n", err)
				return
			}
			fmt.Fprintf(w, "data: %d events, %d visits\n\n", s.Qty()["events"], s.Visits())
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}
	}), false)
	resp, err := srv.Client().Get(srv.URL)
	must(t, err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	event := func(want string) {
		t.Helper()
		select {
		case next <- struct{}{}:
		case <-time.After(20 * time.Second):
			t.Fatal("the stream has ended")
		}
		for lines.Scan() && lines.Text() == "" {
		}
		if got := lines.Text(); got != "data: "+want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if len(resp.Cookies()) != 1 {
		t.Fatalf("the first flush has no cookie: %v", resp.Header)
	}
	token := resp.Cookies()[0].Value
	for minute := 1; minute <= 20; minute++ {
		a.clock.advance(time.Minute)
		must(t, a.sessions.Update(ctx(), a.opened(token).ID(), func(s *shop.Session) error { s.AddVisits(1); return nil }))
		event(fmt.Sprintf("%d events, %d visits", minute, minute+1))
	}
	s := a.opened(token)
	if want := a.clock.Now().Add(15 * time.Minute); !s.ExpiresAt().Equal(want) {
		t.Errorf("ends %v, want %v", s.ExpiresAt(), want)
	}
	must(t, a.sessions.Destroy(ctx(), s.ID()))
	event(sess.ErrDestroyed.Error())
	if s := a.opened(token); s != nil {
		t.Errorf("after the logout the store has %v", s)
	}
}

// fromSpy is a server's writer that notes whether its ReadFrom is given files.
type fromSpy struct {
	http.ResponseWriter
	files *[]bool
}

func (w fromSpy) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w fromSpy) ReadFrom(src io.Reader) (int64, error) {
	what := src
	if limited, ok := src.(*io.LimitedReader); ok {
		what = limited.R
	}
	// What package net asks before it uses sendfile.
	_, file := what.(interface {
		fs.File
		io.Seeker
		syscall.Conn
	})
	*w.files = append(*w.files, file)
	return w.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
}

// TestFilesAreSentByTheServer: what serves files hands the server the file
// itself, for sendfile, and the session's cookie goes before it.
func TestFilesAreSentByTheServer(t *testing.T) {
	content := strings.Repeat("0123456789", 100_000)
	path := filepath.Join(t.TempDir(), "file.txt")
	must(t, os.WriteFile(path, []byte(content), 0o600))
	a := newApp(t, nil)
	open := func(w http.ResponseWriter) *os.File {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		return f
	}
	for name, c := range map[string]struct {
		serve  func(w http.ResponseWriter, r *http.Request)
		header string
	}{
		"ServeContent": {func(w http.ResponseWriter, r *http.Request) {
			f := open(w)
			defer f.Close()
			http.ServeContent(w, r, "file.txt", time.Time{}, f)
		}, ""},
		"ServeContent, a range": {func(w http.ResponseWriter, r *http.Request) {
			f := open(w)
			defer f.Close()
			http.ServeContent(w, r, "file.txt", time.Time{}, f)
		}, "bytes=10-19"},
		"ServeFile": {func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }, ""},
		"io.Copy": {func(w http.ResponseWriter, r *http.Request) {
			f := open(w)
			defer f.Close()
			io.Copy(w, f)
		}, ""},
	} {
		var files []bool
		h := a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.AddVisits(1)
			c.serve(w, r)
		})
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(fromSpy{w, &files}, r) }))
		r, err := http.NewRequest("GET", srv.URL, nil)
		must(t, err)
		want := content
		if c.header != "" {
			r.Header.Set("Range", c.header)
			want = "0123456789"
		}
		resp, err := srv.Client().Do(r)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		srv.Close()
		if string(body) != want || len(resp.Cookies()) != 1 {
			t.Errorf("%s: %d bytes, %v", name, len(body), resp.Header)
		}
		if len(files) != 1 || !files[0] {
			t.Errorf("%s: the server's ReadFrom is given files: %v", name, files)
		}
	}
}

// TestResponseController: deadlines and full duplex reach the server.
func TestResponseController(t *testing.T) {
	a := newApp(t, nil)
	for _, http2 := range []bool{false, true} {
		srv := live(t, a.handle(func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.AddVisits(1)
			rc := http.NewResponseController(w)
			if err := errors.Join(rc.SetReadDeadline(time.Now().Add(time.Minute)), rc.SetWriteDeadline(time.Now().Add(time.Minute)), rc.EnableFullDuplex()); err != nil {
				t.Error(err)
			}
			if r.URL.Path == "/late" {
				rc.SetReadDeadline(time.Now().Add(-time.Second))
				_, err := io.ReadAll(r.Body)
				fmt.Fprint(w, errors.Is(err, os.ErrDeadlineExceeded))
				return
			}
			lines := bufio.NewReader(r.Body)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				s.AddVisits(1)
				if err := s.Save(ctx()); err != nil {
					t.Error(err)
				}
				fmt.Fprintf(w, "%d %s", s.Visits(), line)
				if err := rc.Flush(); err != nil {
					t.Error(err)
				}
			}
		}), http2)
		token := a.stored(func(s *shop.Session) { s.SetVisits(0) })
		from, to := io.Pipe()
		r, err := http.NewRequest("POST", srv.URL, from)
		must(t, err)
		r.Header.Set("Cookie", "__Host-session="+token)
		sent := make(chan struct{})
		go func() {
			io.WriteString(to, "a\n")
			<-sent // the second line is written when the answer to the first has come
			io.WriteString(to, "b\n")
			to.Close()
		}()
		resp, err := srv.Client().Do(r)
		must(t, err)
		lines := bufio.NewReader(resp.Body)
		first, err := lines.ReadString('\n')
		must(t, err)
		close(sent)
		rest, err := io.ReadAll(lines)
		must(t, err)
		resp.Body.Close()
		if got := first + string(rest); got != "2 a\n3 b\n" {
			t.Errorf("http2=%v: %q", http2, got)
		}
		if got := a.opened(token).Visits(); got != 3 {
			t.Errorf("http2=%v: visits = %d", http2, got)
		}
		stuck, stick := io.Pipe()
		defer stick.Close()
		r, err = http.NewRequest("POST", srv.URL+"/late", stuck)
		must(t, err)
		resp, err = srv.Client().Do(r)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		if string(body) != "true" {
			t.Errorf("http2=%v: the read deadline has passed: %s", http2, body)
		}
	}
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
