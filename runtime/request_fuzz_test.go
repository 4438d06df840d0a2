package runtime_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// keyGuard is a store that is only asked for keys as the runtime makes them.
type keyGuard struct {
	sess.Store
	sess.Records
	t *testing.T
}

func (g *keyGuard) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := g.Store.Bind(setup)
	g.Records, parts.Records = parts.Records, g
	return parts, err
}

func (g *keyGuard) Load(ctx context.Context, key string) (sess.Record, error) {
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(key); err != nil || len(raw) != 32 {
		g.t.Errorf("the store is asked for %q", key)
	}
	return g.Records.Load(ctx, key)
}

// FuzzRequest sends any header block, from bytes to the store, with each
// transport and kind of store: no panic, no key that the runtime did not make,
// no session but for a token that was handed out, no token out of what the client
// sent, and no memory out of proportion. TOKEN stands for a good token.
func FuzzRequest(f *testing.F) {
	for _, header := range []string{
		"", "Cookie: __Host-session=TOKEN", "Cookie: __Host-session=\"TOKEN\"; a=b", "Cookie: a=b\r\nCookie: __Host-session=TOKEN",
		"Authorization: Bearer TOKEN", "Authorization: bearer  TOKEN ", "Authorization: Basic TOKEN", "Authorization: Bearer TOKEN TOKEN",
		"authorization:Bearer\tTOKEN", "Cookie: __Host-session=TOKEN=", "Cookie: __Host-session=TOKENTOKEN", "Cookie: __Host-session=\x00\xff",
		"Cookie: $Version=1; __Host-session=TOKEN", "Cookie: __Host-session=;__Host-session=TOKEN", "Cookie: =__Host-session=TOKEN",
		"Cookie: __Host-session=TOKEN\r\n X: folded", "Cookie: __Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	} {
		f.Add(header)
	}
	key := sess.GenerateKey()
	f.Fuzz(func(t *testing.T, header string) {
		memory := memstore.New()
		defer memory.Close()
		for _, store := range []sess.Store{&keyGuard{Store: memory, t: t}, cookiestore.New(key)} {
			for _, transport := range []sess.Transport{nil, sess.Bearer("")} {
				sessions, err := shop.NewSessions(store, sess.Config{Logger: slog.New(slog.DiscardHandler), AllowMissingIndex: true, Transport: transport})
				if err != nil {
					t.Fatal(err)
				}
				made, err := sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(7); return nil })
				if err != nil {
					t.Fatal(err)
				}
				token := sessions.Token(made)
				text := strings.ReplaceAll(header, "TOKEN", token)
				r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\n" + text + "\r\n\r\n")))
				if err != nil {
					return // the server's answer is 400
				}
				rec, visits := newRecorder(), -1
				before := allocated()
				sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) {
					visits = s.AddVisits(1)
					if s.IsNew() != (visits == 1) {
						t.Errorf("%q: new %v, visits %d", text, s.IsNew(), visits)
					}
				}).ServeHTTP(rec, r)
				if n := allocated() - before; n > 1<<20+16*uint64(len(text)) {
					t.Errorf("a header of %d bytes made %d bytes of memory", len(text), n)
				}
				sent := rec.Header().Get("Session-Token")
				if transport == nil {
					sent, _, _ = strings.Cut(strings.TrimPrefix(rec.Header().Get("Set-Cookie"), "__Host-session="), ";")
				}
				switch {
				case rec.Code != http.StatusOK:
					t.Errorf("%q: status %d", text, rec.Code)
				case visits == 8 && !strings.Contains(text, token):
					t.Errorf("%q opens a session", text)
				case visits == 1 && (sent == "" || strings.Contains(text, sent)):
					t.Errorf("%q: the new session's token is %q", text, sent)
				case visits != 1 && visits != 8:
					t.Errorf("%q: visits %d", text, visits)
				}
			}
		}
	})
}
