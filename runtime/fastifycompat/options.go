package fastifycompat

import (
	"net/http"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// DefaultExpiry is how long a session lives after it was last set or touched
// where [Options] say nothing: what @fastify/secure-session does, one second more
// than the day that its documentation promises.
const DefaultExpiry = 86401 * time.Second

// Options are those of @fastify/secure-session, with the same meaning and the
// same defaults, but for what the package comment lists. What can't work is a
// [runtime.ConfigError] of the manager's constructor.
type Options struct {
	// Keys open sessions, and the first one seals: the option key. [ReadKeyFile],
	// [Key], [ParseKey] and [DeriveKey] make one.
	Keys runtime.Keyring
	// Secret, of at least 32 bytes, and Salt, of exactly 16, make the key where
	// there are no Keys; without a Salt it is the plugin's built-in one. To
	// derive it takes 256 MiB and about a second, once. A salt that is a string
	// in the Node program is [TextSalt] of it.
	Secret string
	Salt   []byte
	// SessionName is "session" if it is empty; only the cookie's name comes from it.
	SessionName string
	// CookieName is SessionName if it is empty.
	CookieName string
	// Expiry is the option expiry: how long a session lives after it was last set
	// or touched, in whole seconds; 0 for [DefaultExpiry].
	Expiry time.Duration
	// Cookie are the options cookie or cookieOptions.
	Cookie Cookie
	// SigningSecrets sign Cookie.Signed cookies where the Node program has
	// registered @fastify/cookie with a secret of its own before this plugin: the
	// first signs, all verify. Otherwise the plugin makes one from the key, or
	// takes Secret, and so does this package.
	SigningSecrets []string
	// TrustProxy makes Cookie.Secure [SecureAuto] believe X-Forwarded-Proto, as
	// Fastify's trustProxy does. Set it only behind a proxy that sets the header.
	TrustProxy bool
}

// Cookie are the attributes of the cookie.
type Cookie struct {
	// MaxAge is maxAge, in whole seconds; 0 for a cookie that browsers forget when
	// they close. It does not move the session's end, which is Options.Expiry.
	MaxAge time.Duration
	// Expires is expires; the zero time for none. It is one instant for all.
	Expires time.Time
	// Path has no default, as in Node: browsers then take the directory of the URL
	// that set the cookie, and another one does not get it. "/" is nearly
	// always what is meant, on both sides.
	Path string
	// Domain lets subdomains have the cookie; "" for this host alone.
	Domain string
	// Script lets the page's scripts read the cookie: httpOnly: false.
	Script bool
	// Secure is secure.
	Secure Secure
	// SameSite is Lax if it is 0, as of @fastify/cookie 11.1;
	// http.SameSiteDefaultMode sends none, as sameSite: false and older releases do.
	SameSite http.SameSite
	// Priority is "low", "medium" or "high"; "" for none.
	Priority string
	// Partitioned keeps the cookie apart for each top-level site (CHIPS).
	Partitioned bool
	// Signed adds a signature. The seal needs none; a Node program that has the
	// option accepts cookies without it.
	Signed bool
}

// Secure says when the cookie has the attribute Secure.
type Secure uint8

const (
	SecureOff  Secure = iota // never: the default in Node, and for plain HTTP alone
	SecureOn                 // always
	SecureAuto               // if the request came over TLS, see Options.TrustProxy
)

// EditCookie gives the cookie of this response other attributes than the store's:
// session.options of the plugin. The edit starts from the store's options; a
// second call replaces the first. It makes no cookie be sent. After Destroy it
// says which cookie is deleted; called before, it is forgotten with the session.
// Attributes that can't be sent fail the commit. The name stays.
func EditCookie(session runtime.Typed, edit func(*Cookie)) {
	runtime.EditMeta(session, func(m *runtime.Meta) { m.Shared = &override{edit} })
}

// override is what a session's meta carries of its response's attributes.
type override struct{ edit func(*Cookie) }
