package cookiestore

import (
	"context"
	"crypto/cipher"
	"slices"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/sessiongen/sessiongen/runtime"
)

// Store keeps sessions sealed in the cookie. [New] makes one. It can serve
// several managers at once: each seals for its own cookie name.
type Store struct {
	keys runtime.Keyring

	list    runtime.Store // of the sessions that have ended
	revokes bool          // RevokeIn was called

	spec      *runtime.Spec // of the sessions that notBefore looks at
	notBefore func(context.Context, runtime.Typed) (time.Time, error)
}

// New returns a store that seals with the first key and opens with every key. A
// [runtime.Keyring] is given as New(ring...).
//
// New never fails, so that it can stand in the call of the manager's
// constructor; that returns a [runtime.ConfigError] if there is no key, a zero
// Key (what [runtime.ParseKey] returns with an error), or one key twice.
func New(keys ...runtime.Key) *Store {
	return &Store{keys: slices.Clone(keys)}
}

// Bind implements [runtime.Store]. Its [runtime.Sealer] seals for the cookie
// name in setup and can be used from any number of goroutines.
func (s *Store) Bind(setup runtime.Setup) (runtime.Parts, error) {
	if err := s.keys.Check(); err != nil {
		return runtime.Parts{}, &runtime.ConfigError{Setting: "cookiestore.New", Reason: err.Error()}
	}
	sealer := &sealer{opening: make([]opener, len(s.keys))}
	for i, key := range s.keys {
		secret := key.Derive("cookiestore")
		aead, err := chacha20poly1305.NewX(secret[:])
		if err != nil {
			return runtime.Parts{}, &runtime.ConfigError{Setting: "cookiestore.New", Reason: err.Error() + "; use a store on the server there, such as memstore"}
		}
		prefix := newPrefix(key)
		sealer.opening[i] = opener{prefix, func() cipher.AEAD { return aead }, additionalData(setup.Cookie, prefix)}
	}
	parts := runtime.Parts{Sealer: sealer}
	if err := s.bindRevocation(&parts, setup); err != nil {
		return runtime.Parts{}, err
	}
	return parts, nil
}

// opener is one key, made ready for one cookie name.
type opener struct {
	prefix [prefixSize]byte
	aead   func() cipher.AEAD // a function, so that nothing that prints the store reaches the key
	aad    []byte
}

// newPrefix returns what tokens of key begin with: version and key id.
func newPrefix(key runtime.Key) [prefixSize]byte {
	id := key.ID()
	return [prefixSize]byte{version, id[0], id[1], id[2]}
}

// additionalData returns what is authenticated beside the record. No two pairs
// of name and prefix give the same: the label before the name and the prefix
// after it have fixed lengths.
func additionalData(cookie string, prefix [prefixSize]byte) []byte {
	return append([]byte(label+"\x00"+cookie+"\x00"), prefix[:]...)
}
