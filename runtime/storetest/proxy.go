package storetest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Fault is what a [Proxy] does to what passes through it.
type Fault int

const (
	// Nothing is no fault: everything passes.
	Nothing Fault = iota
	// Refuse refuses new connections and resets those that are open.
	Refuse
	// Silence holds everything, both ways, and passes it when the fault is over,
	// as a server does that was paused: what its clients gave up waiting for is
	// done late.
	Silence
	// ResetCommand passes half of what a client sends and resets its connection.
	ResetCommand
	// LoseAnswer passes what a client sends; when the server has answered, it drops
	// the answer and resets the connection.
	LoseAnswer
)

func (f Fault) String() string {
	return [...]string{"no fault", "connections that are refused", "silence", "connections that are reset in a command", "answers that are lost"}[f]
}

// Proxy passes the bytes between clients and a server, until it is told to fail.
// Its methods may be called in parallel.
type Proxy struct {
	tb           testing.TB
	addr, server string
	work         sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	links    map[*link]bool
	fault    Fault
	once     bool // the fault ends when it has struck
	after    int  // how many pieces pass before
	delay    time.Duration
	over     chan struct{} // closed when the fault changes
	closed   bool
}

// NewProxy starts a proxy on a free port of this machine before the server at a TCP
// address. It ends with the test.
func NewProxy(tb testing.TB, server string) *Proxy {
	tb.Helper()
	p := &Proxy{tb: tb, addr: "127.0.0.1:0", server: server, links: make(map[*link]bool), over: make(chan struct{})}
	if err := p.listen(); err != nil {
		tb.Fatalf("proxy: %v", err)
	}
	p.addr = p.listener.Addr().String()
	tb.Cleanup(p.close)
	return p
}

// Addr is where clients reach the server, whatever the fault.
func (p *Proxy) Addr() string { return p.addr }

// Set has a fault strike from now on, [Nothing] none.
func (p *Proxy) Set(f Fault) { p.set(f, false, 0) }

// Once has ResetCommand or LoseAnswer strike once, after so many more pieces of
// what clients send, or of answers. A piece is what one read from a connection gives:
// usually what was written at once.
func (p *Proxy) Once(f Fault, after int) { p.set(f, true, after) }

// Delay has every piece wait from now on, 0 not.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

func (p *Proxy) set(f Fault, once bool, after int) {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.over)
	p.over = make(chan struct{})
	p.fault, p.once, p.after = f, once, after
	switch {
	case f == Refuse && p.listener != nil:
		p.listener.Close()
		p.listener = nil
		for l := range p.links {
			l.reset()
		}
	case f != Refuse && p.listener == nil && !p.closed:
		var err error
		for range 100 { // the port may be in use for a moment
			if err = p.listen(); err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		p.tb.Errorf("proxy: %v", err)
	}
}

// listen accepts connections at the proxy's address.
func (p *Proxy) listen() error {
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		return err
	}
	p.listener = l
	p.work.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { p.serve(client.(*net.TCPConn)) })
		}
	})
	return nil
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	if p.listener != nil {
		p.listener.Close()
	}
	if p.fault == Silence {
		p.fault = Nothing
	}
	close(p.over)
	p.over = make(chan struct{})
	for l := range p.links {
		l.reset()
	}
	p.mu.Unlock()
	p.work.Wait()
}

// link is one connection through the proxy.
type link struct{ client, server *net.TCPConn }

// reset ends the connection as a fault does. The server still gets what was sent
// to it, which a reset could take away.
func (l *link) reset() {
	l.client.SetLinger(0)
	l.client.Close()
	l.server.Close()
}

func (p *Proxy) serve(client *net.TCPConn) {
	server, err := net.DialTimeout("tcp", p.server, 10*time.Second)
	if err != nil {
		client.SetLinger(0)
		client.Close()
		return
	}
	l := &link{client, server.(*net.TCPConn)}
	p.mu.Lock()
	if p.closed || p.fault == Refuse {
		p.mu.Unlock()
		l.reset()
		return
	}
	p.links[l] = true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, l.client, l.server, ResetCommand) })
	both.Go(func() { p.pump(l, l.server, l.client, LoseAnswer) })
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
	l.client.Close()
	l.server.Close()
}

// pump passes what comes from one side to the other; breaking is the fault that
// strikes in this direction.
func (p *Proxy) pump(l *link, from, to *net.TCPConn, breaking Fault) {
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if p.strikes(breaking) {
				if breaking == ResetCommand {
					to.Write(buf[:n/2])
				}
				l.reset()
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				l.reset()
				return
			}
		}
		if err != nil {
			p.wait()
			to.CloseWrite()
			return
		}
	}
}

// strikes tells whether a piece meets the fault, after it has waited as long as
// it has to.
func (p *Proxy) strikes(breaking Fault) bool {
	p.wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.fault != breaking:
		return false
	case p.after > 0:
		p.after--
		return false
	case p.once:
		p.fault = Nothing
	}
	return true
}

// wait returns when the silence is over, if there is one.
func (p *Proxy) wait() {
	p.mu.Lock()
	delay := p.delay
	for p.fault == Silence {
		over := p.over
		p.mu.Unlock()
		<-over
		p.mu.Lock()
	}
	p.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
}
