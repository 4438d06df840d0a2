package runtime

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// base64URL is how tokens and keys are written: URL-safe, without padding, and
// strict, so that each has one spelling.
var base64URL = base64.RawURLEncoding.Strict()

const (
	tokenBytes = 32 // 256 random bits; OWASP ASVS 5.0 7.2.3 asks for 128
	tokenChars = 43
)

// randomTokens are the runtime's own Tokens: 256 random bits, and as key of
// the record their SHA-256, so that a store's backup opens no session. The
// cookie's name is hashed too: a token of one manager is none of another.
type randomTokens struct{ purpose string }

func (t randomTokens) New() (token, key string, err error) {
	var raw [tokenBytes]byte
	rand.Read(raw[:]) // never fails, says its documentation
	var text [tokenChars]byte
	base64URL.Encode(text[:], raw[:])
	return string(text[:]), t.key(raw[:]), nil
}

func (t randomTokens) Key(token string) (key string, resign bool, err error) {
	var raw [tokenBytes + 1]byte // base64 may touch one byte more than it keeps
	if len(token) != tokenChars {
		return "", false, ErrNotFound
	}
	if n, err := base64URL.Decode(raw[:], []byte(token)); err != nil || n != tokenBytes {
		return "", false, ErrNotFound
	}
	return t.key(raw[:tokenBytes]), false, nil
}

// checkKey tells whether key can be one of ours, before a store is asked for
// what may have come from a form.
func (t randomTokens) checkKey(key string) bool {
	var raw [tokenBytes + 1]byte
	n, err := base64URL.Decode(raw[:], []byte(key[:min(len(key), tokenChars)]))
	return err == nil && n == tokenBytes && len(key) == tokenChars
}

func (t randomTokens) key(raw []byte) string {
	var buf [128]byte
	sum := sha256.Sum256(append(append(append(buf[:0], t.purpose...), 0), raw...))
	var text [tokenChars]byte
	base64URL.Encode(text[:], sum[:])
	return string(text[:])
}
