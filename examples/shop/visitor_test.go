package main

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// world is a shop that runs in the test, and its clock.
type world struct {
	url    string
	ahead  atomic.Int64 // of the real clock, in nanoseconds
	cookie bool         // its store is the sealed cookie
}

func (w *world) now() time.Time       { return time.Now().Add(time.Duration(w.ahead.Load())) }
func (w *world) pass(d time.Duration) { w.ahead.Add(int64(d)) }

func newWorld(t testing.TB, choice string) *world {
	t.Helper()
	store, err := openStore(choice)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{cookie: store.kind == "cookie"}
	shop, err := newShop(store, store.kind, w.now)
	if err != nil {
		store.close()
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(shop.handler())
	server.Start()
	w.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := store.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// eachStore runs a test on a store of each kind: sessions here, and in the cookie.
// TestEngines has the others.
func eachStore(t *testing.T, f func(*testing.T, *world)) {
	t.Parallel()
	for _, store := range []string{"memory", "cookie"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			f(t, newWorld(t, store))
		})
	}
}

// visitor is a browser without its screen.
type visitor struct {
	t      testing.TB
	client *http.Client
	base   string
	agent  string
}

const (
	laptop  = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	desktop = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
	phone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func (w *world) visitor(t testing.TB) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, &http.Client{Jar: jar, Timeout: 20 * time.Second}, w.url, laptop}
}

// user is a visitor who has logged in.
func (w *world) user(t testing.TB, name string) *visitor {
	t.Helper()
	v := w.visitor(t)
	v.login(name).is(200, "/").has("Welcome, " + name + ".")
	return v
}

func (v *visitor) login(name string) *seen {
	v.t.Helper()
	return v.post("/login", "name", name, "password", demoPassword)
}

// seen is the page that a request led to, redirects followed.
type seen struct {
	t      testing.TB
	status int
	at     string // path and query
	header http.Header
	body   string
}

func (v *visitor) get(path string) *seen {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, v.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(r)
}

// post sends a form of pairs of names and values.
func (v *visitor) post(path string, pairs ...string) *seen {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.postBody(path, form.Encode())
}

func (v *visitor) postBody(path, body string) *seen {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodPost, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

func (v *visitor) do(r *http.Request) *seen {
	v.t.Helper()
	r.Header.Set("User-Agent", v.agent)
	resp, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return &seen{v.t, resp.StatusCode, resp.Request.URL.RequestURI(), resp.Header, string(body)}
}

// cookie returns the session cookie's value, "" for none.
func (v *visitor) cookie() string {
	at, err := url.Parse(v.base)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range v.client.Jar.Cookies(at) {
		if c.Name == "session" {
			return c.Value
		}
	}
	return ""
}

// inCart returns how many pieces the header counts.
func (v *visitor) inCart() string {
	v.t.Helper()
	return v.get("/login").find(`Cart <b>(\d+)</b>`)
}

// is checks the status and where redirects ended.
func (p *seen) is(status int, at string) *seen {
	p.t.Helper()
	if p.status != status || p.at != at {
		p.t.Fatalf("got %d at %s, want %d at %s\n%s", p.status, p.at, status, at, p.text())
	}
	return p
}

// has checks that the page's text has each piece.
func (p *seen) has(pieces ...string) *seen {
	p.t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(p.text(), piece) {
			p.t.Fatalf("%s does not say %q:\n%s", p.at, piece, p.text())
		}
	}
	return p
}

// hasNot checks that neither text nor markup has any of the pieces.
func (p *seen) hasNot(pieces ...string) *seen {
	p.t.Helper()
	for _, piece := range pieces {
		if strings.Contains(p.text(), piece) || strings.Contains(p.body, piece) {
			p.t.Fatalf("%s says %q:\n%s", p.at, piece, p.text())
		}
	}
	return p
}

// find returns what the first group of pattern is in the page's markup.
func (p *seen) find(pattern string) string {
	p.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(p.body)
	if m == nil {
		p.t.Fatalf("%s has nothing like %s:\n%s", p.at, pattern, p.body)
	}
	return html.UnescapeString(m[1])
}

var (
	inline = regexp.MustCompile(`</?(a|b|code|span|strong|time)\b[^>]*>`)
	tag    = regexp.MustCompile(`<[^>]*>`)
	space  = regexp.MustCompile(`\s+`)
)

// text returns what the body says, without its markup.
func (p *seen) text() string {
	_, body, _ := strings.Cut(p.body, "<body>")
	body = tag.ReplaceAllString(inline.ReplaceAllString(body, ""), " ")
	return strings.TrimSpace(space.ReplaceAllString(html.UnescapeString(body), " "))
}

// steal makes the visitor use a session cookie, and nothing else.
func (v *visitor) steal(value string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		v.t.Fatal(err)
	}
	at, err := url.Parse(v.base)
	if err != nil {
		v.t.Fatal(err)
	}
	jar.SetCookies(at, []*http.Cookie{{Name: "session", Value: value, Path: "/"}})
	v.client.Jar = jar
}
