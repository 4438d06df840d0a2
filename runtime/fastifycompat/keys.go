package fastifycompat

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"unicode/utf16"

	"golang.org/x/crypto/argon2"

	"github.com/sessiongen/sessiongen/runtime"
)

const (
	keySize   = 32
	saltSize  = 16
	minSecret = 32

	// What libsodium calls OPSLIMIT_MODERATE and MEMLIMIT_MODERATE.
	argonPasses = 3
	argonMemory = 256 * 1024 // KiB
	argonLanes  = 1
)

// builtInSalt is the plugin's, for a secret without a salt.
const builtInSalt = "\x9a\xaf\x61\x0f\x10\x55\x0d\xbb\x29\x0d\x1e\xa7\x2d\xf1\x53\xd6"

// Key returns the key that raw is, 32 bytes: a Buffer in Node. On failure it is
// the zero Key, and the error does not contain the bytes.
func Key(raw []byte) (runtime.Key, error) {
	if len(raw) != keySize {
		return runtime.Key{}, fmt.Errorf("fastifycompat: a key has %d bytes, not 32%s", len(raw), keyHint(raw))
	}
	return runtime.ParseKey(base64.RawURLEncoding.EncodeToString(raw))
}

// keyHint says what bytes that are no key may be.
func keyHint(raw []byte) string {
	text := string(raw)
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	switch {
	case len(text) == keySize:
		return ": a line break was added to it; write the file again without one, as the key generator does"
	case len(text) == hex.EncodedLen(keySize) && isHex(text):
		return ": they are hexadecimal digits; give hex.DecodeString of them, as Node needs Buffer.from(text, \"hex\")"
	case len(decodeBase64(text)) == keySize:
		return ": they are base64; use ParseKey, as Node does for a key that is a string"
	case len(text) == 0:
		return ": it is empty, as if its file or variable were not there"
	}
	return "; make one with npx @fastify/secure-session > secret-key, and give both programs the same"
}

func isHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil
}

// ReadKeyFile returns the key in a file of 32 raw bytes, as the plugin's key
// generator prints it: npx @fastify/secure-session > secret-key.
func ReadKeyFile(name string) (runtime.Key, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return runtime.Key{}, err
	}
	key, err := Key(raw)
	if err != nil {
		return runtime.Key{}, fmt.Errorf("%w (file %s)", err, name)
	}
	return key, nil
}

// ParseKey returns the key that text is in base64: a string in Node. As there,
// padding may be missing and both alphabets are read; 64 hexadecimal digits are
// 48 bytes of base64 and no key. On failure it is the zero Key, and the error does
// not contain the text.
func ParseKey(text string) (runtime.Key, error) {
	if raw := decodeBase64(text); len(raw) == keySize {
		return Key(raw)
	}
	if isHex(text) && len(text) == hex.EncodedLen(keySize) {
		return runtime.Key{}, errors.New("fastifycompat: a key is 64 hexadecimal digits, which @fastify/secure-session reads as base64 and refuses: write Buffer.from(text, \"hex\") there, and Key of hex.DecodeString here")
	}
	return runtime.Key{}, fmt.Errorf("fastifycompat: a key is %d bytes in base64, not 32: it was cut, or is a secret, which belongs in Options.Secret", len(decodeBase64(text)))
}

// DeriveKey returns the key that the plugin makes of its options secret and salt,
// always the same: Argon2id version 1.3 (RFC 9106) with 3 passes over 256 MiB in
// one lane. It takes that memory and about a second: call it once, at the start.
// No salt is the plugin's built-in one.
func DeriveKey(secret string, salt []byte) (runtime.Key, error) {
	if len(secret) < minSecret {
		return runtime.Key{}, fmt.Errorf("fastifycompat: the secret has %d bytes, and @fastify/secure-session needs at least 32; take a longer one in both programs, or a key", len(secret))
	}
	if salt == nil {
		salt = []byte(builtInSalt)
	}
	if len(salt) != saltSize {
		return runtime.Key{}, fmt.Errorf("fastifycompat: the salt has %d bytes, and @fastify/secure-session needs exactly 16; give what the Node program has, TextSalt of it if it is a string there, or leave it out in both", len(salt))
	}
	return Key(argon2.IDKey([]byte(secret), salt, argonPasses, argonMemory, argonLanes, keySize))
}

// TextSalt returns the bytes that Node makes of a salt that is a string: the low
// byte of each of its UTF-16 code units.
func TextSalt(text string) []byte {
	salt := []byte{}
	for _, unit := range utf16.Encode([]rune(text)) {
		salt = append(salt, byte(unit))
	}
	return salt
}

// rawKey returns the bytes of a key that is not zero.
func rawKey(key runtime.Key) [keySize]byte {
	raw, err := base64.RawURLEncoding.DecodeString(key.Reveal())
	if err != nil {
		panic("fastifycompat: a key does not read what it revealed: " + err.Error())
	}
	return [keySize]byte(raw)
}
