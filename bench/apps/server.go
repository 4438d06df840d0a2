package apps

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Server is an application that listens on a free port of this machine.
type Server struct {
	Name, Addr string

	between func(func())
	stop    func() error
	done    chan error
}

// Serve serves a by net/http.
func Serve(a *App) (*Server, error) {
	s := &http.Server{Handler: a.Mux(), ReadHeaderTimeout: 10 * time.Second}
	return listen(a.Name, func(f func()) { a.Between = f }, s.Serve, func() error { a.Close(); return s.Close() })
}

// ServeFiber serves f by its own server.
func ServeFiber(f *Fiber) (*Server, error) {
	return listen("fiber", func(between func()) { f.Between = between }, f.Serve, f.Close)
}

// ServeBare serves answers without a session.
func ServeBare() (*Server, error) {
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }), ReadHeaderTimeout: 10 * time.Second}
	return listen("net/http", func(func()) {}, s.Serve, s.Close)
}

func listen(name string, between func(func()), serve func(net.Listener) error, stop func() error) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Name: name, Addr: l.Addr().String(), between: between, stop: stop, done: make(chan error, 1)}
	go func() { s.done <- serve(l) }()
	return s, nil
}

// SetBetween sets what full requests do between reading and changing. No
// request may be in flight.
func (s *Server) SetBetween(f func()) { s.between(f) }

// Close ends the server.
func (s *Server) Close() error {
	err := s.stop()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Browser is a client of servers.
type Browser struct {
	client Client
	http   http.Client
}

// NewBrowser returns a browser without cookies.
func NewBrowser() *Browser {
	return &Browser{Client{map[string]string{}}, http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true},
		Timeout:   30 * time.Second,
	}}
}

// Copy returns a browser with the cookies of now and connections of its own.
func (b *Browser) Copy() *Browser {
	copied := NewBrowser()
	copied.client = *b.client.Copy()
	return copied
}

// Header is the browser's Cookie header.
func (b *Browser) Header() string { return b.client.Header() }

// Close ends the browser's connections.
func (b *Browser) Close() { b.http.CloseIdleConnections() }

// Get asks s for path and returns the answer's status and body. With keep it
// takes over cookies.
func (b *Browser) Get(s *Server, path string, keep bool) (int, string, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+s.Addr+path, nil)
	if err != nil {
		return 0, "", err
	}
	if header := b.Header(); header != "" {
		r.Header.Set("Cookie", header)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body := make([]byte, 64)
	n, _ := answer.Body.Read(body)
	if keep {
		b.client.Keep(answer.Cookies())
	}
	return answer.StatusCode, string(body[:n]), nil
}

// Visits asks for the number of visits.
func (b *Browser) Visits(s *Server) (int, error) {
	status, body, err := b.Get(s, "/visits", false)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(body)
	if err != nil {
		return 0, fmt.Errorf("%s: the visits were answered %d %q", s.Name, status, body)
	}
	return n, nil
}
