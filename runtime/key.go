package runtime

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"golang.org/x/crypto/argon2"
)

const keySize = 32

// keygenHint is the way out of every error about a key.
const keygenHint = "generate one with: sessiongen keygen"

// Key is a secret of 32 bytes, from which a store derives what it seals or
// signs with. [ParseKey], [GenerateKey] and [DeriveKey] make one; the zero Key
// is no key, and every store refuses it.
//
// A Key never prints its bytes: whatever prints, logs or marshals it, alone or
// inside a struct, shows its [Key.ID] at most. Only [Key.Reveal] tells the
// secret. Keys are compared with [Key.Equal], not with ==.
type Key struct {
	// A function, because package fmt can't call the methods of a Key that is in
	// another struct's unexported field: it walks the value, through a pointer
	// too under some verbs. What a function holds, nothing that walks can reach.
	secret func() [keySize]byte
}

func newKey(secret [keySize]byte) Key {
	return Key{func() [keySize]byte { return secret }}
}

// GenerateKey returns a new random key, from crypto/rand. A key that is made at
// every start loses all sealed sessions at every start; keep the text that
// [Key.Reveal] returns, or that the command "sessiongen keygen" prints.
func GenerateKey() Key {
	var secret [keySize]byte
	rand.Read(secret[:]) // never fails, since Go 1.24
	return newKey(secret)
}

// ParseKey returns the key that text holds, in any of three forms:
//   - 43 characters of base64url (RFC 4648 section 5), with or without the "="
//     at the end: what [Key.Reveal] returns and "sessiongen keygen" prints;
//   - the same in standard base64 (RFC 4648 section 4), what
//     "openssl rand -base64 32" prints;
//   - 64 hexadecimal digits, what "openssl rand -hex 32" prints.
//
// White space around it is trimmed, since a file ends with a line break. A text
// of one byte over and over, such as all zeros, is a placeholder and refused.
//
// On failure the key is the zero Key, which no store accepts, and the error does
// not contain the text.
func ParseKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	var secret []byte
	var err error
	switch bare := strings.TrimSuffix(text, "="); {
	case text == "":
		return Key{}, errors.New("session key is empty, as if its environment variable or file were not set; " + keygenHint)
	case len(text) == hex.EncodedLen(keySize):
		secret, err = hex.DecodeString(text)
	case len(bare) != base64.RawURLEncoding.EncodedLen(keySize):
		return Key{}, fmt.Errorf("session key has %d characters, not the 43 of base64url, the 44 of base64 or the 64 hexadecimal digits that 32 bytes take; %s; a key is made from a longer secret by DeriveKey", len(text), keygenHint)
	case strings.ContainsAny(bare, "+/"):
		secret, err = base64.RawStdEncoding.Strict().DecodeString(bare)
	default:
		secret, err = base64.RawURLEncoding.Strict().DecodeString(bare)
	}
	// The decoder skips line breaks, so that the length is looked at again. Its
	// error may quote the text, and stays here.
	if err != nil || len(secret) != keySize {
		return Key{}, errors.New("session key is neither base64url, base64 nor hexadecimal: it was cut, quoted or mistyped; copy it again, or " + keygenHint)
	}
	if strings.Count(string(secret), string(secret[:1])) == keySize {
		return Key{}, errors.New("session key is one byte over and over, a placeholder and not a secret; " + keygenHint)
	}
	return newKey([keySize]byte(secret)), nil
}

// The parameters of DeriveKey. They are part of what a derived key is: another
// value gives other keys, and no session would open. They are fixed for ever.
const (
	argonTime    = 3         // passes
	argonMemory  = 64 * 1024 // KiB
	argonThreads = 4

	minSecret = 32
	minSalt   = 16
)

// DeriveKey returns the key that secret and salt make, always the same, for
// deployments that are given a secret text instead of a key. It runs Argon2id
// version 1.3 (RFC 9106) with the second recommended option of its section 4: 3
// passes, 4 lanes, 64 MiB, a result of 32 bytes. It takes that memory and
// about a tenth of a second: call it once, at the start.
//
// The secret has at least 32 bytes, the salt, which need not be secret and is
// best random and the application's own, at least 16; both are used byte for
// byte, also a line break at the end of a file. Less is an error, with the zero
// Key. A key from [GenerateKey] is better than the best secret.
func DeriveKey(secret, salt string) (Key, error) {
	if len(secret) < minSecret {
		return Key{}, fmt.Errorf("the secret of a session key has %d bytes: it needs at least %d, or it could be guessed; take a longer one, or a key instead: %s", len(secret), minSecret, keygenHint)
	}
	if len(salt) < minSalt {
		return Key{}, fmt.Errorf("the salt of a session key has %d bytes: it needs at least %d; choose a random text once and keep it beside the configuration", len(salt), minSalt)
	}
	key := argon2.IDKey([]byte(secret), []byte(salt), argonTime, argonMemory, argonThreads, keySize)
	return newKey([keySize]byte(key)), nil
}

// IsZero reports whether k is the zero Key, with which nothing can be sealed.
func (k Key) IsZero() bool { return k.secret == nil }

// Equal reports whether both are the same key, in a time that does not depend
// on their bytes. Two zero Keys are equal.
func (k Key) Equal(other Key) bool {
	if k.IsZero() || other.IsZero() {
		return k.IsZero() && other.IsZero()
	}
	a, b := k.secret(), other.secret()
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Reveal returns the secret itself, as the 43 characters of base64url that
// [ParseKey] reads; of the zero Key "". It is for the place where keys are kept.
func (k Key) Reveal() string {
	if k.IsZero() {
		return ""
	}
	secret := k.secret()
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// Derive returns 32 bytes for one purpose, from which neither the key nor what
// it gives for another purpose can be found: so that one key serves a cookie, a
// signature and more, and none of them can be passed off as another.
//
// It is HKDF-SHA256 (RFC 5869) of the key, without salt, with "sessiongen key: "
// and the purpose as info. Purposes are constants of a program, and fixed for
// ever. Derive of the zero Key panics; look at [Key.IsZero] or [Keyring.Check]
// first.
func (k Key) Derive(purpose string) [32]byte {
	if k.IsZero() {
		panic("session: Derive of the zero Key, which is no key; look at the error of ParseKey")
	}
	secret := k.secret()
	derived, err := hkdf.Key(sha256.New, secret[:], nil, "sessiongen key: "+purpose, keySize)
	if err != nil { // only for a result longer than 255 hashes
		panic("session: " + err.Error())
	}
	return [32]byte(derived)
}

// ID returns three bytes that tell keys apart and nothing of their secret:
// Derive("id")[:3]. Sealed tokens carry it; logs may. It is zero for the zero Key.
func (k Key) ID() [3]byte {
	if k.IsZero() {
		return [3]byte{}
	}
	id := k.Derive("id")
	return [3]byte(id[:3])
}

// String returns "Key(" and the id in hexadecimal, never the secret.
func (k Key) String() string {
	if k.IsZero() {
		return "Key(zero)"
	}
	return fmt.Sprintf("Key(%x)", k.ID())
}

// Format prints what String returns, whatever the verb.
func (k Key) Format(f fmt.State, verb rune) { io.WriteString(f, k.String()) }

// LogValue logs what String returns.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns what String returns, so that a dumped configuration holds
// no secret. [ParseKey] refuses it.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is [ParseKey], for decoders of configuration and for
// flag.TextVar. On failure k is the zero Key.
func (k *Key) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKey(string(text))
	return err
}

// Keyring is a secret that can be replaced while sessions live: the first key
// seals or signs, all open. Package cookiestore describes how to rotate.
type Keyring []Key

// ParseKeyring returns the keys that text holds, each as in [ParseKey],
// separated by white space or commas: so that keys are rotated by a change of
// configuration alone. On failure there is no keyring, and the error does not
// contain the text.
func ParseKeyring(text string) (Keyring, error) {
	texts := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	if len(texts) == 0 {
		texts = []string{""} // for the error of an empty key
	}
	keys := make(Keyring, len(texts))
	for i, text := range texts {
		var err error
		if keys[i], err = ParseKey(text); err != nil {
			return nil, fmt.Errorf("key %d of %d: %w", i+1, len(texts), err)
		}
	}
	if err := keys.Check(); err != nil {
		return nil, err
	}
	return keys, nil
}

// Check returns an error if there is no key, a zero Key, or one key twice.
// Stores call it from Bind.
func (ring Keyring) Check() error {
	if len(ring) == 0 {
		return errors.New("no session key; " + keygenHint)
	}
	for i, key := range ring {
		if key.IsZero() {
			return fmt.Errorf("session key %d of %d is the zero Key, as ParseKey returns it with an error; look at that error, or %s", i+1, len(ring), keygenHint)
		}
		for j, earlier := range ring[:i] {
			if key.Equal(earlier) {
				return fmt.Errorf("session keys %d and %d of %d are the same; remove one", j+1, i+1, len(ring))
			}
		}
	}
	return nil
}
