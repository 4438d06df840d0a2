package expresscompat_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime/expresscompat"
)

const (
	stormClients = 8
	stormAdds    = 25 // of each
)

// storm is a session that many clients use at once, on both sides.
type storm struct {
	t      *testing.T
	node   string
	goURL  string
	goSide *goSide
	first  *client
	client *redis.Client
}

func newStorm(t *testing.T) *storm {
	addr, prefix, client := sharedRedis(t)
	node := startNode(t, settings{Redis: addr, Prefix: prefix, Session: map[string]any{"secret": []string{"s"}}})
	g := startGo(t, []string{"s"}, prefix, func(secrets []string) *expresscompat.Store {
		return expresscompat.New(client, expresscompat.Options{Secrets: secrets, Prefix: prefix})
	})
	s := &storm{t: t, node: node, goURL: g.url, goSide: g, first: newClient(t), client: client}
	s.first.send(g.url, step{Op: "incr", Key: "visits"})
	return s
}

// same returns another connection of the same browser.
func (s *storm) same() *client {
	return &client{t: s.t, http: http.Client{Jar: s.first.http.Jar, Timeout: time.Minute}}
}

// times sends a step again and again, one after the other.
func (s *storm) times(wg *sync.WaitGroup, n int, url string, steps ...step) {
	c := s.same()
	wg.Go(func() {
		for range n {
			if _, _, err := c.try(url, steps...); err != nil {
				s.t.Error(err)
			}
		}
	})
}

// count is what a field holds in the end, as both sides say.
func (s *storm) count(name string) int {
	s.t.Helper()
	a, _ := s.first.send(s.node, stepRead)
	b, _ := s.first.send(s.goURL, stepRead)
	inNode, _ := a.Data[name].(float64)
	inGo, _ := b.Data[name].(float64)
	if inNode != inGo {
		s.t.Errorf("%s is %v in Node, %v in Go", name, inNode, inGo)
	}
	return int(inNode)
}

// While Node only reads, all that Go adds arrives.
func TestStormOfGoWritersAndNodeReaders(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	var wg sync.WaitGroup
	for range stormClients {
		s.times(&wg, stormAdds, s.goURL, step{Op: "incr", Key: "go"})
		s.times(&wg, stormAdds, s.node, step{Op: "wait", Value: 1})
	}
	wg.Wait()
	if got := s.count("go"); got != stormClients*stormAdds {
		t.Errorf("%d of Go's %d adds arrived", got, stormClients*stormAdds)
	}
}

// While both write, nothing that Node has stored is lost by Go: a counter that
// one client in Node counts up, request after request, is right in the end. What
// Go has added is lost where a request in Node that had begun before writes the
// session whole, which the log tells.
func TestStormOfWritersOnBothSides(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	var wg sync.WaitGroup
	for range stormClients {
		s.times(&wg, stormAdds, s.goURL, step{Op: "incr", Key: "go"})
	}
	const node = 2 * stormAdds
	s.times(&wg, node, s.node, step{Op: "incr", Key: "node"}, step{Op: "wait", Value: 1})
	wg.Wait()
	if got := s.count("node"); got != node {
		t.Errorf("%d of Node's %d increments are there: Go has lost some", got, node)
	}
	if got := s.count("visits"); got != 1 {
		t.Errorf("visits = %d", got)
	}
	inGo := s.count("go")
	t.Logf("Go: %d of %d adds are there, Node has overwritten the others; Node: all %d", inGo, stormClients*stormAdds, node)
}

// Among requests in Node alone most are lost, by its own design: the figure that
// the documentation gives.
func TestStormOfNodeAlone(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	var wg sync.WaitGroup
	for range stormClients {
		s.times(&wg, stormAdds, s.node, step{Op: "incr", Key: "node"}, step{Op: "wait", Value: 1})
	}
	wg.Wait()
	got := s.count("node")
	if got < 1 || got > stormClients*stormAdds {
		t.Errorf("node = %d", got)
	}
	t.Logf("Node alone: %d of %d increments are there", got, stormClients*stormAdds)
}

// A request in Go that was loaded before a request in Node and ends after it
// keeps what that one has stored.
func TestWritesInTurn(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	slow := s.same()
	done := make(chan state)
	go func() {
		got, _, err := slow.try(s.goURL, step{Op: "incr", Key: "go"}, step{Op: "hold"}, step{Op: "put", Key: "k", Value: 1})
		if err != nil {
			t.Error(err)
		}
		done <- got
	}()
	<-s.goSide.held
	s.first.send(s.node, step{Op: "set", Key: "extra", Value: "from Node"}, step{Op: "incr", Key: "node"}, step{Op: "put", Key: "n", Value: 2})
	s.goSide.release <- struct{}{}
	<-done
	got, _ := s.first.send(s.node, stepRead)
	want := map[string]any{"visits": 1, "go": 1, "node": 1, "extra": "from Node", "u": map[string]any{"k": 1, "n": 2}}
	a, _ := json.Marshal(got.Data)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}
