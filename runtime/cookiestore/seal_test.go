package cookiestore

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
)

// bind returns the sealer of a store with keys, for the cookie name.
func bind(t testing.TB, cookie string, keys ...runtime.Key) *sealer {
	t.Helper()
	parts, err := New(keys...).Bind(runtime.Setup{Cookie: cookie})
	if err != nil {
		t.Fatal(err)
	}
	return parts.Sealer.(*sealer)
}

func seal(t testing.TB, s *sealer, data []byte) string {
	t.Helper()
	token, err := s.Seal(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

func reveal(t testing.TB, key runtime.Key) [32]byte {
	t.Helper()
	secret, err := base64.RawURLEncoding.DecodeString(key.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return [32]byte(secret)
}

// refused tells that token does not open, for the right reason and with an
// error that does not contain it.
func refused(t testing.TB, s *sealer, token string, reason error) {
	t.Helper()
	data, reseal, err := s.Open(token)
	if err == nil || data != nil || reseal || !errors.Is(err, runtime.ErrNotFound) || reason != nil && err != reason {
		t.Fatalf("Open(%.80q) = %q, %v, %v; want the error %v", token, data, reseal, err, reason)
	}
	if len(token) > 8 && strings.Contains(err.Error(), token[:8]) {
		t.Fatalf("the error contains the token: %v", err)
	}
}

const maxRecord = maxToken/4*3 - overhead

func TestRoundTrip(t *testing.T) {
	for n := range maxRecord + 1 {
		if n > 300 && n < maxRecord-50 && n%97 != 0 {
			continue
		}
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(rand.Uint32())
		}
		cookie := fmt.Sprintf("cookie%d", rand.Uint32())
		s := bind(t, cookie, runtime.GenerateKey())
		given := bytes.Clone(data)
		token, err := s.Seal([]byte("before"), data)
		if err != nil || !strings.HasPrefix(string(token), "before") {
			t.Fatalf("%d bytes: %.20q, %v", n, token, err)
		}
		if !bytes.Equal(given, data) {
			t.Fatalf("%d bytes: Seal changed the data", n)
		}
		token = token[len("before"):]
		if len(token) != base64.RawURLEncoding.EncodedLen(44+n) {
			t.Fatalf("%d bytes: a token of %d bytes", n, len(token))
		}
		got, reseal, err := s.Open(string(token))
		if err != nil || reseal || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes: opened %d bytes, %v, %v", n, len(got), reseal, err)
		}
		if cap(got) != len(got) {
			t.Fatalf("%d bytes: an append to the data writes into its array", n)
		}
	}
}

func TestSealTooLarge(t *testing.T) {
	s := bind(t, "session", runtime.GenerateKey())
	if token := seal(t, s, make([]byte, maxRecord)); len(token) != maxToken {
		t.Errorf("the longest token has %d bytes", len(token))
	}
	dst, err := s.Seal([]byte("before"), make([]byte, maxRecord+1))
	if !errors.Is(err, runtime.ErrTooLarge) || string(dst) != "before" {
		t.Errorf("%q, %v", dst, err)
	}
	t.Log(err)
}

// TestSealInRoom seals into a buffer that is used again and again, and checks
// that nothing before the result changes and nothing is allocated.
func TestSealInRoom(t *testing.T) {
	s := bind(t, "session", runtime.GenerateKey())
	data := bytes.Repeat([]byte("d"), 265)
	dst := append(make([]byte, 0, 1024), "before"...)
	if n := testing.AllocsPerRun(100, func() { s.Seal(dst, data) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	token, _ := s.Seal(dst, data)
	if got, _, err := s.Open(string(token[6:])); string(token[:6]) != "before" || err != nil || !bytes.Equal(got, data) {
		t.Errorf("%.10q: %v", token, err)
	}
}

// TestTampering puts each of the 256 bytes in each place of a token.
func TestTampering(t *testing.T) {
	s := bind(t, "session", runtime.GenerateKey())
	for _, record := range []string{"", "a", "ab", "abc"} { // each number of unused bits
		token := seal(t, s, []byte(record))
		for i := range len(token) {
			for c := range 256 {
				if byte(c) != token[i] {
					refused(t, s, token[:i]+string([]byte{byte(c)})+token[i+1:], nil)
				}
			}
		}
	}
}

func TestTruncatedAndExtended(t *testing.T) {
	s := bind(t, "session", runtime.GenerateKey())
	for _, record := range []string{"", "a", "ab", "abc"} {
		token := seal(t, s, []byte(record))
		for i := range len(token) {
			refused(t, s, token[:i], nil)
			refused(t, s, token[len(token)-i:], nil)
			for _, more := range []string{"\n", "\r", "A", " ", "=", "\x00", "\n\n", "AAAA", "%"} {
				refused(t, s, token[:i]+more+token[i:], nil)
			}
		}
		for _, more := range []string{"\n", "\r\n", "\n\n\n", "A", "AA", "AAA", "AAAA", " ", "=", "==", token, "." + token} {
			refused(t, s, token+more, nil)
		}
	}
}

func TestReasons(t *testing.T) {
	key := runtime.GenerateKey()
	s := bind(t, "session", key)
	token := seal(t, s, nil) // its last character has two unused bits
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	with := func(i int, b byte) string {
		changed := bytes.Clone(raw)
		changed[i] = b
		return base64.RawURLEncoding.EncodeToString(changed)
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(digits, token[len(token)-1])
	for name, c := range map[string]struct {
		token  string
		reason error
	}{
		"empty":               {"", errTooShort},
		"a random token":      {strings.Repeat("A", 43), errTooShort},
		"the head alone":      {token[:len(token)-2], errTooShort},
		"a page":              {strings.Repeat("A", 1<<20), errTooLong},
		"over-long":           {token + strings.Repeat("A", maxToken+1-len(token)), errTooLong},
		"longest":             {token + strings.Repeat("A", maxToken-len(token)), errOpen},
		"standard base64":     {token[:20] + "+/" + token[22:], errEncoding},
		"padded":              {token + strings.Repeat("=", 4-len(token)%4), errEncoding},
		"unused bits":         {token[:len(token)-1] + digits[last^1:][:1], errEncoding},
		"a line break":        {token[:30] + "\n" + token[31:], errEncoding},
		"version 0":           {with(0, 0), errVersion},
		"version 2":           {with(0, 2), errVersion},
		"another key id":      {with(2, raw[2]^1), errKey},
		"another nonce":       {with(10, raw[10]^1), errOpen},
		"another ciphertext":  {with(headSize, raw[headSize]^1), errOpen},
		"another tag":         {with(len(raw)-1, raw[len(raw)-1]^1), errOpen},
		"another cookie":      {seal(t, bind(t, "cart", key), []byte("a")), errOpen},
		"another cookie case": {seal(t, bind(t, "Session", key), []byte("a")), errOpen},
		"no cookie name":      {seal(t, bind(t, "", key), []byte("a")), errOpen},
		"another key":         {seal(t, bind(t, "session", runtime.GenerateKey()), []byte("a")), errKey},
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, c.token, c.reason) })
	}
}

func TestNonces(t *testing.T) {
	const seals = 100_000
	s := bind(t, "session", runtime.GenerateKey())
	seen := make(map[string]bool, seals)
	raw := make([]byte, overhead)
	var token []byte
	for range seals {
		token, _ = s.Seal(token[:0], nil)
		encoding.Decode(raw, token)
		seen[string(raw[prefixSize:headSize])] = true
	}
	if len(seen) != seals {
		t.Errorf("%d nonces for %d tokens", len(seen), seals)
	}
}

// TestAllocations bounds what a client can make the server allocate.
func TestAllocations(t *testing.T) {
	s := bind(t, "session", runtime.GenerateKey())
	for _, c := range []struct {
		token string
		most  float64
	}{
		{strings.Repeat("A", 1<<20), 0},
		{strings.Repeat("A", 20), 0},
		{strings.Repeat("A", maxToken), 1},
		{seal(t, bind(t, "session", runtime.GenerateKey()), make([]byte, 265)), 1},
		{seal(t, s, make([]byte, 265)), 1},
	} {
		if n := testing.AllocsPerRun(100, func() { s.Open(c.token) }); n > c.most {
			t.Errorf("%v allocations for a token of %d bytes", n, len(c.token))
		}
	}
}

// TestCookieSize holds the project's figure for the whole header.
func TestCookieSize(t *testing.T) {
	s := bind(t, "session", runtime.GenerateKey())
	for _, c := range []struct{ record, most int }{{240, 480}, {262, 480}} {
		header := "__Host-session=" + seal(t, s, make([]byte, c.record)) + "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"
		if t.Logf("%d bytes of record: Set-Cookie of %d", c.record, len(header)); len(header) > c.most {
			t.Errorf("%d bytes of record: Set-Cookie of %d, not at most %d", c.record, len(header), c.most)
		}
	}
}

func TestParallel(t *testing.T) {
	store := New(runtime.GenerateKey(), runtime.GenerateKey())
	parts, err := store.Bind(runtime.Setup{Cookie: "session"})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			own, err := store.Bind(runtime.Setup{Cookie: fmt.Sprint(i)})
			if err != nil {
				t.Error(err)
				return
			}
			for j := range 300 {
				for _, s := range []runtime.Sealer{parts.Sealer, own.Sealer} {
					want := fmt.Sprint(i, " ", j)
					token, err := s.Seal(nil, []byte(want))
					if err != nil {
						t.Error(err)
						return
					}
					if got, _, err := s.Open(string(token)); string(got) != want || err != nil {
						t.Errorf("%q, %v, not %q", got, err, want)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}
