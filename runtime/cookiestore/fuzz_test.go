package cookiestore

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
)

// FuzzOpen: whatever opens is a token that Seal could have written, in the one
// form in which it is written, and holds no more than the token is long.
func FuzzOpen(f *testing.F) {
	vectors := readVectors(f)
	for _, v := range vectors {
		f.Add(v.Token)
	}
	s := bind(f, "session", vectors[0].Key)
	f.Fuzz(func(t *testing.T, token string) {
		data, reseal, err := s.Open(token)
		if err != nil {
			if data != nil || reseal || !errors.Is(err, runtime.ErrNotFound) {
				t.Fatalf("%q, %v, %v", data, reseal, err)
			}
			return
		}
		if cap(data) > len(token) || reseal {
			t.Fatalf("%d bytes from a token of %d, %v", cap(data), len(token), reseal)
		}
		raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.seal(nil, data, func(nonce []byte) { copy(nonce, raw[prefixSize:]) })
		if err != nil || string(again) != token {
			t.Fatalf("%q opens, and seals as %q, %v", token, again, err)
		}
	})
}
