package storetest

import (
	"bufio"
	"context"
	"encoding/gob"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// netServer is a small database server in this process, of records in memory by
// place. Its restart breaks all connections at once, as a crash does.
type netServer struct {
	tb     testing.TB
	addr   string
	forget bool // a restart loses everything

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	places   map[string]*memstore.Store
	work     sync.WaitGroup
}

// question and response are what passes over a connection.
type question struct {
	Op, Place, Key string
	Old, New       runtime.Record
	Expires        time.Time
	Entry          runtime.IndexEntry
}

type response struct {
	Record  runtime.Record
	Keys    []string
	Verdict int // the number of an error in verdicts, 0 for none
	Failure string
}

var verdicts = []error{nil, runtime.ErrNotFound, runtime.ErrExists, runtime.ErrConflict}

func startNetServer(tb testing.TB) *netServer {
	s := &netServer{tb: tb, addr: "127.0.0.1:0", conns: make(map[net.Conn]bool), places: make(map[string]*memstore.Store)}
	s.start()
	tb.Cleanup(func() {
		s.stop()
		for _, store := range s.places {
			store.Close()
		}
	})
	return s
}

func (s *netServer) start() {
	var l net.Listener
	var err error
	for range 100 { // the port may be in use for a moment
		if l, err = net.Listen("tcp", s.addr); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		s.tb.Fatal(err)
	}
	s.mu.Lock()
	s.addr, s.listener = l.Addr().String(), l
	s.mu.Unlock()
	s.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			stopped := s.listener != l
			if !stopped {
				s.conns[conn] = true
			}
			s.mu.Unlock()
			if stopped {
				conn.Close()
				return
			}
			s.work.Go(func() { s.serve(conn) })
		}
	})
}

func (s *netServer) stop() {
	s.mu.Lock()
	s.listener.Close()
	s.listener = nil
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

func (s *netServer) restart(testing.TB) {
	s.stop()
	if s.forget {
		for _, store := range s.places {
			store.Close()
		}
		clear(s.places)
	}
	time.Sleep(50 * time.Millisecond) // nobody listens for a while
	s.start()
}

func (s *netServer) serve(conn net.Conn) {
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	in, out := gob.NewDecoder(bufio.NewReader(conn)), bufio.NewWriter(conn)
	enc := gob.NewEncoder(out)
	for {
		var q question
		if in.Decode(&q) != nil {
			return
		}
		if enc.Encode(s.answer(q)) != nil || out.Flush() != nil {
			return
		}
	}
}

func (s *netServer) place(name string) *memstore.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places[name] == nil {
		s.places[name] = memstore.New(memstore.MaxRecords(1<<20), memstore.RejectWhenFull())
		if _, err := s.places[name].Bind(runtime.Setup{Now: time.Now}); err != nil {
			s.tb.Error(err)
		}
	}
	return s.places[name]
}

func (s *netServer) answer(q question) (r response) {
	ctx, store := context.Background(), s.place(q.Place)
	var err error
	switch q.Op {
	case "Load":
		r.Record, err = store.Load(ctx, q.Key)
	case "Create":
		err = store.Create(ctx, q.Key, q.New)
	case "Update":
		err = store.Update(ctx, q.Key, q.Old, q.New)
	case "Touch":
		err = store.Touch(ctx, q.Key, q.Old, q.Expires)
	case "Delete":
		err = store.Delete(ctx, q.Key, q.Old)
	case "Find", "List":
		seq := store.List(ctx)
		if q.Op == "Find" {
			seq = store.Find(ctx, q.Entry)
		}
		for key, e := range seq {
			if e != nil {
				err = e
				break
			}
			r.Keys = append(r.Keys, key)
		}
	}
	for i, v := range verdicts {
		if err == v {
			r.Verdict = i
			return r
		}
	}
	r.Failure = err.Error()
	return r
}
