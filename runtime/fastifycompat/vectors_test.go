package fastifycompat_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/nacl/secretbox"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
)

// recordings are testdata/secure-session.json: what the real plugin did, written
// down with a frozen clock.
type recordings struct {
	Counts        map[string]int
	KDF           []kdfVector
	SigningSecret []signingVector `json:"signing_secret"`
	Encode        []encodeVector
	Decode        []decodeVector
	SetCookie     []setCookieVector `json:"set_cookie"`
	Flows         []flowVector
	Startup       []startupVector
	OtherVersions []otherVector `json:"other_versions"`
}

type vector struct {
	Name     string
	Category string
	Negative bool
	NowMS    int64 `json:"now_ms"`
	Options  json.RawMessage
}

type kdfVector struct {
	vector
	Salt      []byte `json:"salt_used_base64"`
	Key       []byte `json:"key_base64"`
	SetCookie string `json:"set_cookie"`
	Value     string `json:"cookie_value_decoded"`
	Plaintext string
}

type signingVector struct {
	vector
	Secret    string `json:"signing_secret"`
	SetCookie string `json:"set_cookie"`
	Unsigned  string `json:"unsigned_value"`
	Signature string
	Plaintext string
}

type encodeVector struct {
	vector
	Key       []byte `json:"key_base64"`
	Plaintext string
	Nonce     []byte `json:"nonce_base64"`
	Cipher    []byte `json:"cipher_base64"`
	Wire      string `json:"cookie_value_wire"`
	SetCookie string `json:"set_cookie"`
}

type decodeVector struct {
	vector
	CookieHeader string `json:"cookie_header"`
	Plaintext    string
	Outcome      string
	Data         map[string]any
	Changed      bool
	SetCookie    []string `json:"set_cookie"`
	Reissued     string   `json:"reissued_plaintext"`
}

type setCookieVector struct {
	vector
	App        app
	Headers    map[string]string `json:"request_headers"`
	Attributes *string
	SetCookie  json.RawMessage `json:"set_cookie"`
}

type app struct{ TrustProxy bool }

type startupVector struct {
	vector
	Result string
}

type otherVector struct {
	vector
	Data      map[string]any
	SetCookie string `json:"set_cookie"`
	Opened    string
	Reads     struct {
		Data             map[string]any
		Changed, Deleted bool
	} `json:"current_release_reads"`
}

func readRecorded(t testing.TB) *recordings {
	t.Helper()
	text, err := os.ReadFile("testdata/secure-session.json")
	r := new(recordings)
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{"kdf": len(r.KDF), "signing_secret": len(r.SigningSecret), "encode": len(r.Encode), "decode": len(r.Decode),
		"set_cookie": len(r.SetCookie), "flows": len(r.Flows), "startup": len(r.Startup), "other_versions": len(r.OtherVersions)}
	if diff := cmp.Diff(r.Counts, got); diff != "" {
		t.Fatal("vectors are missing: ", diff)
	}
	return r
}

// text is a string or a buffer of a vector.
type text string

func (b *text) UnmarshalJSON(data []byte) error {
	var buffer struct {
		Base64 []byte `json:"$buffer_base64"`
	}
	if data[0] == '{' {
		err := json.Unmarshal(data, &buffer)
		*b = text(buffer.Base64)
		return err
	}
	return json.Unmarshal(data, (*string)(b))
}

// nodeOptions are the plugin's options as a vector has them.
type nodeOptions struct {
	Key         json.RawMessage
	Secret      text
	Salt        json.RawMessage
	SessionName string
	CookieName  string
	Expiry      int64
	Cookie      nodeCookie
}

type nodeCookie struct {
	MaxAge   *float64
	Expires  *struct{ Date time.Time }
	Path     string
	Domain   string
	HTTPOnly *bool `json:"httpOnly"`
	Secure   any
	SameSite any
	Priority string

	Partitioned, Signed bool
}

func (c *nodeCookie) UnmarshalJSON(data []byte) error {
	type bare nodeCookie
	return json.Unmarshal([]byte(strings.ReplaceAll(string(data), `"$date"`, `"Date"`)), (*bare)(c))
}

// apply gives c the attributes that o has.
func (o *nodeCookie) apply(c *fastifycompat.Cookie) {
	if o.MaxAge != nil {
		c.MaxAge = time.Duration(*o.MaxAge * float64(time.Second))
	}
	if o.Expires != nil {
		c.Expires = o.Expires.Date
	}
	if o.Path != "" {
		c.Path = o.Path
	}
	if o.Domain != "" {
		c.Domain = o.Domain
	}
	if o.HTTPOnly != nil {
		c.Script = !*o.HTTPOnly
	}
	switch o.Secure {
	case true:
		c.Secure = fastifycompat.SecureOn
	case "auto":
		c.Secure = fastifycompat.SecureAuto
	}
	switch o.SameSite {
	case true, "strict":
		c.SameSite = 3
	case "none":
		c.SameSite = 4
	}
	if o.Priority != "" {
		c.Priority = o.Priority
	}
	c.Partitioned = c.Partitioned || o.Partitioned
	c.Signed = c.Signed || o.Signed
}

// options translates the options of a vector, as someone who moves does.
func options(data json.RawMessage) (fastifycompat.Options, error) {
	var in nodeOptions
	if err := json.Unmarshal(data, &in); err != nil {
		return fastifycompat.Options{}, err
	}
	out := fastifycompat.Options{SessionName: in.SessionName, CookieName: in.CookieName, Expiry: time.Duration(in.Expiry) * time.Second}
	in.Cookie.apply(&out.Cookie)
	keys, err := parseKeys(in.Key)
	if err != nil {
		return out, err
	}
	out.Keys = keys
	if len(in.Key) > 0 {
		return out, nil
	}
	out.Secret = string(in.Secret)
	if len(in.Salt) > 0 {
		var salt text
		if err := json.Unmarshal(in.Salt, &salt); err != nil {
			return out, err
		}
		out.Salt = []byte(salt)
		if in.Salt[0] == '"' {
			out.Salt = fastifycompat.TextSalt(string(salt))
		}
	}
	return out, nil
}

func parseKeys(data json.RawMessage) (runtime.Keyring, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if data[0] != '[' {
		data = json.RawMessage("[" + string(data) + "]")
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(data, &raws); err != nil {
		return nil, err
	}
	ring := runtime.Keyring{}
	for _, raw := range raws {
		var s text
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, err
		}
		parse := func() (runtime.Key, error) { return fastifycompat.Key([]byte(s)) }
		if raw[0] == '"' {
			parse = func() (runtime.Key, error) { return fastifycompat.ParseKey(string(s)) }
		}
		key, err := parse()
		if err != nil {
			return nil, err
		}
		ring = append(ring, key)
	}
	return ring, nil
}

var derived sync.Map // secret and salt -> key: it takes a second each

// cached is o with the key that its secret makes, made once for all tests.
func cached(t testing.TB, o fastifycompat.Options) fastifycompat.Options {
	t.Helper()
	if o.Secret == "" || len(o.Secret) < 32 || o.Salt != nil && len(o.Salt) != 16 {
		return o
	}
	type pair struct{ secret, salt string }
	once, _ := derived.LoadOrStore(pair{o.Secret, string(o.Salt)}, sync.OnceValues(func() (runtime.Key, error) {
		return fastifycompat.DeriveKey(o.Secret, o.Salt)
	}))
	key, err := once.(func() (runtime.Key, error))()
	if err != nil {
		t.Fatal(err)
	}
	if o.Cookie.Signed {
		o.SigningSecrets = []string{o.Secret}
	}
	o.Keys, o.Secret, o.Salt = runtime.Keyring{key}, "", nil
	return o
}

// opened returns what a cookie value holds, without the code under test, and
// which of the keys has sealed it.
func opened(t testing.TB, value string, keys runtime.Keyring) (plaintext string, key int) {
	t.Helper()
	value, _, _ = strings.Cut(value, ".") // a signature
	first, second, ok := strings.Cut(value, ";")
	sealed, err := base64.StdEncoding.DecodeString(first)
	nonce, err2 := base64.StdEncoding.DecodeString(second)
	if !ok || err != nil || err2 != nil || len(nonce) != 24 {
		t.Fatalf("%q is no sealed cookie: %v, %v", value, err, err2)
	}
	for i, k := range keys {
		raw, err := base64.RawURLEncoding.DecodeString(k.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := secretbox.Open(nil, sealed, (*[24]byte)(nonce), (*[32]byte)(raw)); ok {
			return string(data), i
		}
	}
	t.Fatalf("%q does not open", value)
	return "", 0
}
