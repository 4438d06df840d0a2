package runtime_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// lateChanges are what a handler may do after the first byte, with the error
// that is reported: on a store that keeps records, and on a sealed cookie.
var lateChanges = []struct {
	name           string
	do             func(*shop.Session)
	record, sealed error
	saved          func(*shop.Session) bool // looks at the stored record, where there is no error
}{
	{"set", func(s *shop.Session) { s.SetVisits(9) }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return s.Visits() == 9 }},
	{"add", func(s *shop.Session) { s.AddVisits(2) }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return s.Visits() == 9 }},
	{"clear", func(s *shop.Session) { s.ClearVisits() }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return !s.HasVisits() }},
	{"append", func(s *shop.Session) { s.AppendRoles("b") }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return len(s.Roles()) == 2 }},
	{"element in place", func(s *shop.Session) { s.Roles()[0] = "z" }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return s.Roles()[0] == "z" }},
	{"key in place", func(s *shop.Session) { s.Labels()["k"] = "w" }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return s.Labels()["k"] == "w" }},
	{"pointer in place", func(s *shop.Session) { s.Address().City = "Bath" }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return s.Address().City == "Bath" }},
	{"take", func(s *shop.Session) { s.TakeNotice() }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return !s.HasNotice() }},
	{"nothing", func(s *shop.Session) { s.Labels(); s.Roles() }, nil, nil, func(s *shop.Session) bool { return s.Visits() == 7 }},
	{"touch", func(s *shop.Session) { s.Touch() }, nil, nil, func(s *shop.Session) bool { return s.Visits() == 7 }},
	{"destroy", func(s *shop.Session) { s.Destroy() }, nil, sess.ErrHeadersSent, func(s *shop.Session) bool { return s == nil }},
	{"login", func(s *shop.Session) { s.SetUserID("u1") }, sess.ErrHeadersSent, sess.ErrHeadersSent, nil},
	{"renew", func(s *shop.Session) { s.Renew() }, sess.ErrHeadersSent, sess.ErrHeadersSent, nil},
	{"max age", func(s *shop.Session) { s.SetMaxAge(time.Hour) }, sess.ErrHeadersSent, sess.ErrHeadersSent, nil},
	{"wrong max age", func(s *shop.Session) { s.SetMaxAge(0) }, sess.ErrMaxAge, sess.ErrMaxAge, nil},
	{"too large", func(s *shop.Session) { s.SetTheme(strings.Repeat("x", 100_000)) }, sess.ErrTooLarge, sess.ErrHeadersSent, nil},
	{"not encodable", func(s *shop.Session) { s.SetCode("a space") }, errors.New("shop.Code: its MarshalText failed"), sess.ErrHeadersSent, nil},
}

// TestLateChange is promise 3: what is changed after the first byte is saved
// where the store is on the server, and is otherwise an error that is logged,
// or in Development a panic. It is never lost in silence.
func TestLateChange(t *testing.T) {
	for _, c := range lateChanges {
		for _, sealed := range []bool{false, true} {
			for _, development := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/sealed=%v/development=%v", c.name, sealed, development), func(t *testing.T) {
					var store sess.Store = newMemory(t)
					want := c.record
					if sealed {
						store, want = cookiestore.New(sess.GenerateKey()), c.sealed
					}
					a := newApp(t, store, allowMissingIndex, func(cfg *sess.Config) { cfg.Development = development })
					token := a.stored(func(s *shop.Session) {
						s.SetVisits(7)
						s.SetRoles([]string{"a"})
						s.SetLabels(map[string]string{"k": "v"})
						s.SetAddress(&shop.Address{City: "Oxford"})
						s.SetNotice("n")
					})
					ended, panicked := make(chan struct{}), any(nil)
					h := a.handle(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
						io.WriteString(w, "all of the page")
						w.(http.Flusher).Flush()
						c.do(s)
					})
					srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						defer close(ended)
						defer func() { panicked = recover() }()
						h.ServeHTTP(w, r)
					}))
					defer srv.Close()
					r, err := http.NewRequest("GET", srv.URL, nil)
					must(t, err)
					r.Header.Set("Cookie", "session="+token+"; __Host-session="+token)
					resp, err := srv.Client().Do(r)
					must(t, err)
					body, err := io.ReadAll(resp.Body)
					must(t, err)
					resp.Body.Close()
					<-ended
					if string(body) != "all of the page" || resp.StatusCode != http.StatusOK || len(resp.Cookies()) > 0 {
						t.Errorf("the response changes: %d %v %q", resp.StatusCode, resp.Header, body)
					}
					switch told, _ := panicked.(error); {
					case want == nil && (panicked != nil || strings.Contains(a.logs.String(), "is not saved")):
						t.Errorf("panic %v, log %s", panicked, a.logs)
					case want != nil && development && (told == nil || !strings.Contains(told.Error(), want.Error())):
						t.Errorf("panic %v, want %v", panicked, want)
					case want != nil && !development && (panicked != nil || !strings.Contains(a.logs.String(), "is not saved") || !strings.Contains(a.logs.String(), want.Error())):
						t.Errorf("panic %v, log %s, want %v", panicked, a.logs, want)
					}
					s := a.opened(token)
					if !sealed && want == nil && !c.saved(s) {
						t.Errorf("the store has %v", s)
					}
					if want != nil && (s == nil || s.Visits() != 7 || s.Code() != "" || s.HasUserID()) {
						t.Errorf("of a refused change the store has %v", s)
					}
				})
			}
		}
	}
}

// TestLargestCookie: name and value of 4096 bytes are sent; a name that leaves one
// byte less for a token is refused at once.
func TestLargestCookie(t *testing.T) {
	name := strings.Repeat("n", 4096-len("__Host-")-43)
	a := newApp(t, nil, func(c *sess.Config) { c.Cookie.Name = name })
	rec := a.browser().do(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetVisits(1)
		w.WriteHeader(http.StatusAccepted)
	})
	if rec.Code != http.StatusAccepted || len(rec.Result().Cookies()) != 1 {
		t.Errorf("4096 bytes: %d %s", rec.Code, a.logs)
	}
	if _, err := shop.NewSessions(newMemory(t), sess.Config{Cookie: sess.Cookie{Name: name + "n"}}); err == nil || !strings.Contains(err.Error(), "no room for a token") {
		t.Errorf("4097 bytes: %v", err)
	}
}

// TestLargestRecord: a record of Config.MaxRecordBytes is stored; one byte more
// is an error before the headers leave, and the record from before stays.
func TestLargestRecord(t *testing.T) {
	memory := newMemory(t)
	id := ""
	newApp(t, memory).browser().see(func(s *shop.Session) { s.SetTheme(strings.Repeat("x", 300)); id = s.ID() })
	rec, err := memory.Load(ctx(), id)
	must(t, err)
	a := newApp(t, nil, func(c *sess.Config) { c.MaxRecordBytes = len(rec.Data) })
	for n, want := range map[int]int{300: http.StatusOK, 301: http.StatusInternalServerError} {
		b := a.browser()
		if n == 301 {
			b.see(func(s *shop.Session) { s.SetTheme("small") })
		}
		if rec := b.see(func(s *shop.Session) { s.SetTheme(strings.Repeat("x", n)) }); rec.Code != want {
			t.Errorf("%d: status %d: %s", n, rec.Code, a.logs)
		}
		b.sees("length", func(s *shop.Session) any { return len(s.Theme()) }, map[int]int{300: 300, 301: 5}[n])
	}
	// Two requests that fit alone and not together: the later one is refused.
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1) })
	roles := func(s *shop.Session) { s.AppendRoles(strings.Repeat("r", 200)) }
	if rec := b.parallel(roles, func() { b.see(roles) }); rec.Code != http.StatusInternalServerError {
		t.Errorf("merged: status %d: %s", rec.Code, a.logs)
	}
	b.sees("roles", func(s *shop.Session) any { return len(s.Roles()) }, 1)
}
