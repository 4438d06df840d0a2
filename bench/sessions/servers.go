package sessions

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/sessiongen/sessiongen/bench/apps"
	"github.com/sessiongen/sessiongen/bench/measure"
	"github.com/sessiongen/sessiongen/bench/table"
)

// servers measures full requests over HTTP on this machine, as a share of what
// net/http answers without a session. Each connection has a session of its own.
func servers(ctx context.Context, s size) ([]row, *table.Table, error) {
	var open []*apps.Server
	var lines []*connections
	end := func() (err error) {
		for _, c := range lines {
			c.close()
		}
		for _, server := range open {
			err = errors.Join(err, server.Close())
		}
		return err
	}
	var contenders []measure.Contender
	add := func(name string, server *apps.Server, err error) error {
		if err != nil {
			return err
		}
		open = append(open, server)
		c, err := connect(server, s.browsers)
		if err != nil {
			return err
		}
		lines = append(lines, c)
		contenders = append(contenders, measure.Contender{Name: name, Run: c.run})
		return nil
	}
	bare, err := apps.ServeBare()
	if err := add("net/http", bare, err); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	for _, c := range []struct {
		name string
		make func() (*apps.App, error)
	}{
		{"limit, memory", apps.MemoryLimit}, {"limit, sealed", apps.SealedLimit}, {"scs", apps.SCS},
		{"gorilla", apps.GorillaCookies}, {"ours, memory", apps.Memory}, {"ours, sealed", apps.Sealed},
	} {
		a, err := c.make()
		if err != nil {
			return nil, nil, errors.Join(err, end())
		}
		server, err := apps.Serve(a)
		if err := add(c.name, server, err); err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	fiber, err := apps.ServeFiber(apps.NewFiber())
	if err := add("fiber", fiber, err); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	r := measure.InTurns(ctx, s.rounds, 5*s.slice, contenders...)
	detail := &table.Table{Title: "Full requests over HTTP", Columns: []string{"server", "requests/s", "of net/http"}}
	share := map[string]float64{}
	for _, one := range r {
		share[one.Name] = r[0].Nanos / one.Nanos
		detail.Add(one.Name, fmt.Sprintf("%.0f", 1e9/one.Nanos), fmt.Sprintf("%.2f", share[one.Name]))
	}
	part := func(name string) string { return fmt.Sprintf("%.2f", share[name]) }
	return []row{{
		what: "HTTP, share of bare net/http, memory", limit: part("limit, memory"),
		peer: "scs " + part("scs") + ", fiber " + part("fiber"), ours: part("ours, memory"),
		bound: "0.70", holds: share["ours, memory"] >= 0.70,
	}, {
		what: "HTTP, share of bare net/http, sealed", limit: part("limit, sealed"),
		peer: "gorilla " + part("gorilla"), ours: part("ours, sealed"),
		bound: "0.60", holds: share["ours, sealed"] >= 0.60,
	}}, detail, end()
}

// connections are clients that send one request over and over and read no more
// of an answer than where it ends.
type connections struct{ lines []*line }

type line struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
}

// connect opens n connections to server, each with a session.
func connect(server *apps.Server, n int) (*connections, error) {
	c := &connections{}
	for range n {
		b := apps.NewBrowser()
		_, _, err := b.Get(server, "/login", true)
		b.Close()
		if err != nil {
			c.close()
			return nil, err
		}
		conn, err := net.Dial("tcp", server.Addr)
		if err != nil {
			c.close()
			return nil, err
		}
		request := "GET /full HTTP/1.1\r\nHost: bench.test\r\n"
		if header := b.Header(); header != "" {
			request += "Cookie: " + header + "\r\n"
		}
		c.lines = append(c.lines, &line{conn, bufio.NewReaderSize(conn, 8<<10), []byte(request + "\r\n")})
	}
	return c, nil
}

// run sends n requests, divided among the connections.
func (c *connections) run(n int) {
	var wg sync.WaitGroup
	for i, l := range c.lines {
		share := n / len(c.lines)
		if i < n%len(c.lines) {
			share++
		}
		wg.Go(func() {
			for range share {
				if err := l.ask(); err != nil {
					panic(err)
				}
			}
		})
	}
	wg.Wait()
}

// ask sends a request and reads the answer, which has no body.
func (l *line) ask() error {
	if _, err := l.conn.Write(l.request); err != nil {
		return err
	}
	for first := true; ; first = false {
		header, err := l.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(header, []byte("HTTP/1.1 204 ")) {
			return fmt.Errorf("answered %q", header)
		}
		if len(header) == 2 {
			return nil
		}
	}
}

func (c *connections) close() {
	for _, l := range c.lines {
		l.conn.Close()
	}
}
