package expresscompat

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/sessiongen/sessiongen/runtime"
)

// signer makes and verifies the tokens of express-session:
//
//	"s:" id "." base64(HMAC-SHA256(secret, id)) without "="
type signer struct{ o *Options }

var base64Raw = base64.RawStdEncoding

// sign returns the token of id under the first secret.
func (s signer) sign(id string) string {
	return "s:" + id + "." + signature(s.o.Secrets[0], id)
}

func signature(secret, id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return base64Raw.EncodeToString(mac.Sum(nil))
}

// unsign returns the id of a token that one of the secrets has signed. The id
// ends at the last dot. An empty one counts as none, as in Node.
func (s signer) unsign(token string) (id string, ok bool) {
	signed, ok := strings.CutPrefix(token, "s:")
	dot := strings.LastIndexByte(signed, '.')
	if !ok || dot <= 0 {
		return "", false
	}
	id, given := signed[:dot], []byte(signed[dot+1:])
	for _, secret := range s.o.Secrets {
		if hmac.Equal(given, []byte(signature(secret, id))) { // in constant time
			return id, true
		}
	}
	return "", false
}

// New makes a token without a request.
func (s signer) New() (token, key string, err error) { return s.NewFor(nil) }

// NewFor makes an id, its token and its key.
func (s signer) NewFor(r *http.Request) (token, key string, err error) {
	var id string
	if s.o.GenID != nil {
		id = s.o.GenID(r)
	} else {
		var raw [24]byte
		rand.Read(raw[:]) // never fails, says its documentation
		id = base64.RawURLEncoding.EncodeToString(raw[:])
	}
	if id == "" {
		return "", "", fmt.Errorf("expresscompat: Options.GenID returned no id")
	}
	return s.sign(id), s.o.Prefix + id, nil
}

// Key returns the key of a token. One that an older secret signed is good for as
// long as the secret is listed: it is sent anew when a cookie is sent anyway, as
// express-session does.
func (s signer) Key(token string) (key string, resign bool, err error) {
	id, ok := s.unsign(token)
	if !ok {
		return "", false, runtime.ErrNotFound
	}
	return s.o.Prefix + id, false, nil
}
