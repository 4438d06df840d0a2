package runtime_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// TestEveryWrongSetting: a mistake in any setting is an error of the constructor
// that names it, and says what to write instead.
func TestEveryWrongSetting(t *testing.T) {
	cookie := func(c sess.Cookie) sess.Config { return sess.Config{Cookie: c} }
	key := sess.GenerateKey()
	var noStore *memstore.Store
	for _, c := range []struct {
		setting string
		wayOut  string
		store   sess.Store // nil for a good one
		config  sess.Config
	}{
		{"Config.IdleTimeout", "leave it 0", nil, sess.Config{IdleTimeout: -time.Second}},
		{"Config.IdleTimeout", "runtime.Never", nil, sess.Config{IdleTimeout: time.Microsecond}},
		{"Config.IdleTimeout", "30 * time.Minute", nil, sess.Config{IdleTimeout: 30}}, // minutes, was meant
		{"Config.AbsoluteTimeout", "leave it 0", nil, sess.Config{AbsoluteTimeout: -1}},
		{"Config.AbsoluteTimeout", "runtime.Never", nil, sess.Config{AbsoluteTimeout: time.Microsecond}},
		{"Config.StoreTimeout", "leave it 0", nil, sess.Config{StoreTimeout: -1}},
		{"Config.StoreTimeout", "runtime.Never", nil, sess.Config{StoreTimeout: 999 * time.Microsecond}},
		{"Config.MaxRecordBytes", "leave it 0", nil, sess.Config{MaxRecordBytes: 3}},
		{"Config.MaxRecordBytes", "leave it 0", nil, sess.Config{MaxRecordBytes: -1}},
		{"Config.Now", "1970", nil, sess.Config{Now: func() time.Time { return time.Time{} }}},
		{"Config.Now", "1970", nil, sess.Config{Now: func() time.Time { return time.Unix(0, 0) }}},
		{"Config.Now", "1970", nil, sess.Config{Now: func() time.Time { return time.Unix(1<<50, 0) }}},

		{"Config.Cookie.Name", "bare name", nil, cookie(sess.Cookie{Name: "__Host-x"})},
		{"Config.Cookie.Name", "bare name", nil, cookie(sess.Cookie{Name: "__hOsT-x"})},
		{"Config.Cookie.Name", "bare name", nil, cookie(sess.Cookie{Name: "__Secure-x"})},
		{"Config.Cookie.Name", "bare name", nil, cookie(sess.Cookie{Name: "__Http-x"})},
		{"Config.Cookie.Name", "bare name", nil, cookie(sess.Cookie{Name: "__Host-x", Insecure: true})},
		{"Config.Cookie.Name", "use letters", nil, cookie(sess.Cookie{Name: "a b"})},
		{"Config.Cookie.Name", "use letters", nil, cookie(sess.Cookie{Name: "a=b"})},
		{"Config.Cookie.Name", "use letters", nil, cookie(sess.Cookie{Name: "a;b"})},
		{"Config.Cookie.Name", "use letters", nil, cookie(sess.Cookie{Name: "a\r\nSet-Cookie: b"})},
		{"Config.Cookie.Name", "use letters", nil, cookie(sess.Cookie{Name: "sitzung-ü"})},
		{"Config.Cookie.Name", "shorter", nil, cookie(sess.Cookie{Name: strings.Repeat("n", 4096)})},
		{"Config.Cookie.Path", `write "/"`, nil, cookie(sess.Cookie{Path: "app"})},
		{"Config.Cookie.Path", `write "/"`, nil, cookie(sess.Cookie{Path: "/a;b"})},
		{"Config.Cookie.Path", `write "/"`, nil, cookie(sess.Cookie{Path: "/a\nb"})},
		{"Config.Cookie.Domain", "example.com", nil, cookie(sess.Cookie{Domain: "ex ample"})},
		{"Config.Cookie.Domain", "example.com", nil, cookie(sess.Cookie{Domain: "example.com:443"})},
		{"Config.Cookie.Domain", "example.com", nil, cookie(sess.Cookie{Domain: "https://example.com"})},
		{"Config.Cookie.Domain", "example.com", nil, cookie(sess.Cookie{Domain: "a;b"})},
		{"Config.Cookie.SameSite", "use Lax", nil, cookie(sess.Cookie{SameSite: http.SameSiteNoneMode, Insecure: true})},
		{"Config.Cookie.SameSite", "use Lax", nil, sess.Config{Cookie: sess.Cookie{SameSite: http.SameSiteNoneMode}, Development: true}},
		{"Config.Cookie.SameSite", "http.SameSiteLaxMode", nil, cookie(sess.Cookie{SameSite: http.SameSiteDefaultMode})},
		{"Config.Cookie.SameSite", "http.SameSiteLaxMode", nil, cookie(sess.Cookie{SameSite: 17})},
		{"Config.Cookie.SameSite", "http.SameSiteLaxMode", nil, cookie(sess.Cookie{SameSite: -1})},
		{"Config.Cookie.Partitioned", "unset Insecure", nil, cookie(sess.Cookie{Partitioned: true, Insecure: true})},
		{"Config.Cookie.Partitioned", "unset Insecure", nil, sess.Config{Cookie: sess.Cookie{Partitioned: true}, Development: true}},
		{"Config.Transport", "Config.Cookie", nil, sess.Config{Transport: sess.Bearer(""), Cookie: sess.Cookie{Path: "/app"}}},
		{"Config.Transport", "Config.Cookie", nil, sess.Config{Transport: sess.Bearer(""), Cookie: sess.Cookie{Insecure: true}}},
		{"Config.Transport", "runtime.Bearer", nil, sess.Config{Transport: sess.Bearer("Session Token")}},
		{"Config.Transport", "runtime.Bearer", nil, sess.Config{Transport: sess.Bearer("X\r\nY")}},

		{"store", "memstore.New()", noStore, sess.Config{}},
		{"store", "exactly one", nothing{}, sess.Config{}},
		{"store", "AllowMissingIndex", noIndex{newMemory(t)}, sess.Config{}},
		{"store", "AllowMissingIndex", cookiestore.New(key), sess.Config{}},

		{"memstore.MaxRecords", "positive number", memstore.New(memstore.MaxRecords(0)), sess.Config{}},
		{"memstore.MaxRecords", "leave the option out", memstore.New(memstore.MaxRecords(-5)), sess.Config{}},
		{"memstore.MaxBytes", "positive number", memstore.New(memstore.MaxBytes(0)), sess.Config{}},
		{"memstore.MaxBytes", "leave the option out", memstore.New(memstore.MaxBytes(-5)), sess.Config{}},
		{"memstore.SweepEvery", "0 for no sweeper", memstore.New(memstore.SweepEvery(-time.Second)), sess.Config{}},
		{"memstore.New", "leave it out", memstore.New(nil), sess.Config{}},
		{"cookiestore.New", "sessiongen keygen", cookiestore.New(), sess.Config{}},
		{"cookiestore.New", "error", cookiestore.New(sess.Key{}), sess.Config{}},
		{"cookiestore.New", "remove one", cookiestore.New(key, key), sess.Config{}},
	} {
		store := c.store
		if store == nil {
			store = newMemory(t)
		}
		if s, ok := store.(*memstore.Store); ok && s != nil {
			defer s.Close()
		}
		sessions, err := shop.NewSessions(store, c.config)
		var config *sess.ConfigError
		switch {
		case sessions != nil || !errors.As(err, &config) || config.Setting != c.setting:
			t.Errorf("%+v, %T: %v, want an error of %s", c.config, store, err, c.setting)
		case !strings.Contains(err.Error(), c.wayOut) || !strings.Contains(err.Error(), c.setting):
			t.Errorf("%v: want %q in it", err, c.wayOut)
		}
	}
	if _, err := shop.NewSessions(nil, sess.Config{}); err == nil || !strings.Contains(err.Error(), "memstore.New()") {
		t.Errorf("a nil store: %v", err)
	}
	if _, err := shop.NewSessions(noIndex{newMemory(t)}, sess.Config{}); !strings.Contains(err.Error(), "user_id") || !strings.Contains(err.Error(), "noIndex") {
		t.Errorf("an index on a store without: %v", err)
	}
}

// TestExtremeSettings: the largest values that are allowed work.
func TestExtremeSettings(t *testing.T) {
	never := sess.Config{IdleTimeout: sess.Never, AbsoluteTimeout: sess.Never, StoreTimeout: sess.Never, MaxRecordBytes: 1<<31 - 1}
	century := 100 * 365 * 24 * time.Hour
	for name, cfg := range map[string]sess.Config{
		"never":      never,
		"a century":  {IdleTimeout: century, AbsoluteTimeout: century, StoreTimeout: century},
		"two":        {IdleTimeout: 2 * century, AbsoluteTimeout: 2 * century, StoreTimeout: 2 * century},
		"the least":  {IdleTimeout: time.Millisecond, AbsoluteTimeout: time.Millisecond, MaxRecordBytes: 33},
		"idle first": {IdleTimeout: 2 * time.Hour, AbsoluteTimeout: time.Hour},
	} {
		store := newBadStore(t) // that looks at its context
		store.create = func(ctx context.Context, key string, rec sess.Record) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return store.spyStore.Create(ctx, key, rec)
		}
		store.update = func(ctx context.Context, key string, old, rec sess.Record) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return store.spyStore.Update(ctx, key, old, rec)
		}
		clock := newClock()
		a := newApp(t, store, func(c *sess.Config) { logger := c.Logger; *c = cfg; c.Now, c.Logger = clock.Now, logger })
		b := a.browser()
		rec := b.see(func(s *shop.Session) { s.SetVisits(1) })
		if name == "the least" {
			if rec.Code != http.StatusInternalServerError || !strings.Contains(a.logs.String(), "the limit is 33") {
				t.Errorf("%s: status %d, %s", name, rec.Code, a.logs)
			}
			continue
		}
		for _, do := range []func(*shop.Session){func(s *shop.Session) { s.AddVisits(1) }, func(s *shop.Session) { s.Renew() }} {
			if rec := b.see(do); rec.Code != http.StatusOK {
				t.Errorf("%s: status %d, %s", name, rec.Code, a.logs)
			}
		}
		b.sees("visits with "+name, func(s *shop.Session) any { return s.Visits() }, 2)
	}
}

// TestZeroConfig states what needs no setting.
func TestZeroConfig(t *testing.T) {
	memory := newMemory(t)
	sessions, err := shop.NewSessions(memory, sess.Config{})
	must(t, err)
	before := time.Now().Truncate(time.Millisecond)
	var id string
	h := sessions.Handler(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) { s.SetVisits(1); id = s.ID() })
	rec := newRecorder()
	h.ServeHTTP(rec, (&app{t: t}).browser().request())
	header := rec.Header()
	line := header.Get("Set-Cookie")
	name, rest, _ := strings.Cut(line, "=")
	token, attributes, _ := strings.Cut(rest, "; ")
	if name != "__Host-session" || len(token) != 43 || attributes != "Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("Set-Cookie: %s", line)
	}
	if header.Get("Cache-Control") != "private, no-cache" || header.Get("Vary") != "Cookie" {
		t.Errorf("headers %v", header)
	}
	stored, err := memory.Load(ctx(), id)
	must(t, err)
	if idle := stored.Expires.Sub(before); idle < 24*time.Hour || idle > 24*time.Hour+time.Minute {
		t.Errorf("the record expires in %v", idle)
	}
	if deadline := time.UnixMilli(uint48(stored.Data[21:])).Sub(before); deadline < 30*24*time.Hour || deadline > 30*24*time.Hour+time.Minute {
		t.Errorf("the deadline is in %v", deadline)
	}
	if strings.Contains(string(stored.Data), token) || strings.Contains(id, token) {
		t.Error("the store has the token")
	}
	s, err := sessions.Load(ctx(), id)
	must(t, err)
	s.SetSecret(strings.Repeat("x", 64<<10-len(stored.Data)-30))
	must(t, s.Save(ctx()))
	s.SetSecret(strings.Repeat("x", 64<<10))
	if err := s.Save(ctx()); !errors.Is(err, sess.ErrTooLarge) {
		t.Errorf("a record over 64 KiB: %v", err)
	}
	memory.Close() // the store can't answer
	rec = newRecorder()
	r := (&app{t: t}).browser().request()
	r.Header.Set("Cookie", "__Host-session="+token)
	h.ServeHTTP(rec, r)
	if rec.Code != http.StatusServiceUnavailable || strings.TrimSpace(rec.Body.String()) != "Service Unavailable" || rec.Header().Get("Set-Cookie") != "" {
		t.Errorf("an outage: %d %q, %v", rec.Code, rec.Body, rec.Header())
	}
}
