package fastifycompat_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
)

const at = 1773480413589 // milliseconds, the vectors' clock

var (
	rawA = bytes.Repeat([]byte("a1"), 16)
	rawB = bytes.Repeat([]byte("b2"), 16)
)

// plain are options with nothing but a key and a path.
func plain(t testing.TB) fastifycompat.Options {
	return fastifycompat.Options{Keys: ring(t, rawA), Cookie: fastifycompat.Cookie{Path: "/"}}
}

// one starts a program with options, has a visitor set something and returns its
// cookie.
func one(t testing.TB, o fastifycompat.Options) (*program, setCookie) {
	t.Helper()
	p := mustStart(t, at, o)
	all := sent(p.ask("", func(s ...*session) { s[0].SetVisits(1) }))
	if len(all) != 1 {
		t.Fatalf("%v: %s", all, &p.logs)
	}
	return p, all[0]
}

func TestCookieName(t *testing.T) {
	for _, c := range []struct{ session, cookie, want string }{
		{"", "", "session"}, {"user", "", "user"}, {"", "my-cookie", "my-cookie"}, {"user", "my-cookie", "my-cookie"},
	} {
		o := plain(t)
		o.SessionName, o.CookieName = c.session, c.cookie
		p, got := one(t, o)
		if got.name != c.want {
			t.Errorf("%+v: %s", c, got.name)
		}
		p.ask(got.name+"="+got.wire, func(s ...*session) {
			if s[0].Visits() != 1 {
				t.Errorf("%+v: %v", c, s[0])
			}
		})
	}
}

func TestAttributes(t *testing.T) {
	for _, c := range []struct {
		cookie fastifycompat.Cookie
		want   string
	}{
		{fastifycompat.Cookie{}, "; HttpOnly; SameSite=Lax"},
		{fastifycompat.Cookie{Path: "/app"}, "; Path=/app; HttpOnly; SameSite=Lax"},
		{fastifycompat.Cookie{Script: true}, "; SameSite=Lax"},
		{fastifycompat.Cookie{SameSite: http.SameSiteDefaultMode}, "; HttpOnly"},
		{fastifycompat.Cookie{Priority: "Medium"}, "; HttpOnly; Priority=Medium; SameSite=Lax"},
		{fastifycompat.Cookie{Domain: ".Example.com", Secure: fastifycompat.SecureOn, Partitioned: true, SameSite: http.SameSiteNoneMode, MaxAge: time.Hour, Path: "/"},
			"; Max-Age=3600; Domain=.Example.com; Path=/; HttpOnly; Secure; Partitioned; SameSite=None"},
	} {
		if _, got := one(t, fastifycompat.Options{Keys: ring(t, rawA), Cookie: c.cookie}); got.attributes != c.want {
			t.Errorf("%+v: %s, not %s", c.cookie, got.attributes, c.want)
		}
	}
}

func TestSecureAuto(t *testing.T) {
	for _, c := range []struct {
		name       string
		trust, tls bool
		proto      string
		secure     bool
	}{
		{"plain", false, false, "", false},
		{"TLS", false, true, "", true},
		{"a header that nobody trusts", false, false, "https", false},
		{"a trusted one", true, false, "https", true},
		{"the last proxy counts", true, false, "https, http", false},
		{"the last of two", true, false, "http,https", true},
		{"a proxy without TLS before TLS", true, true, "http", false},
		{"no header", true, true, "", true},
	} {
		o := plain(t)
		o.Cookie.Secure, o.TrustProxy = fastifycompat.SecureAuto, c.trust
		p := mustStart(t, at, o)
		p.tls = c.tls
		var headers []string
		if c.proto != "" {
			headers = []string{"X-Forwarded-Proto", c.proto}
		}
		w := p.ask("", func(s ...*session) { s[0].SetVisits(1) }, headers...)
		if got := strings.Contains(sent(w)[0].attributes, "; Secure"); got != c.secure {
			t.Errorf("%s: %v", c.name, sent(w))
		}
	}
}

// What can't work is said at the start, with the way out.
func TestBadOptions(t *testing.T) {
	secret := strings.Repeat("x", 32)
	for _, c := range []struct {
		name   string
		change func(*fastifycompat.Options)
		want   string
	}{
		{"nothing", func(o *fastifycompat.Options) { o.Keys = nil }, "neither Keys nor Secret"},
		{"an empty list", func(o *fastifycompat.Options) { o.Keys = runtime.Keyring{} }, "neither Keys nor Secret"},
		{"a zero key", func(o *fastifycompat.Options) { o.Keys = runtime.Keyring{{}} }, "zero Key"},
		{"a key twice", func(o *fastifycompat.Options) { o.Keys = append(o.Keys, o.Keys[0]) }, "are the same"},
		{"a short secret", func(o *fastifycompat.Options) { o.Keys, o.Secret = nil, secret[1:] }, "the secret has 31 bytes"},
		{"a short salt", func(o *fastifycompat.Options) { o.Keys, o.Secret, o.Salt = nil, secret, []byte(secret[:15]) }, "the salt has 15 bytes"},
		{"a long salt", func(o *fastifycompat.Options) { o.Keys, o.Secret, o.Salt = nil, secret, []byte(secret[:17]) }, "the salt has 17 bytes"},
		{"an empty salt", func(o *fastifycompat.Options) { o.Keys, o.Secret, o.Salt = nil, secret, []byte{} }, "the salt has 0 bytes"},
		{"key and secret", func(o *fastifycompat.Options) { o.Secret = secret }, "has no effect beside Keys"},
		{"key and salt", func(o *fastifycompat.Options) { o.Salt = []byte(secret[:16]) }, "has no effect beside Keys"},
		{"half a second", func(o *fastifycompat.Options) { o.Expiry = time.Second / 2 }, "whole seconds"},
		{"milliseconds", func(o *fastifycompat.Options) { o.Expiry = 1500 * time.Millisecond }, "whole seconds"},
		{"a negative expiry", func(o *fastifycompat.Options) { o.Expiry = -time.Hour }, "whole seconds"},
		{"a name with a space", func(o *fastifycompat.Options) { o.CookieName = "a b" }, "no name of a cookie"},
		{"a fraction of a second", func(o *fastifycompat.Options) { o.Cookie.MaxAge = 1500 * time.Millisecond }, "whole seconds"},
		{"a negative age", func(o *fastifycompat.Options) { o.Cookie.MaxAge = -time.Second }, "is negative"},
		{"the mark of a deletion", func(o *fastifycompat.Options) { o.Cookie.MaxAge = -1 }, "is negative"},
		{"a domain with a space", func(o *fastifycompat.Options) { o.Cookie.Domain = "exa mple" }, "is no domain"},
		{"a path without a slash", func(o *fastifycompat.Options) { o.Cookie.Path = "app" }, "is no path"},
		{"a path with a semicolon", func(o *fastifycompat.Options) { o.Cookie.Path = "/a;b" }, "is no path"},
		{"a path with a line break", func(o *fastifycompat.Options) { o.Cookie.Path = "/a\n" }, "is no path"},
		{"a priority", func(o *fastifycompat.Options) { o.Cookie.Priority = "urgent" }, "write low, medium or high"},
		{"a year", func(o *fastifycompat.Options) { o.Cookie.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "in year 10000"},
		{"None", func(o *fastifycompat.Options) { o.Cookie.SameSite = http.SameSiteNoneMode }, "needs Secure"},
		{"no SameSite", func(o *fastifycompat.Options) { o.Cookie.SameSite = 9 }, "constant of net/http"},
		{"partitioned", func(o *fastifycompat.Options) { o.Cookie.Partitioned = true }, "needs Secure"},
		{"__Host- without Secure", func(o *fastifycompat.Options) { o.CookieName = "__Host-s" }, "needs Cookie.Secure"},
		{"__Host- with a path", func(o *fastifycompat.Options) {
			o.CookieName, o.Cookie.Secure, o.Cookie.Path = "__Host-s", fastifycompat.SecureOn, "/app"
		}, "needs Cookie.Path"},
		{"__Secure- without Secure", func(o *fastifycompat.Options) { o.CookieName = "__secure-s" }, "needs Cookie.Secure"},
		{"an empty signing secret", func(o *fastifycompat.Options) { o.SigningSecrets = []string{""} }, "one is empty"},
	} {
		o := plain(t)
		c.change(&o)
		_, err := start(t, at, o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "sessiongen: fastifycompat.Options.") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, config := range []runtime.Config{
		{IdleTimeout: time.Hour}, {AbsoluteTimeout: time.Hour}, {Transport: runtime.Bearer("")}, {Cookie: runtime.Cookie{Name: "x"}},
	} {
		if _, err := runtime.New[session](fastifycompat.New(plain(t)), config); err == nil || !strings.Contains(err.Error(), "Config.") {
			t.Errorf("%+v: %v", config, err)
		}
	}
	_, err := fastifycompat.New(plain(t)).Bind(runtime.Setup{Spec: runtime.NewSpec("x.Session", []runtime.Field{{Name: "__ts"}})})
	if err == nil || !strings.Contains(err.Error(), `"__ts"`) {
		t.Errorf("a field of the stamp's name: %v", err)
	}
	var logs bytes.Buffer
	if _, err := runtime.New[session](fastifycompat.New(fastifycompat.Options{Keys: ring(t, rawA)}), runtime.Config{Logger: slog.New(slog.NewTextHandler(&logs, nil))}); err != nil {
		t.Fatal(err)
	}
	if text := logs.String(); !strings.Contains(text, "no path") || !strings.Contains(text, "plain HTTP") {
		t.Errorf("neither path nor Secure, and nothing is said: %s", text)
	}
}

// A key comes in several forms, and what is none says what it may be.
func TestKeys(t *testing.T) {
	want := ring(t, rawA)[0]
	std := base64.StdEncoding.EncodeToString(rawA)
	for _, text := range []string{std, strings.TrimRight(std, "="), base64.RawURLEncoding.EncodeToString(rawA), std + "\n"} {
		if key, err := fastifycompat.ParseKey(text); err != nil || !key.Equal(want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	dir := t.TempDir()
	file := func(content []byte) string {
		name := filepath.Join(dir, "secret-key")
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if key, err := fastifycompat.ReadKeyFile(file(rawA)); err != nil || !key.Equal(want) {
		t.Errorf("a key file: %v", err)
	}
	digits := []byte(hex.EncodeToString(rawA))
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"31 bytes", rawA[1:], "has 31 bytes, not 32"},
		{"33 bytes", append(bytes.Clone(rawA), 1), "has 33 bytes, not 32"},
		{"a line break", append(bytes.Clone(rawA), '\n'), "a line break was added"},
		{"hexadecimal", digits, "hex.DecodeString"},
		{"base64", []byte(std + "\n"), "use ParseKey"},
		{"nothing", nil, "it is empty"},
		{"one byte over and over", make([]byte, 32), "placeholder"},
	} {
		key, err := fastifycompat.ReadKeyFile(file(c.content))
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "secret-key") {
			t.Errorf("%s: %v", c.name, err)
		}
		if len(c.content) > 0 && err != nil && strings.Contains(err.Error(), string(c.content)) {
			t.Errorf("%s: the error has the key", c.name)
		}
	}
	if _, err := fastifycompat.ReadKeyFile(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
	for text, want := range map[string]string{string(digits): "64 hexadecimal digits", "": "0 bytes", std[:20]: "15 bytes"} {
		if key, err := fastifycompat.ParseKey(text); err == nil || !key.IsZero() || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A secret's length counts in bytes, a salt's as well.
func TestDeriveKey(t *testing.T) {
	for _, c := range []struct {
		secret string
		salt   []byte
		want   string
	}{
		{strings.Repeat("x", 31), nil, "31 bytes"},
		{strings.Repeat("ż", 15) + "x", nil, "31 bytes"},
		{strings.Repeat("x", 32), make([]byte, 15), "15 bytes"},
		{strings.Repeat("x", 32), make([]byte, 17), "17 bytes"},
	} {
		if key, err := fastifycompat.DeriveKey(c.secret, c.salt); err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.secret, err)
		}
	}
	if got := fastifycompat.TextSalt("a\u0142é😀"); string(got) != "aB\xe9=\x00" {
		t.Errorf("%q", got)
	}
}

func TestSigningSecrets(t *testing.T) {
	o := plain(t)
	o.Cookie.Signed = true
	o.SigningSecrets = []string{"new secret", "old secret"}
	p, got := one(t, o)
	value := got.value(t)
	token, signature, _ := strings.Cut(value, ".")
	if signature != fastifycompat.Sign(token, "new secret") {
		t.Errorf("%s", value)
	}
	for name, c := range map[string]struct {
		value string
		ok    bool
	}{
		"the first":    {value, true},
		"the second":   {token + "." + fastifycompat.Sign(token, "old secret"), true},
		"none":         {token, true},
		"another":      {token + "." + fastifycompat.Sign(token, "x"), false},
		"changed":      {value[:len(value)-1] + "!", false},
		"an empty one": {token + ".", true}, // its dot is no base64, and passed over
	} {
		p.ask("session="+fastifycompat.EncodeValue(c.value), func(s ...*session) {
			if (s[0].Visits() == 1) != c.ok {
				t.Errorf("signed with %s: %v", name, s[0])
			}
		})
	}
}

// Several sessions are several managers; two of one cookie are an error.
func TestSameCookieTwice(t *testing.T) {
	p := mustStart(t, at, plain(t), plain(t))
	if w := p.ask("", func(...*session) { t.Error("the handler runs") }); w.Code != http.StatusInternalServerError || !strings.Contains(p.logs.String(), "Config.Cookie.Name") {
		t.Errorf("status %d: %s", w.Code, &p.logs)
	}
}
