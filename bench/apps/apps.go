// Package apps has the same small application over each session library: it
// logs in with the workload's session, reads its eight fields, adds a visit,
// logs out.
package apps

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// App is the application over one library. Requests carry the cookie that the
// answer to Login sets.
type App struct {
	Name string

	Login  http.Handler // stores the workload's sample
	Full   http.Handler // reads all fields, adds a visit and saves
	Read   http.Handler // reads all fields
	Logout http.Handler // destroys the session
	Visits http.Handler // answers with the number of visits

	// Between is called by Full after it has read and before it changes
	// anything, for requests that overlap; nil for nothing.
	Between func()

	Close func()
}

func (a *App) between() {
	if a.Between != nil {
		a.Between()
	}
}

// Mux serves the application's handlers under their names in lower case.
func (a *App) Mux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/login", a.Login)
	mux.Handle("/full", a.Full)
	mux.Handle("/read", a.Read)
	mux.Handle("/logout", a.Logout)
	mux.Handle("/visits", a.Visits)
	return mux
}

// Client is a browser as far as the libraries need one: it keeps their cookies.
type Client struct{ cookies map[string]string }

// NewClient logs in.
func NewClient(a *App) (*Client, error) {
	c := &Client{map[string]string{}}
	rec := c.Do(a.Login)
	if len(c.cookies) == 0 || rec.Code >= 300 {
		return nil, fmt.Errorf("%s: the login was answered %d and set no cookie", a.Name, rec.Code)
	}
	return c, nil
}

// Do sends a request to h and keeps the cookies of the answer.
func (c *Client) Do(h http.Handler) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, c.Request())
	c.Keep(rec.Result().Cookies())
	return rec
}

// Request returns a request with the client's cookies.
func (c *Client) Request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if len(c.cookies) > 0 {
		r.Header.Set("Cookie", c.Header())
	}
	return r
}

// Header is the client's Cookie header.
func (c *Client) Header() string {
	var pairs []string
	for name, value := range c.cookies {
		pairs = append(pairs, name+"="+value)
	}
	return strings.Join(pairs, "; ")
}

// Keep takes over the cookies of an answer.
func (c *Client) Keep(cookies []*http.Cookie) {
	if c.cookies == nil {
		c.cookies = map[string]string{}
	}
	for _, cookie := range cookies {
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		} else {
			c.cookies[cookie.Name] = cookie.Value
		}
	}
}

// Copy returns a client with the cookies of now.
func (c *Client) Copy() *Client {
	copied := &Client{map[string]string{}}
	for name, value := range c.cookies {
		copied.cookies[name] = value
	}
	return copied
}

// Count asks for the number of visits.
func (c *Client) Count(a *App) (int, error) {
	rec := c.Do(a.Visits)
	n, err := strconv.Atoi(rec.Body.String())
	if err != nil {
		return 0, fmt.Errorf("%s: the visits were answered %d %q", a.Name, rec.Code, rec.Body.String())
	}
	return n, nil
}

// answer is what handlers without a body answer.
func answer(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }

// use is given what a handler read, so that the compiler can't leave the reads
// out.
func use(n int) {
	if n < 0 {
		panic("a sum of lengths is negative")
	}
}
