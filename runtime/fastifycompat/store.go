package fastifycompat

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
)

// Store keeps sessions in the cookie that @fastify/secure-session shares. [New]
// makes one. Several sessions of one application, which the plugin takes as an
// array of options, are a store and a manager each.
type Store struct{ options Options }

// New returns a store. It never fails, so that it can stand in the call of the
// manager's constructor; that returns a [runtime.ConfigError] for options that
// can't work.
func New(options Options) *Store {
	options.Keys = slices.Clone(options.Keys)
	options.Salt = slices.Clone(options.Salt)
	options.SigningSecrets = slices.Clone(options.SigningSecrets)
	return &Store{options}
}

// Bind implements [runtime.Store]. With a Secret it derives the key, which takes
// its time.
func (s *Store) Bind(setup runtime.Setup) (runtime.Parts, error) {
	o := s.options
	if o.SessionName == "" {
		o.SessionName = "session"
	}
	if o.CookieName == "" {
		o.CookieName = o.SessionName
	}
	if o.Expiry == 0 {
		o.Expiry = DefaultExpiry
	}
	if err := o.check(setup.Spec); err != nil {
		return runtime.Parts{}, err
	}
	keys := o.Keys
	if len(keys) == 0 {
		key, err := DeriveKey(o.Secret, o.Salt)
		if err != nil {
			return runtime.Parts{}, wrong("Secret", strings.TrimPrefix(err.Error(), "fastifycompat: "))
		}
		keys = runtime.Keyring{key}
	}
	sealer := &box{report: &reporter{name: o.CookieName, now: setup.Now, logger: setup.Logger}}
	for _, key := range keys {
		raw := rawKey(key)
		sealer.keys = append(sealer.keys, func() [keySize]byte { return raw })
	}
	carrier := &transport{name: o.CookieName, cookie: o.Cookie, trustProxy: o.TrustProxy, now: setup.Now}
	for _, secret := range o.signingSecrets(keys) {
		carrier.signers = append(carrier.signers, func() string { return secret })
	}
	o.warn(setup.Logger)
	expiry := o.Expiry.Milliseconds()
	return runtime.Parts{
		Sealer: sealer,
		Format: &format{expiry: o.Expiry, now: setup.Now},
		Policy: &runtime.Policy{
			Transport:  carrier,
			Cookie:     o.CookieName,
			Start:      func(_ *http.Request, m *runtime.Meta, _ int64) { m.Idle = expiry },
			TouchAsked: true,
		},
	}, nil
}

func wrong(setting, reason string) error {
	return &runtime.ConfigError{Setting: "fastifycompat.Options." + setting, Reason: reason}
}

// check finds options that can't work.
func (o *Options) check(spec *runtime.Spec) error {
	switch {
	case len(o.Keys) == 0 && o.Secret == "":
		return wrong("Keys", "neither Keys nor Secret is set; give what the Node program has: ReadKeyFile(\"secret-key\") for a key file, ParseKey for a base64 string, or Secret and Salt")
	case len(o.Keys) > 0 && (o.Secret != "" || o.Salt != nil):
		return wrong("Secret", "has no effect beside Keys, and neither has Salt; remove them, as the plugin passes over them too, or put DeriveKey of them at the end of Keys")
	case o.Expiry < time.Second || o.Expiry%time.Second != 0 || o.Expiry > 100*365*24*time.Hour:
		return wrong("Expiry", fmt.Sprintf("%v: it must be whole seconds, at least one and at most a hundred years; 0 is the plugin's %v", o.Expiry, DefaultExpiry))
	case !namePattern.MatchString(o.CookieName):
		return wrong("CookieName", fmt.Sprintf("%q is no name of a cookie; use letters, digits, - and _", o.CookieName))
	case o.Cookie.MaxAge < 0:
		return wrong("Cookie.MaxAge", "is negative: every cookie would be gone at once; leave it 0 for none")
	}
	if len(o.Keys) > 0 {
		if err := o.Keys.Check(); err != nil {
			return wrong("Keys", err.Error())
		}
	}
	if slices.Contains(o.SigningSecrets, "") {
		return wrong("SigningSecrets", "one is empty, as if its variable were not set")
	}
	if _, err := o.Cookie.attributes(true); err != nil {
		return wrong("Cookie", err.Error())
	}
	lower := strings.ToLower(o.CookieName)
	host := strings.HasPrefix(lower, "__host-")
	switch {
	case (host || strings.HasPrefix(lower, "__secure-")) && o.Cookie.Secure == SecureOff:
		return wrong("CookieName", fmt.Sprintf("%q needs Cookie.Secure: browsers drop the cookie otherwise", o.CookieName))
	case host && (o.Cookie.Path != "/" || o.Cookie.Domain != ""):
		return wrong("CookieName", fmt.Sprintf("%q needs Cookie.Path \"/\" and no Domain: browsers drop the cookie otherwise", o.CookieName))
	}
	if err := nodejson.CheckSpec(spec, stampName); err != nil {
		return &runtime.ConfigError{Setting: "fastifycompat", Reason: err.Error()}
	}
	return nil
}

// signingSecrets are what the plugin gives @fastify/cookie, or what that was given.
func (o *Options) signingSecrets(keys runtime.Keyring) []string {
	switch {
	case len(o.SigningSecrets) > 0:
		return o.SigningSecrets
	case len(o.Keys) == 0:
		return []string{o.Secret}
	}
	raw := rawKey(keys[0])
	sum := blake2b.Sum256(raw[:])
	return []string{hex.EncodeToString(sum[:])}
}

// warn says what Node programs often leave out, once.
func (o *Options) warn(logger *slog.Logger) {
	if o.Cookie.Path == "" {
		logger.Warn("sessiongen: the session cookie has no path, so that pages elsewhere do not get it: set Cookie.Path to \"/\" here and in the Node program", slog.String("cookie", o.CookieName))
	}
	if o.Cookie.Secure == SecureOff {
		logger.Warn("sessiongen: the session cookie is sent over plain HTTP too: set Cookie.Secure here and in the Node program", slog.String("cookie", o.CookieName))
	}
}
