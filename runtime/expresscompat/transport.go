package expresscompat

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sessiongen/sessiongen/runtime"
)

// transport carries the token in express-session's cookie.
type transport struct {
	o      *Options
	sign   signer
	logger *slog.Logger
	now    func() time.Time

	unsent sync.Once // the first cookie that was not sent is worth a warning
}

// maxCookieBytes is what browsers keep of a cookie's name and value (RFC
// 6265bis, section 5.7).
const maxCookieBytes = 4096

// Token returns the value of the first cookie of the name, decoded as
// decodeURIComponent does; text that it can't decode is taken as it is.
func (t *transport) Token(r *http.Request) string {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			name, value, ok := strings.Cut(pair, "=")
			if !ok || strings.Trim(name, " \t") != t.o.Name {
				continue
			}
			value = strings.Trim(value, " \t")
			if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
				value = value[1 : len(value)-1]
			}
			if decoded, err := url.PathUnescape(value); err == nil && utf8.ValidString(decoded) {
				return decoded
			}
			return value
		}
	}
	return ""
}

// Set is not called, nor is Delete: the transport is a runtime.Sender.
func (t *transport) Set(w http.ResponseWriter, token string, _ time.Duration) error {
	return t.Send(w, nil, token, &runtime.Meta{Shared: t.o.newCookie(t.o.Cookie, false, t.now().UnixMilli())})
}

// Send sends the cookie that the session's record describes, signed by the first
// secret. One that is for TLS alone is not sent without it, and one that has an
// attribute which no cookie may have is not sent at all; the session is stored
// all the same, as in Node.
func (t *transport) Send(w http.ResponseWriter, r *http.Request, token string, m *runtime.Meta) error {
	c := cookieIn(m)
	if c.Secure == True && !t.o.secure(r) {
		t.notSent(r, "the session cookie is not sent, since it is for TLS alone and the request came without: behind a proxy that ends TLS set Options.Proxy to ProxyTrust, or Options.Secure")
		return nil
	}
	id, ok := t.sign.unsign(token)
	if !ok {
		return fmt.Errorf("expresscompat: the session's token is not signed by any of Options.Secrets")
	}
	var expires time.Time
	if c.Persistent {
		expires = c.end(m, t.now())
	}
	attributes, err := c.attributes(expires)
	if err != nil {
		t.logger.Error("sessiongen: the session cookie is not sent", slog.Any("error", err))
		return nil
	}
	value := encodeURIComponent(t.sign.sign(id))
	if n := len(t.o.Name) + len(value); n > maxCookieBytes {
		return fmt.Errorf("expresscompat: %w: the cookie has %d bytes, browsers keep %d: make shorter ids in Options.GenID", runtime.ErrTooLarge, n, maxCookieBytes)
	}
	t.put(w, t.o.Name+"="+value+attributes)
	return nil
}

// notSent warns once and says the rest for those who debug.
func (t *transport) notSent(r *http.Request, reason string) {
	level := slog.LevelDebug
	t.unsent.Do(func() { level = slog.LevelWarn })
	if r == nil {
		return
	}
	t.logger.Log(r.Context(), level, "sessiongen: "+reason, slog.String("path", r.URL.Path))
}

func (t *transport) Delete(w http.ResponseWriter) { t.Forget(w, nil, nil) }

// Forget makes the browser forget the cookie that the options describe for r.
func (t *transport) Forget(w http.ResponseWriter, r *http.Request, _ *runtime.Meta) {
	c := t.o.newCookie(t.o.cookieFor(r), t.o.secure(r), 0)
	attributes, err := c.attributes(time.Unix(0, 0))
	if err == nil {
		t.put(w, t.o.Name+"="+attributes)
	}
}

// put sets the Set-Cookie line, in place of one that this request set before.
func (t *transport) put(w http.ResponseWriter, text string) {
	h := w.Header()
	lines := h["Set-Cookie"]
	for i, line := range lines {
		if name, _, _ := strings.Cut(line, "="); name == t.o.Name {
			lines[i] = text
			return
		}
	}
	h["Set-Cookie"] = append(lines, text)
}

// Vary names the header that carries the token.
func (t *transport) Vary() string { return "Cookie" }

// attributes returns what follows the value, in the order in which Node's
// package cookie writes it. The zero time is for no Expires.
func (c *Cookie) attributes(expires time.Time) (string, error) {
	var b strings.Builder
	if c.Domain != "" {
		if !validDomain(c.Domain) {
			return "", fmt.Errorf("its domain %q is none; correct the cookie's Domain", c.Domain)
		}
		b.WriteString("; Domain=" + c.Domain)
	}
	if c.Path != "" {
		if !validPath(c.Path) {
			return "", fmt.Errorf("its path %q has a character that no cookie may have; correct the cookie's Path", c.Path)
		}
		b.WriteString("; Path=" + c.Path)
	}
	if !expires.IsZero() {
		b.WriteString("; Expires=" + expires.UTC().Format(http.TimeFormat))
	}
	if c.HTTPOnly != False {
		b.WriteString("; HttpOnly")
	}
	if c.Secure == True {
		b.WriteString("; Secure")
	}
	if c.Partitioned == True {
		b.WriteString("; Partitioned")
	}
	if c.Priority != "" {
		name := attribute(priorities, c.Priority)
		if name == "" {
			return "", fmt.Errorf("its priority %q is none of low, medium and high; correct the cookie's Priority", c.Priority)
		}
		b.WriteString("; Priority=" + name)
	}
	if c.SameSite != SameSiteAbsent && c.SameSite != SameSiteFalse {
		name := attribute(sameSites, string(c.SameSite))
		if name == "" {
			return "", fmt.Errorf("its sameSite %q is none of strict, lax and none; correct the cookie's SameSite", string(c.SameSite))
		}
		b.WriteString("; SameSite=" + name)
	}
	return b.String(), nil
}

var (
	priorities = map[string]string{"low": "Low", "medium": "Medium", "high": "High"}
	sameSites  = map[string]string{"true": "Strict", "strict": "Strict", "lax": "Lax", "none": "None"}
)

// attribute returns how the cookie writes a value, "" for one that is none.
func attribute(names map[string]string, value string) string { return names[strings.ToLower(value)] }

var (
	nameForm   = regexp.MustCompile("^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$") // a token of RFC 9110
	domainForm = regexp.MustCompile(`(?i)^\.?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
)

func validName(s string) bool   { return nameForm.MatchString(s) }
func validDomain(s string) bool { return domainForm.MatchString(s) }

// validPath tells whether s has only characters that RFC 6265 allows in a path:
// printable ASCII but for the semicolon, and without "<", which Node refuses too.
func validPath(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ';' || s[i] == '<' {
			return false
		}
	}
	return true
}

// encodeURIComponent is the function of JavaScript: UTF-8 in percent escapes,
// but for letters, digits and - _ . ! ~ * ' ( ).
func encodeURIComponent(s string) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.!~*'()", c) >= 0:
			b = append(b, c)
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
