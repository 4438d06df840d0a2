package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
)

// TestBesideExpress logs in at Express, fills the cart in Go, looks from both, and
// goes the way back: nobody is logged out, and nothing is lost.
func TestBesideExpress(t *testing.T) {
	if testserver.Program([]string{"node"}) == "" {
		testserver.Missing(t, "Node", "install Node 20 or later (apt-get install nodejs npm)")
	}
	if _, err := os.Stat("express/node_modules/express-session"); err != nil {
		testserver.Missing(t, "Node packages", "run npm ci in examples/beside-express/express")
	}
	addr := testserver.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	secrets, prefix := []string{"a secret"}, fmt.Sprintf("beside-express-%x:", rand.Uint64())
	var children processes
	defer children.end()
	express, err := children.express(addr, secrets, prefix)
	if err != nil {
		t.Fatal(err)
	}
	start := func(moved string) string {
		h, err := handler(client, express, moved, secrets, prefix)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	jar, err := cookiejar.New(nil) // which does not look at ports
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	get := func(url string) string {
		t.Helper()
		res, err := browser.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%d, %v: %s", res.StatusCode, err, body)
		}
		return string(body)
	}
	post := func(to string, form url.Values) {
		t.Helper()
		res, err := browser.PostForm(to, form)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK { // after the redirect
			t.Fatalf("status %d", res.StatusCode)
		}
	}
	type page struct {
		By, User string
		Cart     []Item
	}
	cart := func(site string) (p page) {
		t.Helper()
		if err := json.Unmarshal([]byte(get(site+"/cart")), &p); err != nil {
			t.Fatal(err)
		}
		return p
	}

	site := start("/cart")
	if got := get(site + "/explain"); !strings.Contains(got, "no cookie") {
		t.Errorf("without a cookie: %s", got)
	}
	post(site+"/cart", url.Values{"sku": {"tea"}}) // Go begins the session
	post(site+"/login", url.Values{"user": {"ada"}})
	post(site+"/cart", url.Values{"sku": {"tea"}})
	post(site+"/cart", url.Values{"sku": {"milk & <b>honey</b>"}})
	if got := fmt.Sprint(cart(site)); got != "{Go ada [{tea 2} {milk & <b>honey</b> 1}]}" {
		t.Errorf("got %s", got)
	}
	if got := get(site + "/"); !strings.Contains(got, "you are <b>ada</b>, with 2 lines") {
		t.Errorf("Express says %s", got)
	}

	if got := get(site + "/explain"); !strings.HasPrefix(got, "Go has") {
		t.Errorf("with a session: %s", got)
	}

	back := start("")
	post(back+"/cart", url.Values{"sku": {"tea"}})
	if got := fmt.Sprint(cart(back)); got != "{Express ada [{tea 3} {milk & <b>honey</b> 1}]}" {
		t.Errorf("after the way back: %s", got)
	}
	if got := fmt.Sprint(cart(site)); got != "{Go ada [{tea 3} {milk & <b>honey</b> 1}]}" {
		t.Errorf("and forth: %s", got)
	}
	post(site+"/logout", nil)
	if got := fmt.Sprint(cart(site)); got != "{Go  []}" {
		t.Errorf("after the logout: %s", got)
	}
}
