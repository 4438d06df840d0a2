package apps

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/sessiongen/sessiongen/bench/workload"
)

// The limits are the least code written by hand that does the job for this one
// session: a middleware loads it, hands it on by the request's context and tells
// caches; there is no expiry, no merge, no renewal and no error to speak of.

const limitCookie = "limit"

// token returns the value of the limit's cookie.
func token(r *http.Request) string {
	for _, line := range r.Header["Cookie"] {
		if _, rest, ok := strings.Cut(line, limitCookie+"="); ok {
			value, _, _ := strings.Cut(rest, ";")
			return value
		}
	}
	return ""
}

func setToken(w http.ResponseWriter, value string) {
	w.Header()["Set-Cookie"] = []string{limitCookie + "=" + value + "; Path=/; HttpOnly; Secure; SameSite=Lax"}
}

// MemoryLimit is a map of records that are replaced, not changed.
func MemoryLimit() (*App, error) {
	var mu sync.Mutex
	records := map[string]*workload.Record{}
	load := func(r *http.Request) (string, *workload.Record) {
		key := token(r)
		if key == "" {
			return "", nil
		}
		mu.Lock()
		defer mu.Unlock()
		return key, records[key]
	}
	store := func(key string, v *workload.Record) {
		mu.Lock()
		defer mu.Unlock()
		records[key] = v
	}
	return limit(load, func(w http.ResponseWriter, key string, _, v *workload.Record) {
		if key == "" {
			key = base64.RawURLEncoding.EncodeToString(randomKey(32))
			setToken(w, key)
		}
		store(key, v)
	}, func(_ http.ResponseWriter, key string) { store(key, nil) }), nil
}

// SealedLimit keeps the record in the cookie, by a codec written by hand.
func SealedLimit() (*App, error) {
	aead, err := chacha20poly1305.NewX(randomKey(chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	return limit(func(r *http.Request) (string, *workload.Record) { return "", open(aead, token(r)) },
		func(w http.ResponseWriter, _ string, _, v *workload.Record) { setToken(w, seal(aead, v)) },
		func(w http.ResponseWriter, _ string) { setToken(w, "; Max-Age=0") }), nil
}

func seal(aead cipher.AEAD, v *workload.Record) string {
	buf := make([]byte, chacha20poly1305.NonceSizeX, 512)
	rand.Read(buf)
	var plain [384]byte
	return base64.RawURLEncoding.EncodeToString(aead.Seal(buf, buf, workload.AppendByHand(plain[:0], v), nil))
}

func open(aead cipher.AEAD, token string) *workload.Record {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < chacha20poly1305.NonceSizeX {
		return nil
	}
	nonce, sealed := raw[:chacha20poly1305.NonceSizeX], raw[chacha20poly1305.NonceSizeX:]
	plain, err := aead.Open(sealed[:0], nonce, sealed, nil)
	if err != nil {
		return nil
	}
	v := &workload.Record{}
	if !workload.ReadByHand(plain, v) {
		return nil
	}
	return v
}

// visit is what the limit's middleware hands to handlers by the request's context.
type visit struct {
	key    string
	record *workload.Record
}

type visitKey struct{}

// What tells caches that a response is one visitor's, shared by all responses.
var vary, private = []string{"Cookie"}, []string{"private, no-cache"}

func limit(load func(*http.Request) (string, *workload.Record), store func(w http.ResponseWriter, key string, old, v *workload.Record), end func(http.ResponseWriter, string)) *App {
	a := &App{Name: "limit", Close: func() {}}
	handler := func(f func(http.ResponseWriter, *visit)) http.Handler {
		inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f(w, r.Context().Value(visitKey{}).(*visit))
		})
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v := &visit{}
			v.key, v.record = load(r)
			h := w.Header()
			h["Vary"], h["Cache-Control"] = vary, private
			inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
		})
	}
	a.Login = handler(func(w http.ResponseWriter, _ *visit) {
		v := workload.Sample()
		store(w, "", nil, &v)
		answer(w)
	})
	a.Full = handler(func(w http.ResponseWriter, v *visit) {
		use(v.record.Sum())
		a.between()
		next := *v.record
		next.Visits++
		store(w, v.key, v.record, &next)
		answer(w)
	})
	a.Read = handler(func(w http.ResponseWriter, v *visit) {
		if v.record != nil {
			use(v.record.Sum())
		}
		answer(w)
	})
	a.Logout = handler(func(w http.ResponseWriter, v *visit) {
		end(w, v.key)
		answer(w)
	})
	a.Visits = handler(func(w http.ResponseWriter, v *visit) {
		n := 0
		if v.record != nil {
			n = v.record.Visits
		}
		w.Write([]byte(strconv.Itoa(n)))
	})
	return a
}
