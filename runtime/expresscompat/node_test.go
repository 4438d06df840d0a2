package expresscompat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
)

// settings are what testdata/node/server.js is told.
type settings struct {
	Port    string         `json:"port"`
	Redis   string         `json:"redis,omitempty"`
	Prefix  string         `json:"prefix,omitempty"`
	Nest    bool           `json:"nest,omitempty"`
	Session map[string]any `json:"session"`
}

// startNode starts the program in Node and returns its address; without Node or
// its packages the test is skipped.
func startNode(t testing.TB, s settings) (url string) {
	t.Helper()
	program := testserver.Program([]string{"node"})
	if program == "" {
		testserver.Missing(t, "Node", "install Node 20 or later (apt-get install nodejs npm)")
	}
	if _, err := os.Stat("testdata/node/node_modules/express-session"); err != nil {
		testserver.Missing(t, "Node packages", "run npm ci in runtime/expresscompat/testdata/node")
	}
	addr := testserver.FreeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	s.Port = port
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	testserver.Start(t, testserver.Settings{Program: program, Args: []string{"server.js", string(text)}, Dir: "testdata/node", Addr: addr})
	return "http://" + addr
}

// sharedRedis returns the server that the tests of this machine share, and a
// prefix that no other test has.
func sharedRedis(t testing.TB) (addr, prefix string, client *redis.Client) {
	t.Helper()
	addr = testserver.Redis(t)
	prefix = fmt.Sprintf("expresscompat-%d-%x:", os.Getpid(), rand.Uint64())
	client = redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() {
		ctx := context.Background()
		for keys := client.Scan(ctx, 0, prefix+"*", 100).Iterator(); keys.Next(ctx); {
			client.Del(ctx, keys.Val())
		}
		client.Close()
	})
	return addr, prefix, client
}

// step is one thing that a handler does with its session, on either side.
type step struct {
	Op    string `json:"op"`
	Key   string `json:"key,omitempty"`
	Value any    `json:"value,omitempty"`
}

// state is what a handler sees of its session after its steps.
type state struct {
	ID   string         `json:"id"`
	Data map[string]any `json:"data"`
}

// client is a browser that talks to any of the servers.
type client struct {
	t    testing.TB
	http http.Client
}

func newClient(t testing.TB) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, http: http.Client{Jar: jar, Timeout: time.Minute}}
}

// send sends steps and returns what the handler saw after them.
func (c *client) send(url string, steps ...step) (state, *http.Response) {
	c.t.Helper()
	s, res, err := c.try(url, steps...)
	if err != nil {
		c.t.Fatal(err)
	}
	return s, res
}

func (c *client) try(url string, steps ...step) (s state, res *http.Response, err error) {
	text, err := json.Marshal(steps)
	if err != nil {
		return s, nil, err
	}
	res, err = c.http.Post(url+"/steps", "application/json", bytes.NewReader(text))
	if err != nil {
		return s, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %s", url, res.StatusCode, body)
	}
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	return s, res, err
}

// rotate replaces the secrets of the program in Node.
func rotate(t testing.TB, url string, secrets []string) {
	t.Helper()
	text, _ := json.Marshal(secrets)
	res, err := http.Post(url+"/secrets", "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %d", res.StatusCode)
	}
}
