package runtime_test

import (
	"bufio"
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
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

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
