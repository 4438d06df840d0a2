package fastifycompat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sessiongen/sessiongen/runtime"
)

// maxCookie is how many bytes of name and value browsers keep (RFC 6265bis,
// section 5.7).
const maxCookie = 4096

// transport implements [runtime.Sender]: the cookie as @fastify/cookie reads and
// writes it.
type transport struct {
	name       string
	cookie     Cookie
	trustProxy bool
	signers    []func() string // the first signs, all verify
	now        func() time.Time
}

// Token returns the token of the first cookie of our name, without its signature
// if it is a good one.
func (t *transport) Token(r *http.Request) string {
	value, ok := t.value(r)
	if !ok {
		return ""
	}
	if t.cookie.Signed {
		if bare, ok := t.unsign(value); ok {
			return bare
		}
	}
	return value
}

// value returns the value of the first cookie of our name.
func (t *transport) value(r *http.Request) (string, bool) {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			name, value, ok := strings.Cut(pair, "=")
			if ok && strings.Trim(name, " \t") == t.name {
				return decodeValue(strings.Trim(value, " \t")), true
			}
		}
	}
	return "", false
}

// decodeValue undoes the percent-encoding; what is not well-formed is left as it
// is, as decodeURIComponent's error makes the plugin do.
func decodeValue(value string) string {
	if !strings.Contains(value, "%") {
		return value
	}
	plain, err := url.PathUnescape(value)
	if err != nil || !utf8.ValidString(plain) {
		return value
	}
	return plain
}

// encodeValue is encodeURIComponent of a token, whose only characters that it
// changes are these.
var encodeValue = strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D", ";", "%3B").Replace

// sign returns the signature of a token: HMAC-SHA256 in base64 without padding.
func sign(token, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

func (t *transport) unsign(value string) (string, bool) {
	dot := strings.LastIndexByte(value, '.')
	if dot < 0 {
		return "", false
	}
	for _, secret := range t.signers {
		if hmac.Equal([]byte(value[dot+1:]), []byte(sign(value[:dot], secret()))) {
			return value[:dot], true
		}
	}
	return "", false
}

// Send implements [runtime.Sender].
func (t *transport) Send(w http.ResponseWriter, r *http.Request, token string, m *runtime.Meta) error {
	c := t.edited(m)
	if m.MaxAge {
		c.MaxAge = max(time.Duration(m.Deadline-t.now().UnixMilli())*time.Millisecond, time.Second).Truncate(time.Second)
	}
	if c.Signed {
		token += "." + sign(token, t.signers[0]())
	}
	value := encodeValue(token)
	if n := len(t.name) + len(value); n > maxCookie {
		return fmt.Errorf("%w: the cookie %s has %d bytes, the limit is %d: browsers would drop it without a word, and the session with it; keep less in the session, in both programs, or move it to a store on the server", runtime.ErrTooLarge, t.name, n, maxCookie)
	}
	attributes, err := c.attributes(t.isTLS(r))
	if err != nil {
		return fmt.Errorf("fastifycompat: cookie %w", err)
	}
	t.put(w, t.name+"="+value+attributes)
	return nil
}

// Forget implements [runtime.Sender].
func (t *transport) Forget(w http.ResponseWriter, r *http.Request, m *runtime.Meta) {
	c := t.edited(m)
	c.MaxAge, c.Expires = gone, time.Unix(0, 0)
	attributes, err := c.attributes(t.isTLS(r))
	if err != nil {
		attributes, _ = t.cookie.attributes(t.isTLS(r))
	}
	t.put(w, t.name+"="+attributes)
}

// edited returns the attributes of the response of a session.
func (t *transport) edited(m *runtime.Meta) Cookie {
	c := t.cookie
	if o, ok := m.Shared.(*override); ok && o.edit != nil {
		o.edit(&c)
	}
	return c
}

// Set implements [runtime.Transport]; a manager calls Send.
func (t *transport) Set(w http.ResponseWriter, token string, _ time.Duration) error {
	return t.Send(w, nil, token, &runtime.Meta{})
}

// Delete implements [runtime.Transport]; a manager calls Forget.
func (t *transport) Delete(w http.ResponseWriter) { t.Forget(w, nil, &runtime.Meta{}) }

// Vary implements [runtime.Transport].
func (t *transport) Vary() string { return "Cookie" }

// put sets the Set-Cookie line, in place of one of this name that is there.
func (t *transport) put(w http.ResponseWriter, text string) {
	lines := w.Header()["Set-Cookie"]
	for i, line := range lines {
		if strings.HasPrefix(line, t.name+"=") {
			lines[i] = text
			return
		}
	}
	w.Header()["Set-Cookie"] = append(lines, text)
}

// isTLS tells what Fastify's request.protocol does.
func (t *transport) isTLS(r *http.Request) bool {
	if r == nil {
		return false
	}
	if t.trustProxy {
		if lines := r.Header["X-Forwarded-Proto"]; len(lines) > 0 {
			list := lines[len(lines)-1]
			return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:]) == "https"
		}
	}
	return r.TLS != nil
}

// gone is the MaxAge of a cookie that is deleted: Max-Age=0.
const gone = -1

var (
	domainPattern = regexp.MustCompile(`^(?i:\.?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(?i:\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
	pathPattern   = regexp.MustCompile(`^/[ -:=-~]*$`)
	namePattern   = regexp.MustCompile(`^[!-:<>-~]+$`)
)

// attributes returns what stands behind the value, in the order in which
// @fastify/cookie writes it, or what can't be sent.
func (c *Cookie) attributes(tls bool) (string, error) {
	secure := c.Secure == SecureOn || c.Secure == SecureAuto && tls
	var b strings.Builder
	if c.MaxAge != 0 {
		if c.MaxAge%time.Second != 0 && c.MaxAge != gone || c.MaxAge < 0 && c.MaxAge != gone {
			return "", fmt.Errorf("attribute MaxAge is %v: it must be whole seconds, as Node's maxAge is", c.MaxAge)
		}
		b.WriteString("; Max-Age=" + strconv.FormatInt(int64(c.MaxAge/time.Second), 10))
	}
	if c.Domain != "" {
		if !domainPattern.MatchString(c.Domain) {
			return "", fmt.Errorf("attribute Domain %q is no domain; write a name alone, as in \"example.com\"", c.Domain)
		}
		b.WriteString("; Domain=" + c.Domain)
	}
	if c.Path != "" {
		if !pathPattern.MatchString(c.Path) {
			return "", fmt.Errorf("attribute Path %q is no path of a cookie; write \"/\" or \"/app\"", c.Path)
		}
		b.WriteString("; Path=" + c.Path)
	}
	if !c.Expires.IsZero() {
		if y := c.Expires.UTC().Year(); y < 1601 || y > 9999 {
			return "", fmt.Errorf("attribute Expires is in year %d; cookies know the years 1601 to 9999", y)
		}
		b.WriteString("; Expires=" + c.Expires.UTC().Format(http.TimeFormat))
	}
	if !c.Script {
		b.WriteString("; HttpOnly")
	}
	if secure {
		b.WriteString("; Secure")
	}
	if c.Partitioned {
		if c.Secure == SecureOff {
			return "", fmt.Errorf("attribute Partitioned needs Secure, browsers drop the cookie otherwise; set Secure too")
		}
		b.WriteString("; Partitioned")
	}
	switch strings.ToLower(c.Priority) {
	case "":
	case "low":
		b.WriteString("; Priority=Low")
	case "medium":
		b.WriteString("; Priority=Medium")
	case "high":
		b.WriteString("; Priority=High")
	default:
		return "", fmt.Errorf("attribute Priority is %q: write low, medium or high", c.Priority)
	}
	switch c.SameSite {
	case 0, http.SameSiteLaxMode:
		b.WriteString("; SameSite=Lax")
	case http.SameSiteStrictMode:
		b.WriteString("; SameSite=Strict")
	case http.SameSiteNoneMode:
		if c.Secure == SecureOff {
			return "", fmt.Errorf("attribute SameSite None needs Secure, browsers drop the cookie otherwise; set Secure too, or use Lax")
		}
		b.WriteString("; SameSite=None")
	case http.SameSiteDefaultMode:
	default:
		return "", fmt.Errorf("attribute SameSite is %d: use a constant of net/http", c.SameSite)
	}
	return b.String(), nil
}
