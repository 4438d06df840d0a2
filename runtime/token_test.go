package runtime_test

import (
	"encoding/base64"
	"testing"
	"testing/cryptotest"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// createToken returns the token of a new session, as bytes.
func createToken(t *testing.T, a *app) []byte {
	t.Helper()
	s, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(1); return nil })
	must(t, err)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(a.sessions.Token(s))
	must(t, err)
	return raw
}

// TestSecretsAreMadeByTheSystem: tokens, keys and nonces are what crypto/rand
// gives and nothing else: with its source replaced by one that repeats itself,
// they repeat themselves.
func TestSecretsAreMadeByTheSystem(t *testing.T) {
	key := sess.GenerateKey()
	made := map[uint64][]string{}
	for _, seed := range []uint64{1, 1, 2} {
		t.Run("", func(t *testing.T) {
			records, sealed := newApp(t, nil), newApp(t, cookiestore.New(key), allowMissingIndex)
			cryptotest.SetGlobalRandom(t, seed)
			token := createToken(t, records)
			nonce := createToken(t, sealed)[4:28]
			if len(token) != 32 {
				t.Errorf("a token of %d bytes", len(token))
			}
			made[seed] = append(made[seed], string(token)+string(nonce)+sess.GenerateKey().Reveal())
		})
	}
	if made[1][0] != made[1][1] || made[1][0] == made[2][0] {
		t.Error("what is made does not depend on the system's randomness alone")
	}
}

// TestTokensAreRandom looks at all 256 bits.
func TestTokensAreRandom(t *testing.T) {
	const tokens = 4000
	a := newApp(t, nil)
	seen, ones := map[string]bool{}, [256]int{}
	for range tokens {
		raw := createToken(t, a)
		seen[string(raw)] = true
		for i := range ones {
			ones[i] += int(raw[i/8] >> (i % 8) & 1)
		}
	}
	if len(seen) != tokens {
		t.Errorf("%d tokens are %d", tokens, len(seen))
	}
	for i, n := range ones { // the standard deviation is 32
		if n < tokens/2-300 || n > tokens/2+300 {
			t.Errorf("bit %d is set in %d of %d tokens", i, n, tokens)
		}
	}
}
