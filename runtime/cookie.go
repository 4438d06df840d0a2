package runtime

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits of RFC 6265bis: section 5.7 lets browsers drop a cookie whose name
// and value are over 4096 bytes, section 5.6 lets them ignore an attribute whose
// value is over 1024, section 5.6.2 caps its life at 400 days.
const (
	maxCookieBytes    = 4096
	maxAttributeBytes = 1024
	maxCookieAge      = 400 * 24 * time.Hour
)

// cookies is the Transport that carries the token in a cookie.
type cookies struct {
	name          string // as sent, with its prefix
	before, after string // what stands around Max-Age in Set-Cookie
	persistent    bool
}

// newCookies checks c and returns its transport.
func newCookies(c Cookie) (*cookies, error) {
	if c.Name == "" {
		c.Name = "session"
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if c.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	lower := strings.ToLower(c.Name)
	switch {
	case strings.HasPrefix(lower, "__host-"), strings.HasPrefix(lower, "__secure-"), strings.HasPrefix(lower, "__http-"):
		return nil, &ConfigError{"Config.Cookie.Name", strconv.Quote(c.Name) + " has a prefix; give the bare name, the strongest legal prefix is added"}
	case c.SameSite == http.SameSiteNoneMode && c.Insecure:
		return nil, &ConfigError{"Config.Cookie.SameSite", "None needs a Secure cookie, browsers drop it otherwise; unset Insecure or Development, or use Lax"}
	case c.Partitioned && c.Insecure:
		return nil, &ConfigError{"Config.Cookie.Partitioned", "needs a Secure cookie, browsers drop it otherwise; unset Insecure or Development"}
	case c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode && c.SameSite != http.SameSiteNoneMode:
		return nil, &ConfigError{"Config.Cookie.SameSite", "must be said: use http.SameSiteLaxMode, http.SameSiteStrictMode or http.SameSiteNoneMode"}
	case len(c.Path) > maxAttributeBytes:
		return nil, &ConfigError{"Config.Cookie.Path", "is over 1024 bytes, browsers would ignore it; write \"/\" or \"/app\""}
	case len(c.Domain) > maxAttributeBytes:
		return nil, &ConfigError{"Config.Cookie.Domain", "is over 1024 bytes, browsers would ignore it; no name in DNS is so long"}
	case !strings.HasPrefix(c.Path, "/"):
		return nil, &ConfigError{"Config.Cookie.Path", strconv.Quote(c.Path) + " does not begin with a slash, browsers would ignore it; write \"/\" or \"/app\""}
	}
	name := c.Name
	switch {
	case c.Insecure:
	case c.Domain == "" && c.Path == "/":
		name = "__Host-" + name
	default:
		name = "__Secure-" + name
	}
	if len(name)+tokenChars > maxCookieBytes {
		return nil, &ConfigError{"Config.Cookie.Name", "leaves no room for a token in the 4096 bytes that browsers keep; choose a shorter one"}
	}
	probe := http.Cookie{Name: name, Value: "x", Path: c.Path, Domain: c.Domain, SameSite: c.SameSite,
		Secure: !c.Insecure, HttpOnly: true, Partitioned: c.Partitioned}
	if err := probe.Valid(); err != nil {
		switch text := err.Error(); {
		case strings.Contains(text, "Name"):
			return nil, &ConfigError{"Config.Cookie.Name", strconv.Quote(c.Name) + " is no name of a cookie; use letters, digits, - and _, as in \"session\""}
		case strings.Contains(text, "Path"):
			return nil, &ConfigError{"Config.Cookie.Path", strconv.Quote(c.Path) + " has a character that no cookie may have; escape it as it is in URLs, or write \"/\""}
		case strings.Contains(text, "Domain"):
			return nil, &ConfigError{"Config.Cookie.Domain", strconv.Quote(c.Domain) + " is no domain; write a name alone, as in \"example.com\", or leave it empty for this host"}
		}
		return nil, &ConfigError{"Config.Cookie", err.Error()}
	}
	// The standard library writes the attributes; what it writes before and
	// behind Max-Age is kept, so that no cookie is formatted during a request.
	probe.MaxAge = 1
	text := strings.TrimPrefix(probe.String(), name+"=x")
	before, after, _ := strings.Cut(text, "; Max-Age=1")
	return &cookies{name: name, before: before, after: after, persistent: !c.NonPersistent}, nil
}

// Token returns the value of the first cookie of our name, "" for none.
func (c *cookies) Token(r *http.Request) string {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			name, value, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
			if ok && name == c.name {
				if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
					value = value[1 : len(value)-1]
				}
				return value
			}
		}
	}
	return ""
}

// Set sets the cookie for age, or for the browser's session if the cookie is
// not persistent.
func (c *cookies) Set(w http.ResponseWriter, token string, age time.Duration) error {
	if n := len(c.name) + len(token); n > maxCookieBytes {
		return tooLarge("the cookie", n, maxCookieBytes, "browsers drop it; keep less in the session or use a server-side store")
	}
	text := c.name + "=" + token + c.before
	if c.persistent {
		seconds := (min(age, maxCookieAge) + time.Second - 1) / time.Second
		text += "; Max-Age=" + strconv.FormatInt(int64(seconds), 10)
	}
	c.put(w, text+c.after)
	return nil
}

// Delete makes the browser forget the cookie. It repeats the attributes, which
// browsers compare before they replace a cookie.
func (c *cookies) Delete(w http.ResponseWriter) {
	c.put(w, c.name+"="+c.before+"; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"+c.after)
}

// put sets the Set-Cookie line, in place of one that this request set before.
func (c *cookies) put(w http.ResponseWriter, text string) {
	h := w.Header()
	lines := h["Set-Cookie"]
	for i, line := range lines {
		if strings.HasPrefix(line, c.name) && strings.HasPrefix(line[len(c.name):], "=") {
			lines[i] = text
			return
		}
	}
	h["Set-Cookie"] = append(lines, text)
}

// Vary names the header that carries the token.
func (c *cookies) Vary() string { return "Cookie" }
