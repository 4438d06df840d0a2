package main

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/testserver"
)

// visitor is a browser.
type visitor struct {
	t    *testing.T
	url  string
	http http.Client
}

// ask sends a form, or nothing with GET, and returns the page that it ends on.
func (v *visitor) ask(method, path string, form url.Values) string {
	v.t.Helper()
	r, err := http.NewRequest(method, v.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		v.t.Fatalf("%s %s: status %d: %s, %v", method, path, res.StatusCode, body, err)
	}
	return string(body)
}

// The login happens in Node, the visits in Go; both have one cart.
func TestBeside(t *testing.T) {
	program := testserver.Program([]string{"node"})
	if program == "" {
		testserver.Missing(t, "Node", "install Node 20 or later (apt-get install nodejs npm)")
	}
	if _, err := os.Stat("node/node_modules/@fastify/secure-session"); err != nil {
		testserver.Missing(t, "Node packages", "run npm ci in examples/beside-fastify/node")
	}
	keyFile := filepath.Join(t.TempDir(), "secret-key")
	key := make([]byte, 32)
	rand.Read(key)
	if err := os.WriteFile(keyFile, key, 0o600); err != nil {
		t.Fatal(err)
	}
	addr := testserver.FreeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PORT", port)
	testserver.Start(t, testserver.Settings{Program: program, Args: []string{"app.js", keyFile}, Dir: "node", Addr: addr})
	handler, err := newHandler(keyFile, "http://"+addr)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	front := &visitor{t: t, url: server.URL, http: http.Client{Jar: jar, Timeout: time.Minute}}
	back := &visitor{t: t, url: "http://" + addr, http: front.http} // before anything was moved, and after a rollback

	if page := back.ask("GET", "/visits", nil); page != "Node: visit 1 of undefined\n" {
		t.Error(page)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	if page := front.ask("POST", "/login", url.Values{"user": {"ann"}}); page != "Go: visit 2 of ann since "+today+", 0 in the cart\n" {
		t.Error(page)
	}
	front.ask("POST", "/cart", url.Values{"sku": {"a"}})
	var cart []map[string]any
	if err := json.Unmarshal([]byte(front.ask("GET", "/cart", nil)), &cart); err != nil || len(cart) != 1 || cart[0]["sku"] != "a" {
		t.Errorf("%v, %v", cart, err)
	}
	if page := back.ask("GET", "/visits", nil); page != "Node: visit 4 of ann\n" {
		t.Error(page)
	}
	front.ask("POST", "/logout", nil)
	if page := back.ask("GET", "/visits", nil); page != "Node: visit 2 of undefined\n" {
		t.Error(page)
	}
}
