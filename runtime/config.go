package runtime

import (
	"log/slog"
	"math"
	"net/http"
	"time"
)

// Default limits. The timeouts are those of NIST SP 800-63B-4, section 2.1.3,
// for assurance level 1. For level 2 it allows at most one hour of inactivity
// and 24 hours in all: Config{IdleTimeout: time.Hour, AbsoluteTimeout: 24 * time.Hour}.
const (
	DefaultIdleTimeout     = 24 * time.Hour
	DefaultAbsoluteTimeout = 30 * 24 * time.Hour
	DefaultStoreTimeout    = 5 * time.Second
	DefaultMaxRecordBytes  = 64 << 10
)

// Never as a timeout means that there is none.
const Never time.Duration = math.MaxInt64

// Config configures a manager. Its zero value is secure and ready for production.
type Config struct {
	// Cookie says how the token's cookie looks.
	Cookie Cookie
	// Transport carries the token; nil for a cookie. See [Bearer].
	Transport Transport

	// IdleTimeout ends a session that was not used for so long; 0 for 24 hours,
	// [Never] for no such end. It is enforced from the stored record.
	IdleTimeout time.Duration
	// AbsoluteTimeout ends a session so long after it began or a principal was
	// set, however much it is used; 0 for 30 days, [Never] for no such end.
	AbsoluteTimeout time.Duration

	// MaxRecordBytes bounds a stored record; 0 for 64 KiB.
	MaxRecordBytes int
	// StoreTimeout bounds each call of a store that is not in this process; 0
	// for 5 seconds. A client that disconnects does not end such a call.
	StoreTimeout time.Duration
	// AllowMissingIndex lets a spec with an index run on a store that can't find
	// sessions by it. FindBy and DestroyBy then return [ErrNoIndex], but for
	// DestroyBy of a principal where sealed sessions have a revocation list.
	AllowMissingIndex bool

	// Skip tells the requests that Middleware leaves alone: their handlers have
	// no session. nil for none.
	Skip func(*http.Request) bool
	// ErrorHandler answers a request whose session can't be loaded or saved, in
	// place of the handler, whose headers are gone; nil for a plain 503 if the
	// store can't answer or after [ErrNoClient], 409 after [ErrDestroyed], 500
	// otherwise.
	ErrorHandler func(http.ResponseWriter, *http.Request, error)
	// Logger gets errors that can't be answered and mistakes in use; nil for
	// slog.Default(). Neither tokens nor values are ever logged.
	Logger *slog.Logger

	// Observer is told what the manager does, to count and time it; nil for
	// nobody, which costs nothing.
	Observer Observer

	// Development is for plain HTTP on localhost: it implies Cookie.Insecure,
	// and a change that comes too late to be saved panics instead of being logged.
	// A request for another host is logged as a warning, once.
	Development bool
	// Now is the clock; nil for time.Now. It is read to the millisecond, also
	// by goroutines of a store, so that it must allow parallel calls.
	Now func() time.Time
}

// Cookie says how the cookie looks that carries a session's token. Secure,
// HttpOnly and SameSite=Lax are always sent unless a field says otherwise.
type Cookie struct {
	// Name is the bare name; "" for "session". It is sent as "__Host-" + Name, as
	// "__Secure-" + Name with a Domain or another Path (RFC 6265bis, section 4.1.3),
	// and bare if Insecure.
	Name string
	// Path is the cookie's path; "" for "/".
	Path string
	// Domain lets subdomains have the cookie; "" for this host alone.
	Domain string
	// SameSite is Lax if 0. None needs a secure cookie.
	SameSite http.SameSite
	// Partitioned keeps the cookie apart for each top-level site (CHIPS).
	Partitioned bool
	// NonPersistent leaves out Max-Age, so that browsers forget the cookie when
	// they close. The server's timeouts hold all the same.
	NonPersistent bool
	// Insecure drops Secure and the prefix, for plain HTTP in a local network or
	// behind an onion address, and logs a warning at the start. Behind a proxy that
	// ends TLS it is not needed.
	Insecure bool
}

// normalised returns the configuration with its defaults, or what is wrong with it.
func (c Config) normalised() (Config, error) {
	defaulted := func(v *time.Duration, fallback time.Duration) {
		if *v == 0 {
			*v = fallback
		}
	}
	defaulted(&c.IdleTimeout, DefaultIdleTimeout)
	defaulted(&c.AbsoluteTimeout, DefaultAbsoluteTimeout)
	defaulted(&c.StoreTimeout, DefaultStoreTimeout)
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"IdleTimeout", c.IdleTimeout}, {"AbsoluteTimeout", c.AbsoluteTimeout}, {"StoreTimeout", c.StoreTimeout}} {
		if d.value < time.Millisecond {
			return c, &ConfigError{"Config." + d.name, d.value.String() + " is under a millisecond; write a unit, as in 30 * time.Minute, leave it 0 for the default, or use runtime.Never"}
		}
	}
	if c.MaxRecordBytes == 0 {
		c.MaxRecordBytes = DefaultMaxRecordBytes
	}
	if c.MaxRecordBytes < headerSize+1 {
		return c, &ConfigError{"Config.MaxRecordBytes", "no record is so small; leave it 0 for 64 KiB"}
	}
	if c.ErrorHandler == nil {
		c.ErrorHandler = defaultErrorHandler
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if now := c.Now().UnixMilli(); now <= 0 || now > maxInstant-maxIdle {
		return c, &ConfigError{"Config.Now", "returned " + c.Now().String() + ": a record counts milliseconds since 1970, for thousands of years; start a test's clock later, or leave it nil for time.Now"}
	}
	if c.Development {
		c.Cookie.Insecure = true
	}
	return c, nil
}
