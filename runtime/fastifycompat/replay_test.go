package fastifycompat_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
)

// members are what a JSON text holds, without the stamp.
func members(t testing.TB, text string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	delete(m, "__ts")
	return m
}

// seen are the fields of s that are set.
func seen(t testing.TB, s *session) map[string]any {
	t.Helper()
	text, err := s.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return members(t, string(text))
}

func ring(t testing.TB, raw []byte) runtime.Keyring {
	t.Helper()
	key, err := fastifycompat.Key(raw)
	if err != nil {
		t.Fatal(err)
	}
	return runtime.Keyring{key}
}

func mustOptions(t testing.TB, v vector) fastifycompat.Options {
	t.Helper()
	o, err := options(v.Options)
	if err != nil {
		t.Fatal(err)
	}
	return cached(t, o)
}

func TestVectorsKDF(t *testing.T) {
	for _, v := range readRecorded(t).KDF {
		o, err := options(v.Options)
		if err != nil {
			t.Fatal(err)
		}
		if o.Salt != nil && string(o.Salt) != string(v.Salt) {
			t.Errorf("%s: salt %x, not %x", v.Name, o.Salt, v.Salt)
		}
		o = cached(t, o)
		if want := ring(t, v.Key); !o.Keys[0].Equal(want[0]) {
			t.Errorf("%s: another key", v.Name)
			continue
		}
		c := cut(v.SetCookie)
		if c.value(t) != v.Value {
			t.Errorf("%s: value %s", v.Name, c.value(t))
		}
		p := mustStart(t, v.NowMS, o)
		p.ask("session="+c.wire, func(s ...*session) {
			if got := s[0].Visits(); got != 1 {
				t.Errorf("%s: %d visits", v.Name, got)
			}
		})
		if p.logs.Len() > 0 {
			t.Errorf("%s: %s", v.Name, &p.logs)
		}
	}
}

// Options.Secret makes the key that DeriveKey does.
func TestSecretOption(t *testing.T) {
	v := readRecorded(t).KDF[0]
	o, err := options(v.Options)
	if err != nil {
		t.Fatal(err)
	}
	p := mustStart(t, v.NowMS, o)
	w := p.ask("session="+cut(v.SetCookie).wire, func(s ...*session) { s[0].AddVisits(1) })
	text, _ := opened(t, sent(w)[0].value(t), ring(t, v.Key))
	if text != `{"__ts":1773480414,"visits":2}` {
		t.Error(text)
	}
}

func TestVectorsSigningSecret(t *testing.T) {
	for _, v := range readRecorded(t).SigningSecret {
		p := mustStart(t, v.NowMS, mustOptions(t, v.vector))
		c := cut(v.SetCookie)
		if c.value(t) != v.Unsigned+"."+v.Signature {
			t.Fatalf("%s: %s", v.Name, c.value(t))
		}
		// What was recorded opens, and its token is the value without signature.
		p.ask(c.name+"="+c.wire, func(s ...*session) {
			if s[0].UserID() != "123" || p.managers[0].Token(s[0]) != v.Unsigned {
				t.Errorf("%s: %v, %s", v.Name, s[0], p.managers[0].Token(s[0]))
			}
		})
		// What is sent is signed with the same secret.
		own := sent(p.ask("", func(s ...*session) { s[0].SetUserID("123") }))
		if len(own) != 1 || own[0].attributes != c.attributes || own[0].name != c.name {
			t.Fatalf("%s: %v", v.Name, own)
		}
		value, signature, _ := strings.Cut(own[0].value(t), ".")
		if want := fastifycompat.Sign(value, v.Secret); signature != want {
			t.Errorf("%s: signature %s, not %s", v.Name, signature, want)
		}
		if fastifycompat.Sign(v.Unsigned, v.Secret) != v.Signature {
			t.Errorf("%s: the recorded signature is another", v.Name)
		}
		if text, _ := opened(t, value, p.options[0].Keys); text != v.Plaintext {
			t.Errorf("%s: %s", v.Name, text)
		}
	}
}

// typed are the values of the encode vectors as a Go program sets them.
var typed = map[string]func(*session){
	"visits": func(s *session) { s.SetVisits(1) },
	"unicode": func(s *session) {
		s.SetName("Zażółć gęślą jaźń")
		s.SetJp("日本語テキスト")
		s.SetEmoji("👩‍👩‍👧‍👦🏳️‍🌈")
		s.SetRtl("שלום")
	},
	"numbers": func(s *session) {
		s.SetA(9007199254740991)
		s.SetB(9007199254740992)
		s.SetC(1e21)
		s.SetD(1e-7)
		s.SetE(0)
		s.SetF(0.30000000000000004)
		s.SetG(nil) // NaN and Infinity, which Node makes null, are an error of a float64
		s.SetH(nil)
		s.SetI(1e20)
	},
	"dates":                                 func(s *session) { s.SetAt(time.UnixMilli(1700000000123)); s.SetBad(nil) },
	"undefined, null, functions":            nil, // null for a number: no Go program writes it
	"nested":                                nil, // arrays of mixed types: no Go type
	"integer-like keys first (before __ts)": func(s *session) { s.SetB(1); s.SetTwo(2); s.SetTen(1) },
	"header close below 4096 bytes":         func(s *session) { s.SetBlob(strings.Repeat("k", 2740)) },
	"multibyte near 4 KB":                   func(s *session) { s.SetBlob(strings.Repeat("ż", 1360)) },
	"empty session, touched only":           func(s *session) { runtime.StoreEmpty(s) },
}

func TestVectorsEncode(t *testing.T) {
	written := 0
	for _, v := range readRecorded(t).Encode {
		if v.Negative {
			if v.Name != "BigInt cannot be serialized" { // an int64 or a big.Int can, as digits: see package nodejson
				t.Errorf("%s: nothing says what we do", v.Name)
			}
			continue
		}
		keys := ring(t, v.Key)
		// The same nonce gives the same bytes.
		token := fastifycompat.SealWith(keys, []byte(v.Plaintext), [24]byte(v.Nonce))
		if wire := fastifycompat.EncodeValue(token); wire != v.Wire {
			t.Errorf("%s: %s, not %s", v.Name, wire, v.Wire)
		}
		c := cut(v.SetCookie)
		o := fastifycompat.Options{Keys: keys}
		if strings.Contains(c.attributes, "Path=/") {
			o.Cookie.Path = "/"
		}
		p := mustStart(t, v.NowMS, o)
		// A program that touches the session keeps all that it holds.
		w := p.ask("session="+c.wire, func(s ...*session) { s[0].Touch() })
		if len(sent(w)) != 1 || sent(w)[0].attributes != c.attributes {
			t.Errorf("%s: %v, %s", v.Name, sent(w), &p.logs)
			continue
		}
		if text, _ := opened(t, sent(w)[0].value(t), keys); text != v.Plaintext {
			t.Errorf("%s: touched it is %s, not %s", v.Name, text, v.Plaintext)
		}
		// A program that sets the same values writes the same text.
		set, known := typed[v.Name]
		if !known {
			t.Errorf("%s: no Go program for it", v.Name)
		}
		if set == nil {
			continue
		}
		w = p.ask("", func(s ...*session) { set(s[0]) })
		if len(sent(w)) != 1 {
			t.Fatalf("%s: %d, %s", v.Name, w.Code, &p.logs)
		}
		if text, _ := opened(t, sent(w)[0].value(t), keys); text != v.Plaintext {
			t.Errorf("%s: %s, not %s", v.Name, text, v.Plaintext)
		}
		written++
	}
	if written < 8 {
		t.Errorf("only %d were written", written)
	}
}

func TestVectorsDecode(t *testing.T) {
	errors := 0
	for _, v := range readRecorded(t).Decode {
		t.Run(v.Name, func(t *testing.T) {
			p := mustStart(t, v.NowMS, mustOptions(t, v.vector))
			var got map[string]any
			isNew := false
			w := p.ask(v.CookieHeader, func(s ...*session) { got, isNew = seen(t, s[0]), s[0].IsNew() })
			if w.Code != http.StatusOK {
				t.Fatalf("status %d: %s", w.Code, &p.logs)
			}
			if n := len(sent(w)); n != len(v.SetCookie) {
				t.Errorf("%d cookies, not %d", n, len(v.SetCookie))
			}
			switch v.Outcome {
			case "error":
				// Node answers 500. A visitor with such a cookie would be locked out
				// of the site: ours is a new session, and the error is reported.
				errors++
				if !isNew || !strings.Contains(p.logs.String(), "can't be read") {
					t.Errorf("%v, %s", got, &p.logs)
				}
			case "new-empty-session":
				if !isNew || len(got) > 0 {
					t.Errorf("%v", got)
				}
			case "session":
				if isNew || p.logs.Len() > 0 {
					t.Fatalf("no session: %s", &p.logs)
				}
				for name, value := range got {
					if diff := cmp.Diff(v.Data[name], value); diff != "" {
						t.Errorf("field %s: %s", name, diff)
					}
				}
				touched := p.ask(v.CookieHeader, func(s ...*session) { s[0].Touch() })
				text, _ := opened(t, sent(touched)[0].value(t), p.options[0].Keys)
				if diff := cmp.Diff(v.Data, members(t, text)); diff != "" {
					t.Errorf("kept: %s", diff)
				}
			default:
				t.Fatal("an unknown outcome: " + v.Outcome)
			}
			if v.Changed {
				text, key := opened(t, sent(w)[0].value(t), p.options[0].Keys)
				if text != v.Reissued || key != 0 || sent(w)[0].attributes != cut(v.SetCookie[0]).attributes {
					t.Errorf("sealed anew: %s by key %d, %v", text, key, sent(w))
				}
			}
		})
	}
	if errors == 0 {
		t.Error("no vector has an error")
	}
}

func TestVectorsSetCookie(t *testing.T) {
	for _, v := range readRecorded(t).SetCookie {
		o := mustOptions(t, v.vector)
		o.TrustProxy = v.App.TrustProxy
		p, err := start(t, v.NowMS, o)
		if v.Negative {
			// Node answers every request that sets the session with 500; ours does not start.
			if err == nil || !strings.Contains(err.Error(), "fastifycompat.Options.Cookie: ") {
				t.Errorf("%s: %v", v.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		var headers []string
		for name, value := range v.Headers {
			headers = append(headers, name, value)
		}
		w := p.ask("", func(s ...*session) { s[0].SetVisits(1) }, headers...)
		if got := sent(w); len(got) != 1 || got[0].attributes != *v.Attributes {
			t.Errorf("%s: %v, not %s", v.Name, got, *v.Attributes)
		}
	}
}

func TestVectorsStartup(t *testing.T) {
	for _, v := range readRecorded(t).Startup {
		list := v.Options
		if list[0] != '[' {
			list = json.RawMessage("[" + string(list) + "]")
		}
		var each []json.RawMessage
		if err := json.Unmarshal(list, &each); err != nil {
			t.Fatal(err)
		}
		var all []fastifycompat.Options
		var err error
		for _, one := range each {
			o, e := options(one)
			all = append(all, o)
			if e != nil {
				err = e
			}
		}
		if err == nil {
			_, err = start(t, 1773480413589, all...)
		}
		refused := v.Result != "accepted"
		if v.Name == "first key good, second of wrong length" {
			// Node starts, and every cookie of the second key is a 500: ours says so at the start.
			refused = true
		}
		if refused != (err != nil) {
			t.Errorf("%s: Node says %q, ours %v", v.Name, v.Result, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "fastifycompat: ") && !strings.HasPrefix(err.Error(), "sessiongen: fastifycompat.Options.") {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

func TestVectorsOtherVersions(t *testing.T) {
	for _, v := range readRecorded(t).OtherVersions {
		o := mustOptions(t, v.vector)
		p := mustStart(t, v.NowMS, o)
		c := cut(v.SetCookie)
		if text, _ := opened(t, c.value(t), o.Keys); text != v.Opened {
			t.Fatalf("%s: %s", v.Name, text)
		}
		w := p.ask("session="+c.wire, func(s ...*session) {
			if diff := cmp.Diff(v.Reads.Data, seen(t, s[0])); diff != "" {
				t.Errorf("%s: %s", v.Name, diff)
			}
		})
		if v.Reads.Changed != (len(sent(w)) > 0) || v.Reads.Deleted {
			t.Errorf("%s: %v", v.Name, sent(w))
		}
		// What Go writes has a stamp, as what the current release writes.
		w = p.ask("session="+c.wire, func(s ...*session) { s[0].SetVisits(7) })
		text, _ := opened(t, sent(w)[0].value(t), o.Keys)
		if !regexp.MustCompile(`"__ts":1773480414\b`).MatchString(text) || members(t, text)["visits"] != 7.0 {
			t.Errorf("%s: %s", v.Name, text)
		}
	}
}
