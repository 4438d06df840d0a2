package expresscompat

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

// Whatever a record holds: no panic, an error that is ErrCorrupt, or a session
// that is written again and reads the same.
func FuzzRecord(f *testing.F) {
	for _, text := range []string{
		`{"cookie":{"originalMaxAge":60000,"expires":"2026-03-14T09:27:53.589Z","httpOnly":true,"path":"/"},"visits":3}`,
		`{"cookie":{"originalMaxAge":null,"expires":null},"u":{"a":1},"cart":[{"sku":"x","qty":1,"more":[]}],"prefs":{"theme":"","tags":null},"big":"9007199254740993"}`,
		`{"cookie":{},"10":1,"a":"\ud800\u2028","a":{"":[[[]]]},"__sessiongen":{"ttl":{"visits":1}}}`, `{"cookie":{"originalMaxAge":1e400}}`, `[`, ``,
	} {
		f.Add([]byte(text))
	}
	now := time.UnixMilli(1773480413589)
	fm := format{&Options{TTL: time.Hour}, func() time.Time { return now }}
	f.Fuzz(func(t *testing.T, data []byte) {
		var meta runtime.Meta
		s := new(live.Session)
		if err := fm.Decode(data, &meta, s.SessionFields()); err != nil {
			return
		}
		text, err := fm.Encode(nil, data, &meta, s.SessionFields())
		if err != nil {
			t.Fatalf("%q can't be written again: %v", data, err)
		}
		if !json.Valid(text) {
			t.Fatalf("%q became %q", data, text)
		}
		var again runtime.Meta
		s2 := new(live.Session)
		if err := fm.Decode(text, &again, s2.SessionFields()); err != nil {
			t.Fatalf("%q became %q: %v", data, text, err)
		}
		text2, err := fm.Encode(nil, text, &again, s2.SessionFields())
		if err != nil || string(text2) != string(text) {
			t.Fatalf("%q, then %q: %v", text, text2, err)
		}
	})
}

// Whatever a Cookie header holds: no panic, and only what was signed is taken.
func FuzzCookie(f *testing.F) {
	o := &Options{Secrets: []string{"keyboard cat", "other"}}
	if err := o.normalise(); err != nil {
		f.Fatal(err)
	}
	sign := signer{o}
	for _, text := range []string{"connect.sid=" + encodeURIComponent(sign.sign("id.with/dots")), `connect.sid="s%3Aa.b"`, "connect.sid=%", "a=b; ;=; connect.sid", "connect.sid=s:."} {
		f.Add(text)
	}
	tr := &transport{o: o, sign: sign}
	f.Fuzz(func(t *testing.T, header string) {
		token := tr.Token(&http.Request{Header: http.Header{"Cookie": {header}}})
		key, _, err := sign.Key(token)
		if err != nil {
			return
		}
		id := strings.TrimPrefix(key, "sess:")
		old := signer{&Options{Secrets: o.Secrets[1:]}}
		if id == "" || token != sign.sign(id) && token != old.sign(id) {
			t.Fatalf("%q opens %q", header, key)
		}
		// What is sent is read again.
		if again := tr.Token(&http.Request{Header: http.Header{"Cookie": {"connect.sid=" + encodeURIComponent(sign.sign(id))}}}); again != sign.sign(id) {
			t.Fatalf("%q is read as %q", sign.sign(id), again)
		}
	})
}
