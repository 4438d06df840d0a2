package nodejson_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// FuzzDecode: no text panics, and what is read is written so that it reads the
// same again; a second writing changes nothing.
func FuzzDecode(f *testing.F) {
	for _, c := range written {
		f.Add([]byte(c.text))
	}
	f.Add([]byte(`{"cart":[{"sku":"a","gift":1},{"sku":"a"}],"look":"x","__sessiongen":{"ttl":{"stepUp":99999999999999}},"stepUp":true}`))
	f.Add([]byte(`{"raw":{"type":"Buffer","data":[1,2]},"loginAt":1,"wait":1e-6,"x":"\ud800"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := nodejson.Parse(text)
		if err != nil {
			return
		}
		s := new(peer.Session)
		nodejson.Decode(o, s.SessionFields(), "__ts")
		once, err := tryWrite(o, s)
		if err != nil {
			t.Fatalf("%q was read and can't be written: %v", text, err)
		}
		if !json.Valid([]byte(once)) {
			t.Fatalf("%q is written as %q", text, once)
		}
		again, o2 := read(t, once)
		if raw(t, again) != raw(t, s) {
			t.Fatalf("%q: %v, then %v", text, s, again)
		}
		if twice := write(t, o2, again); twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
		fresh := write(t, nil, s) // without what was stored
		if again, _ := read(t, fresh); raw(t, again) != raw(t, s) {
			t.Fatalf("%q: %v, written anew %v", text, s, again)
		}
	})
}

// FuzzString: a string that is written is the same for encoding/json, and reads
// back; only what is no UTF-8 and no surrogate is refused.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "a\"\\\n", "é😀\u2028<", "\xed\xa0\xbd", "\xed\xa0\xbd\xed\xb8\x80", "\xff", "\x00\x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := nodejson.AppendString(nil, s)
		if err != nil {
			if utf8.ValidString(s) {
				t.Fatal(err)
			}
			return
		}
		if utf8.ValidString(s) {
			var back string
			if err := json.Unmarshal(text, &back); err != nil || back != s {
				t.Fatalf("%q: %s: %q, %v", s, text, back, err)
			}
		}
		session, _ := read(t, `{"userId":`+string(text)+`}`)
		want := s
		if strings.Contains(s, "\xed") {
			want = session.UserID() // two halves that came together are one character
			if again, err := nodejson.AppendString(nil, want); err != nil || string(again) != string(text) {
				t.Fatalf("%s, then %s, %v", text, again, err)
			}
		}
		if session.UserID() != want {
			t.Fatalf("%q: %s: %q", s, text, session.UserID())
		}
	})
}
