package fastifycompat

import "github.com/sessiongen/sessiongen/runtime"

// Sign is sign, for the tests.
func Sign(token, secret string) string { return sign(token, secret) }

// EncodeValue is encodeValue, for the tests.
func EncodeValue(token string) string { return encodeValue(token) }

// SealWith seals with a nonce that was recorded.
func SealWith(keys runtime.Keyring, data []byte, nonce [nonceSize]byte) string {
	b := &box{}
	for _, key := range keys {
		raw := rawKey(key)
		b.keys = append(b.keys, func() [keySize]byte { return raw })
	}
	return string(b.seal(nil, data, &nonce))
}
