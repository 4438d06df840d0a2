package fastifycompat

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/nacl/secretbox"

	"github.com/sessiongen/sessiongen/runtime"
)

const nonceSize = 24

// maxToken bounds what is opened. Browsers keep 4096 bytes, other clients more;
// Node's own server refuses headers of over 16 KiB.
const maxToken = 16 << 10

// Why a cookie does not open. None says what it is; all are runtime.ErrNotFound.
var (
	errTooLong  = notFound("the cookie has more than 16 KiB")
	errNoNonce  = notFound("the cookie has no nonce behind a semicolon: it is another program's, was cut, or its value is not percent-encoded")
	errTooShort = notFound("the cookie is shorter than an empty session: it was cut")
	errNonce    = notFound("the cookie's nonce has not 24 bytes: it was cut or changed")
	errOpen     = notFound("the cookie does not open: it was sealed with a key that is not in Options.Keys or from another Secret and Salt, or it was changed; both programs need the same keys, during a rotation the old one too")
)

func notFound(reason string) error {
	return fmt.Errorf("fastifycompat: %s: %w", reason, runtime.ErrNotFound)
}

// box implements [runtime.Sealer]: XSalsa20-Poly1305, as libsodium's secretbox.
type box struct {
	keys   []func() [keySize]byte // functions, so that nothing that prints the store reaches a key
	report *reporter
}

// Seal appends the token that holds data: what encodeSecureSession returns.
func (b *box) Seal(dst, data []byte) ([]byte, error) {
	var nonce [nonceSize]byte
	rand.Read(nonce[:]) // never fails, since Go 1.24
	return b.seal(dst, data, &nonce), nil
}

func (b *box) seal(dst, data []byte, nonce *[nonceSize]byte) []byte {
	key := b.keys[0]()
	sealed := secretbox.Seal(nil, data, nonce, &key)
	dst = slices.Grow(dst, base64.StdEncoding.EncodedLen(len(sealed))+1+base64.StdEncoding.EncodedLen(nonceSize))
	dst = base64.StdEncoding.AppendEncode(dst, sealed)
	return base64.StdEncoding.AppendEncode(append(dst, ';'), nonce[:])
}

// Open returns what token holds, and whether another than the first key sealed it.
func (b *box) Open(token string) (data []byte, reseal bool, err error) {
	data, reseal, err = b.open(token)
	if err != nil {
		b.report.refused(err)
	}
	return data, reseal, err
}

func (b *box) open(token string) (data []byte, reseal bool, err error) {
	if len(token) > maxToken {
		return nil, false, errTooLong
	}
	first, rest, ok := strings.Cut(token, ";")
	if !ok {
		return nil, false, errNoNonce
	}
	second, _, _ := strings.Cut(rest, ";") // what follows is passed over, as in Node
	sealed, raw := decodeBase64(first), decodeBase64(second)
	switch {
	case len(sealed) < secretbox.Overhead:
		return nil, false, errTooShort
	case len(raw) != nonceSize:
		return nil, false, errNonce
	}
	nonce := [nonceSize]byte(raw)
	for i, secret := range b.keys {
		key := secret()
		if data, ok := secretbox.Open(nil, sealed, &nonce, &key); ok {
			return data, i > 0, nil
		}
	}
	return nil, false, errOpen
}

// decodeBase64 reads base64 as Node's Buffer.from does: both alphabets, ending at
// the first "=", and passing over every other character.
func decodeBase64(text string) []byte {
	text, _, _ = strings.Cut(text, "=")
	if raw, err := base64.RawStdEncoding.DecodeString(text); err == nil && !strings.ContainsAny(text, "\r\n") {
		return raw
	}
	clean := make([]byte, 0, len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		}
	}
	if len(clean)%4 == 1 { // six bits, which make no byte
		clean = clean[:len(clean)-1]
	}
	raw, _ := base64.RawStdEncoding.AppendDecode(nil, clean)
	return raw
}

// reportEvery is how often a reason is logged: anybody can send bad cookies.
const reportEvery = time.Minute

// reporter logs why cookies do not open, so that no session is lost in silence.
type reporter struct {
	name   string
	now    func() time.Time
	logger *slog.Logger

	mu   sync.Mutex
	seen map[error]*refusals
}

// refusals counts cookies that were refused for one reason.
type refusals struct {
	since time.Time
	n     int
}

func (r *reporter) refused(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[error]*refusals{}
	}
	of, now := r.seen[err], r.now()
	switch {
	case of == nil:
		of = &refusals{}
		r.seen[err] = of
	case now.Sub(of.since) < reportEvery:
		of.n++
		return
	}
	reason, _ := strings.CutSuffix(err.Error(), ": "+runtime.ErrNotFound.Error())
	r.logger.Warn("sessiongen: a visitor's session is not used, and a new one begins",
		slog.String("cookie", r.name), slog.String("reason", reason), slog.Int("suppressed", of.n))
	of.since, of.n = now, 0
}
