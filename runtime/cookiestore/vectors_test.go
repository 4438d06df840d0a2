package cookiestore

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
)

// vector is an entry of testdata/vectors.json, which testdata/vectors.py wrote
// without our code. A change there loses the sessions of every user.
type vector struct {
	Key            runtime.Key
	KeyID          hexBytes `json:"key_id"`
	SealingKey     hexBytes `json:"sealing_key"`
	Cookie         string
	AdditionalData hexBytes `json:"additional_data"`
	Nonce          hexBytes
	Record         hexBytes
	Token          string
}

type hexBytes string

func (b *hexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	*b = hexBytes(raw)
	return err
}

func readVectors(t testing.TB) (vectors []vector) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(text, &vectors)
	}
	if err != nil || len(vectors) == 0 {
		t.Fatalf("%d vectors: %v", len(vectors), err)
	}
	return vectors
}

func TestVectors(t *testing.T) {
	for i, v := range readVectors(t) {
		s := bind(t, v.Cookie, v.Key)
		if id := v.Key.ID(); string(id[:]) != string(v.KeyID) {
			t.Errorf("%d: key id %x", i, id)
		}
		if key := v.Key.Derive("cookiestore"); string(key[:]) != string(v.SealingKey) {
			t.Errorf("%d: sealing key %x", i, key)
		}
		if aad := s.opening[0].aad; string(aad) != string(v.AdditionalData) {
			t.Errorf("%d: additional data %q", i, aad)
		}
		token, err := s.seal(nil, []byte(v.Record), func(nonce []byte) { copy(nonce, v.Nonce) })
		if err != nil || string(token) != v.Token {
			t.Errorf("%d: token %s, %v, not %s", i, token, err, v.Token)
		}
		data, reseal, err := s.Open(v.Token)
		if err != nil || reseal || string(data) != string(v.Record) {
			t.Errorf("%d: opened %x, %v, %v", i, data, reseal, err)
		}
	}
}
