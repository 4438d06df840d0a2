package cookiestore

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/sessiongen/sessiongen/runtime"
)

// The format of a token; the package comment has it byte by byte.
const (
	version    = 1
	label      = "sessiongen sealed session"
	prefixSize = 1 + 3
	headSize   = prefixSize + chacha20poly1305.NonceSizeX
	overhead   = headSize + chacha20poly1305.Overhead
)

// maxToken is the length of the longest token, in bytes. A longer one can't come
// from a cookie that we set: RFC 6265bis allows 4096 bytes for its name and value.
const maxToken = 4096

// encoding refuses unused bits that are not zero, so that a token has one form.
// It skips line breaks, for which decode looks at the length.
var encoding = base64.RawURLEncoding.Strict()

// Why a token does not open. None says what the token is; all are
// runtime.ErrNotFound, because who sends such a cookie is a new visitor.
var (
	errTooLong  = notFound("the token has more than 4096 bytes")
	errEncoding = notFound("the token is not base64url")
	errTooShort = notFound("the token is shorter than an empty sealed session")
	errVersion  = notFound("the token is of a version that this program does not know")
	errKey      = notFound("the token was sealed with a key that is not in the keyring")
	errOpen     = notFound("the token was changed, or sealed for another cookie")
)

func notFound(reason string) error {
	return fmt.Errorf("cookiestore: %s: %w", reason, runtime.ErrNotFound)
}

// sealer implements [runtime.Sealer] for one cookie name.
type sealer struct {
	opening []opener // the first seals
}

// Seal appends the token that holds data to dst. It allocates nothing for its
// result if dst has room for the token once in base64 and once before it. The
// room must not overlap data.
//
// Data that would make a token of more than 4096 bytes is a
// [runtime.ErrTooLarge]; dst is then returned as it was.
func (s *sealer) Seal(dst, data []byte) ([]byte, error) {
	return s.seal(dst, data, func(nonce []byte) { rand.Read(nonce) }) // never fails, since Go 1.24
}

func (s *sealer) seal(dst, data []byte, fill func(nonce []byte)) ([]byte, error) {
	rawSize := overhead + len(data)
	size := encoding.EncodedLen(rawSize)
	if size > maxToken {
		return dst, fmt.Errorf("cookiestore: %w: %d bytes make a token of %d, and a cookie has room for %d; store less in it, or use a store on the server such as memstore", runtime.ErrTooLarge, len(data), size, maxToken)
	}

	// The token takes its place first, the bytes before base64 the one behind it.
	start, end := len(dst), len(dst)+size
	dst = slices.Grow(dst, size+rawSize)
	raw := dst[end : end+headSize : end+rawSize]
	key := &s.opening[0]
	copy(raw, key.prefix[:])
	nonce := raw[prefixSize:]
	fill(nonce)
	raw = key.aead().Seal(raw, nonce, data, key.aad)
	encoding.Encode(dst[start:end], raw)
	return dst[:end], nil
}

// Open returns what token holds, in bytes that nothing else refers to, and
// whether another than the first key sealed it, so that it shall be sealed anew.
//
// A token that does not open is a [runtime.ErrNotFound], with the reason and
// nothing of the token: too long, not base64url, cut, changed, sealed for
// another cookie name, with an unknown key or in an unknown version.
func (s *sealer) Open(token string) (data []byte, reseal bool, err error) {
	if len(token) > maxToken {
		return nil, false, errTooLong
	}
	size := encoding.DecodedLen(len(token))
	if size < overhead {
		return nil, false, errTooShort
	}
	raw := make([]byte, size)
	if !decode(raw, token) {
		return nil, false, errEncoding
	}
	if raw[0] != version {
		return nil, false, errVersion
	}

	prefix := [prefixSize]byte(raw)
	tried := false
	for i := range s.opening {
		key := &s.opening[i]
		if key.prefix != prefix {
			continue
		}
		if tried { // in vain, which has overwritten raw
			decode(raw, token)
		}
		tried = true // another key may have the same id
		data, err := key.aead().Open(raw[headSize:headSize], raw[prefixSize:headSize], raw[headSize:], key.aad)
		if err == nil {
			return slices.Clip(data), i > 0, nil
		}
	}
	if tried {
		return nil, false, errOpen
	}
	return nil, false, errKey
}

// decode fills raw, as long as DecodedLen says, with what token is in base64url,
// and reports whether it is that and nothing else.
func decode(raw []byte, token string) bool {
	n, err := encoding.Decode(raw, []byte(token))
	// The second comparison finds the one length at which a line break that the
	// decoder skips does not shorten the result.
	return err == nil && n == len(raw) && encoding.EncodedLen(n) == len(token)
}
