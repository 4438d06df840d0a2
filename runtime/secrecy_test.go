package runtime_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// canary stands in values. It holds a space, so that shop.Code does not marshal it.
const canary = "canary 4711"

// telling is an application of which all is kept that it tells: its log, also
// of the debug level, the errors that it hands out, and its error responses.
type telling struct {
	*app
	told bytes.Buffer
}

func newTelling(t *testing.T, store sess.Store) *telling {
	a := &telling{}
	a.app = newApp(t, store, allowMissingIndex, func(c *sess.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&a.told, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
			a.hears(err)
			http.Error(w, "failed", http.StatusInternalServerError)
		}
	})
	return a
}

// hears notes an error in every form in which it may be printed.
func (a *telling) hears(err error) {
	if err != nil {
		fmt.Fprintf(&a.told, "%v\n%+v\n%#v\n%q\n", err, err, err, err)
	}
}

// fill sets fields of every kind to the canary.
func fill(s *shop.Session) {
	s.SetVisits(5)
	s.SetUserID(canary)
	s.SetTeam(canary)
	s.SetSecret(canary)
	s.SetTheme(canary)
	s.SetNotice(canary)
	s.AppendRoles(canary)
	s.PutLabels(canary, canary)
	s.AppendCart(shop.Item{SKU: canary})
}

// TestNothingTellsASecret lets everything go wrong that can: neither the log
// nor an error then has a token or a value.
func TestNothingTellsASecret(t *testing.T) {
	mistakes := map[string]func(b *browser){
		"none":           func(b *browser) { b.see(func(s *shop.Session) { s.AddVisits(1) }) },
		"a large record": func(b *browser) { b.see(func(s *shop.Session) { s.SetSecret(strings.Repeat(canary, 10_000)) }) },
		"no marshaling":  func(b *browser) { b.see(func(s *shop.Session) { s.SetCode(canary) }) },
		"max age":        func(b *browser) { b.see(func(s *shop.Session) { s.SetTheme(canary); s.SetMaxAge(-1) }) },
		"late":           func(b *browser) { b.do(late(func(s *shop.Session) { s.SetTheme(canary + "!") })) },
		"late login":     func(b *browser) { b.do(late(func(s *shop.Session) { s.SetUserID(canary + "!") })) },
		"destroyed":      func(b *browser) { meanwhile(b, fill, func() { b.see(func(s *shop.Session) { s.Destroy() }) }) },
		"login, destroyed": func(b *browser) {
			meanwhile(b, func(s *shop.Session) { s.SetUserID("u2") }, func() { b.see(func(s *shop.Session) { s.Destroy() }) })
		},
		"expired": func(b *browser) {
			b.app.clock.advance(25 * time.Hour)
			b.see(func(s *shop.Session) { s.SetTheme(canary) })
		},
		"forged": func(b *browser) { b.setToken("A" + b.token()[1:]); b.see(func(s *shop.Session) { s.SetTheme(canary) }) },
		"old token": func(b *browser) {
			old := b.token()
			b.see(func(s *shop.Session) { s.Renew() })
			b.setToken(old)
			b.see(func(s *shop.Session) { s.SetTheme(canary); s.Destroy(); s.SetTheme(canary) })
		},
	}
	run := func(t *testing.T, a *telling, what string, mistake func(b *browser)) {
		t.Helper()
		b := a.browser()
		tokens := map[string]bool{}
		b.jar = &noting{CookieJar: b.jar, tokens: tokens}
		b.see(fill)
		mistake(b)
		b.see(func(s *shop.Session) { a.hears(s.Save(ctx())) })
		told := a.told.String()
		if strings.Contains(told, canary) || strings.Contains(told, "canary") || strings.Contains(told, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s: a value is told: %s", what, told)
		}
		for token := range tokens {
			if len(token) > 20 && (strings.Contains(told, token) || strings.Contains(told, token[:20])) {
				t.Errorf("%s: a token is told: %s", what, told)
			}
		}
		if len(tokens) == 0 {
			t.Errorf("%s: there was no token", what)
		}
	}
	for what, mistake := range mistakes {
		run(t, newTelling(t, newMemory(t)), what+", records", mistake)
		run(t, newTelling(t, cookiestore.New(sess.GenerateKey())), what+", sealed", mistake)
		for _, method := range []string{"Load", "Create", "Update", "Touch", "Delete"} {
			for _, applied := range []bool{false, true} {
				spy := &spyStore{Store: newMemory(t)}
				a := newTelling(t, spy)
				run(t, a, fmt.Sprintf("%s, and %s fails", what, method), func(b *browser) {
					b.app.clock.advance(3 * time.Hour)
					spy.failing(always(method, failure{errOutage, applied}))
					mistake(b)
					spy.failing(nil)
				})
			}
		}
	}
	for what, damage := range map[string]func([]byte) []byte{
		"misfit": func(data []byte) []byte {
			return bytes.Replace(data, []byte("\xa6visits\x05"), []byte("\xa6visits\xa6canary"), 1)
		},
		"corrupt": func(data []byte) []byte { return data[:len(data)-3] },
		"newer":   func(data []byte) []byte { data[0] = 77; return data },
	} {
		memory := newMemory(t)
		a := newTelling(t, memory)
		run(t, a, what, func(b *browser) {
			s, err := a.sessions.Open(ctx(), b.token())
			must(t, err)
			old, err := memory.Load(ctx(), s.ID())
			must(t, err)
			next := sess.Record{Data: damage(bytes.Clone(old.Data)), Stamp: old.Stamp + 1, Expires: old.Expires}
			if bytes.Equal(next.Data, old.Data) {
				t.Fatalf("%s: nothing is damaged", what)
			}
			must(t, memory.Update(ctx(), s.ID(), old, next))
			b.see(func(s *shop.Session) { s.SetTheme(canary) })
			for s, err := range a.sessions.List(ctx()) {
				a.hears(err)
				if s != nil {
					slog.New(slog.NewTextHandler(&a.told, nil)).Info("listed", "id", s.ID())
				}
			}
		})
		if a.told.Len() == 0 {
			t.Errorf("%s: nothing is told", what)
		}
	}
}

// meanwhile is parallel for requests whose handler may not be reached.
func meanwhile(b *browser, first func(*shop.Session), then func()) {
	loaded, resume := make(chan struct{}), make(chan struct{})
	f := b.begin(sessionOf(func(s *shop.Session) {
		close(loaded)
		<-resume
		first(s)
	}))
	select {
	case <-loaded:
	case <-f.done:
	}
	then()
	close(resume)
	b.finish(f)
}

// noting is a cookie jar that notes every value that it is given.
type noting struct {
	http.CookieJar
	tokens map[string]bool
}

func (j *noting) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		if c.Value != "" {
			j.tokens[c.Value] = true
		}
	}
	j.CookieJar.SetCookies(u, cookies)
}

// late is a handler that changes the session after the first byte.
func late(f func(*shop.Session)) handler {
	return func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		fmt.Fprint(w, "x")
		f(s)
	}
}

// TestSealedCookieShowsNothing: the client can't read what its own cookie
// holds, nor does the same session look the same twice.
func TestSealedCookieShowsNothing(t *testing.T) {
	a := newApp(t, cookiestore.New(sess.GenerateKey()), allowMissingIndex)
	seen := map[string]bool{}
	for range 3 {
		b := a.browser()
		rec := b.see(fill)
		for name, lines := range rec.Result().Header {
			for _, line := range lines {
				if raw, _ := base64.RawURLEncoding.DecodeString(b.token()); strings.Contains(line+string(raw), "canary") {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
		seen[b.token()[:40]] = true
	}
	if len(seen) != 3 {
		t.Errorf("three sessions have %d beginnings", len(seen))
	}
}
