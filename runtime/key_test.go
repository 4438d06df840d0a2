package runtime

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// testSecret is the 32 bytes 00 01 .. 1f, the key of all vectors.
func testSecret() (secret [keySize]byte) {
	for i := range secret {
		secret[i] = byte(i)
	}
	return secret
}

const testKeyText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

func TestParseKeyForms(t *testing.T) {
	secret := testSecret()
	want := newKey(secret)
	for _, text := range []string{
		testKeyText,
		testKeyText + "=",
		" \t" + testKeyText + "\r\n",
		base64.StdEncoding.EncodeToString(secret[:]),
		hex.EncodeToString(secret[:]),
		strings.ToUpper(hex.EncodeToString(secret[:])),
	} {
		if key, err := ParseKey(text); err != nil || !key.Equal(want) {
			t.Errorf("ParseKey(%q) = %v, %v", text, key, err)
		}
	}
	// Bytes that the two alphabets of base64 write differently.
	secret = [32]byte(bytes.Repeat([]byte{0xfb, 0xff}, 16))
	for _, text := range []string{base64.RawURLEncoding.EncodeToString(secret[:]), base64.StdEncoding.EncodeToString(secret[:])} {
		if key, err := ParseKey(text); err != nil || !key.Equal(newKey(secret)) {
			t.Errorf("ParseKey(%q) = %v, %v", text, key, err)
		}
	}
}

func TestParseKeyErrors(t *testing.T) {
	secret := testSecret()
	for name, text := range map[string]string{
		"empty":                "",
		"blank":                " \n",
		"short":                testKeyText[1:],
		"long":                 testKeyText + "A",
		"password":             "correct horse battery staple",
		"32 raw bytes":         string(secret[:]),
		"quoted":               `"` + testKeyText + `"`,
		"quoted, right length": `"` + testKeyText[:41] + `"`,
		"line break inside":    testKeyText[:20] + "\n" + testKeyText[20:42],
		"line break, padded":   testKeyText[:20] + "\n" + testKeyText[20:] + "=",
		"two paddings":         testKeyText + "==",
		"trailing bits":        testKeyText[:42] + "9",
		"two alphabets":        "-+" + testKeyText[2:],
		"not hexadecimal":      strings.Repeat("0g", 32),
		"all zeros":            strings.Repeat("0", 64),
		"one byte":             strings.Repeat("ab", 32),
		"all A":                strings.Repeat("A", 43),
		"printed key":          newKey(testSecret()).String(),
	} {
		key, err := ParseKey(text)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if !key.IsZero() {
			t.Errorf("%s: the error leaves a usable key", name)
		}
		if text = strings.Trim(text, "\" \n"); len(text) > 8 && strings.Contains(err.Error(), text[:8]) {
			t.Errorf("%s: the error contains the text: %v", name, err)
		}
		if !strings.Contains(err.Error(), "session key") || !strings.Contains(err.Error(), keygenHint) {
			t.Errorf("%s: the error names no thing or no way out: %v", name, err)
		}
	}
}

func TestGenerateKey(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		key := GenerateKey()
		text := key.Reveal()
		if len(text) != 43 || seen[text] {
			t.Fatalf("a key of %d characters, seen before: %v", len(text), seen[text])
		}
		seen[text] = true
		if again, err := ParseKey(text); err != nil || !again.Equal(key) {
			t.Fatalf("ParseKey(Reveal()) = %v, %v, not %v", again, err, key)
		}
	}
}

// The expected bytes come from another implementation, OpenSSL's. A change of
// either result would lose every session.
func TestDerivedBytesStay(t *testing.T) {
	key := newKey(testSecret())
	for purpose, want := range map[string]string{
		"id":          "73c4d647027b32593a035ada87f26bc726bdda41ede920bc64fe8fdf3f3f2aac",
		"cookiestore": "4b4c91298520e6f162ee4ebc47b4680fa8e05f5cb3558e83014607a43835def2",
	} {
		if got := key.Derive(purpose); hex.EncodeToString(got[:]) != want {
			t.Errorf("Derive(%q) = %x, not %s", purpose, got, want)
		}
	}
	if id := key.ID(); fmt.Sprintf("%x", id) != "73c4d6" {
		t.Errorf("ID() = %x", id)
	}

	key, err := DeriveKey("a secret text of the shop, 40 characters.", "the salt of a shop")
	if err != nil {
		t.Fatal(err)
	}
	if got := key.secret(); hex.EncodeToString(got[:]) != "fcd71ea9addb436bddeb633a4ab4cdb4430c2b6bd43a9ff752a36e8dbc74d5ce" {
		t.Errorf("DeriveKey gives %x", got)
	}
}

func TestDeriveKeyErrors(t *testing.T) {
	for _, in := range [][2]string{
		{strings.Repeat("s", 31), strings.Repeat("t", 16)},
		{strings.Repeat("s", 32), strings.Repeat("t", 15)},
		{"", ""},
	} {
		key, err := DeriveKey(in[0], in[1])
		if err == nil || !key.IsZero() {
			t.Errorf("secret of %d, salt of %d bytes: %v, %v", len(in[0]), len(in[1]), key, err)
		} else if in[0] != "" && (strings.Contains(err.Error(), in[0]) || strings.Contains(err.Error(), in[1])) {
			t.Errorf("the error contains what it was given: %v", err)
		}
	}
}

func TestZeroKey(t *testing.T) {
	var key Key
	if !key.IsZero() || key.Reveal() != "" || key.ID() != [3]byte{} || key.String() != "Key(zero)" {
		t.Errorf("the zero Key: %v %q %x %q", key.IsZero(), key.Reveal(), key.ID(), key.String())
	}
	if key.Equal(GenerateKey()) || GenerateKey().Equal(key) || !key.Equal(Key{}) {
		t.Error("the zero Key equals other keys, or not itself")
	}
	defer func() {
		if recover() == nil {
			t.Error("Derive of the zero Key does not panic")
		}
	}()
	key.Derive("test")
}

func TestKeyIsNeverPrinted(t *testing.T) {
	secret := testSecret()
	key := newKey(secret)
	type config struct {
		Key    Key
		Keys   Keyring
		hidden Key // fmt can't call its methods
		ptr    *Key
		byName map[string]Key
	}
	c := config{key, Keyring{key}, key, &key, map[string]Key{"k": key}}

	var out strings.Builder
	for _, v := range []any{key, &key, c, &c, Keyring{key}, []any{key}} {
		for _, verb := range "vsqxXdobcUeEfFgGtpTwz" {
			for _, flag := range []string{"", "+", "#", " ", "010.3"} {
				fmt.Fprintf(&out, "%"+flag+string(verb)+"\n", v)
			}
		}
		fmt.Fprintln(&out, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v)
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Error(err)
		}
	}
	fmt.Fprintln(&out, fmt.Errorf("wrapped %w", fmt.Errorf("%v", key)))

	for name, leak := range map[string]string{
		"base64url": testKeyText[:8],
		"hex":       "08090a0b",
		"HEX":       "08090A0B",
		"spaced":    "08 09 0a 0b",
		"decimal":   "8 9 10 11",
		"commas":    "0x8, 0x9, 0xa",
		"decimals":  "8,9,10,11",
		"octal":     "10 11 12 13",
		"binary":    "1000 1001 1010",
		"raw":       string(secret[8:12]),
	} {
		if strings.Contains(out.String(), leak) {
			i := strings.Index(out.String(), leak)
			t.Errorf("the key is printed in %s: %.300q", name, out.String()[max(0, i-150):])
		}
	}
	if got, want := fmt.Sprintf("%v %+v %#v", key, Keyring{key}, &key), "Key(73c4d6) [Key(73c4d6)] Key(73c4d6)"; got != want {
		t.Errorf("printed as %s, not %s", got, want)
	}
}

func TestKeyText(t *testing.T) {
	var config struct{ Key Key }
	if err := json.Unmarshal([]byte(`{"Key":"`+testKeyText+`"}`), &config); err != nil || !config.Key.Equal(newKey(testSecret())) {
		t.Errorf("decoded %v, %v", config.Key, err)
	}
	// What a dumped configuration shows instead of the key is no key.
	dump, _ := json.Marshal(config)
	if err := json.Unmarshal(dump, &config); err == nil || !config.Key.IsZero() {
		t.Errorf("decoded %v from %s", config.Key, dump)
	}
}

func TestParseKeyring(t *testing.T) {
	a, b := GenerateKey(), GenerateKey()
	for _, sep := range []string{" ", ",", "\n", ", ", "\r\n", " ,\t"} {
		ring, err := ParseKeyring(sep + a.Reveal() + sep + b.Reveal() + sep)
		if err != nil || len(ring) != 2 || !ring[0].Equal(a) || !ring[1].Equal(b) {
			t.Errorf("separated by %q: %v, %v", sep, ring, err)
		}
	}
	for text, want := range map[string]string{
		"":                "empty",
		" ,\n ":           "empty",
		a.Reveal() + " x": "key 2 of 2: session key has 1 characters",
		a.Reveal() + " " + b.Reveal() + " " + a.Reveal() + "=": "keys 1 and 3 of 3 are the same",
	} {
		ring, err := ParseKeyring(text)
		if err == nil || ring != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v, %v; want an error with %q", len(text), ring, err, want)
		} else if strings.Contains(err.Error(), a.Reveal()) {
			t.Errorf("the error contains a key: %v", err)
		}
	}
}

func TestKeyringCheck(t *testing.T) {
	a, b := GenerateKey(), GenerateKey()
	for _, c := range []struct {
		ring Keyring
		want string
	}{
		{nil, "no session key; " + keygenHint},
		{Keyring{a, {}}, "session key 2 of 2 is the zero Key"},
		{Keyring{a, b, b}, "session keys 2 and 3 of 3 are the same"},
		{Keyring{a, b}, ""},
	} {
		if err := c.ring.Check(); c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.ring, err, c.want)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"", testKeyText, testKeyText + "=", strings.Repeat("0f", 32), "\n" + testKeyText[1:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseKey(text)
		if err != nil != key.IsZero() {
			t.Fatalf("%v, %v", key, err)
		}
		if err == nil {
			if again, err := ParseKey(key.Reveal()); err != nil || !again.Equal(key) {
				t.Fatalf("Reveal does not parse: %v", err)
			}
		}
	})
}
