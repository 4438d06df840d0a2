package expresscompat

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Options are those of express-session and of connect-redis, with the same
// meaning. What the zero value is where Node's default differs stands at the field.
type Options struct {
	// Secrets sign the cookie: the first signs, all verify. A secret is the UTF-8
	// of the string, or the bytes of the Buffer, that the other side has. At least
	// one is needed, and none may be empty.
	Secrets []string
	// Name is the cookie's name; "" for "connect.sid".
	Name string
	// GenID makes the id of a new session; nil for 24 random bytes in base64url.
	// r is nil where a session is made without a request. What it returns must
	// not be guessable; it is never taken from a client by itself.
	GenID func(r *http.Request) string
	// Cookie is what a new session's cookie looks like. CookieFor, if it is set,
	// says so for each request in its place; Cookie is then for sessions that are
	// made without one.
	Cookie    CookieOptions
	CookieFor func(*http.Request) CookieOptions

	// Resave stores a session at the end of every request that loaded it. The
	// zero value is false, what express-session recommends; its default is true.
	Resave bool
	// SaveUninitialized stores a new session to which nothing was written, and
	// sends its cookie. The zero value is false, as above.
	SaveUninitialized bool
	// Rolling sends the cookie with every response to an existing session.
	Rolling bool
	// Unset is what [Store.Unset] does.
	Unset Unset

	// Proxy says whether X-Forwarded-Proto is believed.
	Proxy Proxy
	// Secure tells with ProxyUnset whether a request came over TLS, as Express's
	// req.secure does under its "trust proxy" setting; nil for r.TLS alone.
	Secure func(*http.Request) bool

	// Prefix stands before the id in a record's key; "" for "sess:", unless
	// NoPrefix is set.
	Prefix   string
	NoPrefix bool
	// TTL is how long a record lives whose cookie has no age; 0 for a day. It is
	// rounded up to whole seconds.
	TTL time.Duration
	// TTLFor, if it is set, returns how long a record lives, whatever its cookie
	// says. It is given the record's JSON text.
	TTLFor func(record []byte) time.Duration
	// DisableTouch leaves a record's life alone when its session is only read.
	DisableTouch bool
	// DisableTTL stores records that live for ever. A cookie that has expired
	// already still deletes its record.
	DisableTTL bool
	// ScanCount is how many keys one SCAN of a listing looks at; 0 for 100.
	ScanCount int
}

// Unset is what [Store.Unset] does, in place of "req.session = null" in Node.
type Unset uint8

const (
	UnsetKeep    Unset = iota // the stored session stays as it is, and this request's changes are dropped
	UnsetDestroy              // the session is destroyed
)

// Proxy says how it is known that a request came over TLS. A connection that
// this server itself ends TLS for always did.
type Proxy uint8

const (
	ProxyUnset Proxy = iota // what Options.Secure says
	ProxyTrust              // the first value of X-Forwarded-Proto is https
	ProxyNever              // nothing but TLS itself
)

// CookieOptions are what express-session takes as its option cookie.
type CookieOptions struct {
	// MaxAge is how long the browser keeps the cookie and the store its record,
	// from the session's last use, to the millisecond. 0 is for a cookie that
	// ends with the browser (null in Node); a negative one has expired already,
	// and nothing is stored (0 in Node is -1 here).
	MaxAge time.Duration
	// Expires is another way to write MaxAge, which wins over it: the time from
	// the session's beginning to it.
	Expires time.Time
	// Path is the cookie's path; "" for "/". A request whose path does not begin
	// with it, letter for letter, has no session.
	Path   string
	Domain string // "" for this host alone
	// NoHTTPOnly lets scripts read the cookie.
	NoHTTPOnly  bool
	Secure      Secure
	SameSite    SameSite
	Priority    string // "low", "medium" or "high", in any case; "" for none
	Partitioned Flag
}

// Flag is a value of JavaScript that may be absent.
type Flag uint8

const (
	Absent Flag = iota
	False
	True
)

// Secure is the option cookie.secure.
type Secure uint8

const (
	SecureAbsent Secure = iota // no attribute
	SecureFalse                // the same, and the record says so
	SecureTrue                 // the cookie is sent over TLS alone; without TLS the session is stored and no cookie sent
	SecureAuto                 // as the connection was when the session began
)

// SameSite is the option cookie.sameSite.
type SameSite string

const (
	SameSiteAbsent SameSite = ""
	SameSiteFalse  SameSite = "false" // no attribute, and the record says so
	SameSiteTrue   SameSite = "true"  // Strict
	SameSiteStrict SameSite = "strict"
	SameSiteLax    SameSite = "lax"
	SameSiteNone   SameSite = "none"
	SameSiteAuto   SameSite = "auto" // None over TLS, else Lax
)

func (o *Options) setting(name, reason string) error {
	return &runtime.ConfigError{Setting: "expresscompat.Options." + name, Reason: reason}
}

// normalise fills in defaults, or says what is wrong.
func (o *Options) normalise() error {
	o.Secrets = slices.Clone(o.Secrets)
	if o.Name == "" {
		o.Name = "connect.sid"
	}
	if o.Prefix == "" && !o.NoPrefix {
		o.Prefix = "sess:"
	}
	if o.TTL == 0 {
		o.TTL = 24 * time.Hour
	}
	if o.ScanCount == 0 {
		o.ScanCount = 100
	}
	switch {
	case len(o.Secrets) == 0:
		return o.setting("Secrets", "is empty: give the secret that express-session has as its option secret, as in []string{os.Getenv(\"SESSION_SECRET\")}")
	case slices.Contains(o.Secrets, ""):
		return o.setting("Secrets", "has an empty secret, as if its environment variable were not set: anybody could sign a cookie; set it, or remove it from the list")
	case !validName(o.Name):
		return o.setting("Name", strconv.Quote(o.Name)+" is no name of a cookie; use letters, digits, - . and _, as in \"connect.sid\"")
	case o.NoPrefix && o.Prefix != "":
		return o.setting("NoPrefix", "and Prefix are both set; unset one of them")
	case o.TTL < 0:
		return o.setting("TTL", o.TTL.String()+" is negative: nothing would be stored; leave it 0 for a day")
	case o.ScanCount < 0:
		return o.setting("ScanCount", strconv.Itoa(o.ScanCount)+" is negative; leave it 0 for 100")
	case o.Unset > UnsetDestroy:
		return o.setting("Unset", "is neither UnsetKeep nor UnsetDestroy")
	case o.Proxy > ProxyNever:
		return o.setting("Proxy", "is none of ProxyUnset, ProxyTrust and ProxyNever")
	}
	return o.Cookie.check(o)
}

// check says what of the options would make a cookie that can't be sent.
func (c *CookieOptions) check(o *Options) error {
	switch {
	case !validPath(c.Path):
		return o.setting("Cookie.Path", strconv.Quote(c.Path)+" has a character that no cookie may have; escape it as it is in URLs, or write \"/\"")
	case c.Domain != "" && !validDomain(c.Domain):
		return o.setting("Cookie.Domain", strconv.Quote(c.Domain)+" is no domain; write a name alone, as in \"example.com\", or leave it empty for this host")
	case c.Priority != "" && attribute(priorities, c.Priority) == "":
		return o.setting("Cookie.Priority", strconv.Quote(c.Priority)+" is none of \"low\", \"medium\" and \"high\"")
	case c.SameSite != SameSiteAuto && c.SameSite != SameSiteFalse && c.SameSite != SameSiteAbsent && attribute(sameSites, string(c.SameSite)) == "":
		return o.setting("Cookie.SameSite", strconv.Quote(string(c.SameSite))+" is none of the SameSite constants; use SameSiteLax")
	case c.Secure > SecureAuto:
		return o.setting("Cookie.Secure", "is none of the Secure constants; use SecureAuto")
	case c.Partitioned > True:
		return o.setting("Cookie.Partitioned", "is none of Absent, False and True")
	}
	return nil
}

// cookieFor returns the cookie options of a request; r is nil without one.
func (o *Options) cookieFor(r *http.Request) CookieOptions {
	if o.CookieFor != nil && r != nil {
		return o.CookieFor(r)
	}
	return o.Cookie
}

// admits is the path gate: a request has a session if its path, as it was sent,
// begins with the cookie's.
func (o *Options) admits(r *http.Request) bool {
	path := o.cookieFor(r).Path
	return path == "" || path == "/" || strings.HasPrefix(originalPath(r), path)
}

// originalPath is the path of the request as the client sent it, whatever a
// multiplexer has cut off since: percent-encoded, without query.
func originalPath(r *http.Request) string {
	target := r.RequestURI
	if target == "" { // a request of a test
		return r.URL.EscapedPath()
	}
	if !strings.HasPrefix(target, "/") { // absolute-form, as proxies send it
		if _, rest, ok := strings.Cut(target, "://"); ok {
			i := strings.IndexAny(rest, "/?#")
			if i < 0 || rest[i] != '/' {
				return "/"
			}
			target = rest[i:]
		}
	}
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	return target
}

// secure tells whether a request came over TLS.
func (o *Options) secure(r *http.Request) bool {
	switch {
	case r == nil:
		return false
	case r.TLS != nil:
		return true
	case o.Proxy == ProxyTrust:
		first, _, _ := strings.Cut(strings.Join(r.Header["X-Forwarded-Proto"], ", "), ",")
		return strings.EqualFold(strings.TrimSpace(first), "https")
	case o.Proxy == ProxyUnset && o.Secure != nil:
		return o.Secure(r)
	}
	return false
}
