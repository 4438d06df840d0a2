package storetest

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"iter"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// netStore is a store on a netServer, as an author of one writes it, with a pool of
// connections.
type netStore struct {
	addr, place string
	asks        func(ctx context.Context, q question) (response, error) // instead of ask, for broken ones
	deaf        bool                                                    // to contexts

	mu     sync.Mutex
	idle   []*netConn
	closed bool
}

type netConn struct {
	net.Conn
	out *bufio.Writer
	enc *gob.Encoder
	dec *gob.Decoder
}

func openNetStore(tb testing.TB, place, addr string) *netStore {
	s := &netStore{addr: addr, place: place}
	tb.Cleanup(func() { s.Close() })
	return s
}

func (s *netStore) Bind(runtime.Setup) (runtime.Parts, error) {
	if s.addr == "" {
		return runtime.Parts{}, errors.New("no address")
	}
	return runtime.Parts{Records: s}, nil
}

// conn returns an idle connection or a new one.
func (s *netStore) conn(ctx context.Context) (*netConn, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, err
	}
	c := &netConn{Conn: conn, out: bufio.NewWriterSize(conn, 1<<16), dec: gob.NewDecoder(bufio.NewReader(conn))}
	c.enc = gob.NewEncoder(c.out)
	return c, nil
}

// ask sends a question once and returns the response.
func (s *netStore) ask(ctx context.Context, q question) (response, error) {
	var r response
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return r, runtime.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	if s.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	q.Place = s.place
	c, err := s.conn(ctx)
	if err != nil {
		return r, fmt.Errorf("%s: %w", q.Op, err)
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	err = c.enc.Encode(q)
	if err == nil {
		err = c.out.Flush()
	}
	if err == nil {
		err = c.dec.Decode(&r)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		c.Close()
		s.drop()
		return r, fmt.Errorf("%s: %w", q.Op, errors.Join(ctx.Err(), err))
	}
	s.mu.Lock()
	s.idle = append(s.idle, c)
	s.mu.Unlock()
	if r.Failure != "" {
		return r, errors.New(r.Failure)
	}
	return r, verdicts[r.Verdict]
}

// drop closes the idle connections: what broke one may have broken all.
func (s *netStore) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.idle {
		c.Close()
	}
	s.idle = nil
}

func (s *netStore) do(ctx context.Context, q question) (response, error) {
	if s.asks != nil {
		return s.asks(ctx, q)
	}
	return s.ask(ctx, q)
}

func (s *netStore) Load(ctx context.Context, key string) (runtime.Record, error) {
	r, err := s.do(ctx, question{Op: "Load", Key: key})
	return r.Record, err
}

// The indexes nil and empty are different, which gob does not tell: an empty one
// is sent as one entry without a field.

func (s *netStore) Create(ctx context.Context, key string, new runtime.Record) error {
	_, err := s.do(ctx, question{Op: "Create", Key: key, New: explicit(new)})
	return err
}

func (s *netStore) Update(ctx context.Context, key string, old, new runtime.Record) error {
	_, err := s.do(ctx, question{Op: "Update", Key: key, Old: runtime.Record{Stamp: old.Stamp}, New: explicit(new)})
	return err
}

func explicit(r runtime.Record) runtime.Record {
	if r.Index != nil && len(r.Index) == 0 {
		r.Index = []runtime.IndexEntry{{}}
	}
	return r
}

func (s *netStore) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	_, err := s.do(ctx, question{Op: "Touch", Key: key, Old: runtime.Record{Stamp: old.Stamp}, Expires: expires})
	return err
}

func (s *netStore) Delete(ctx context.Context, key string, old runtime.Record) error {
	_, err := s.do(ctx, question{Op: "Delete", Key: key, Old: runtime.Record{Stamp: old.Stamp}})
	return err
}

func (s *netStore) Find(ctx context.Context, e runtime.IndexEntry) iter.Seq2[string, error] {
	return s.keys(ctx, question{Op: "Find", Entry: e})
}

func (s *netStore) List(ctx context.Context) iter.Seq2[string, error] {
	return s.keys(ctx, question{Op: "List"})
}

func (s *netStore) keys(ctx context.Context, q question) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r, err := s.do(ctx, q)
		for _, key := range r.Keys {
			if !yield(key, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func (s *netStore) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.drop()
	return nil
}

// TestRunNetwork is the whole kit on a store over a network, in two processes, with
// outages and restarts of its server.
func TestRunNetwork(t *testing.T) {
	t.Parallel()
	var server *netServer
	addr := Once(t, "server", func() string {
		server = startNetServer(t)
		return server.addr
	})
	open := func(tb testing.TB, place, addr string) runtime.Store { return openNetStore(tb, place, addr) }
	Run(t, func(tb testing.TB, place string) runtime.Store { return open(tb, place, addr) },
		RealTime(200*time.Millisecond), Exact(), Processes(), Network(addr, open), Durable(),
		Restart(func(tb testing.TB) { server.restart(tb) }))
}

// TestRestartThatForgets restarts a server that keeps nothing, as its store says.
func TestRestartThatForgets(t *testing.T) {
	t.Parallel()
	server := startNetServer(t)
	server.forget = true
	o := options{unit: 200 * time.Millisecond, shared: true, restart: server.restart}
	for _, c := range restartChecks {
		t.Run(c.name, func(t *testing.T) {
			c.run(newKit(t, func(tb testing.TB, place string) runtime.Store { return openNetStore(tb, place, server.addr) }, o))
		})
	}
}
