package fastifycompat_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// parts are what a store offers.
func parts(t testing.TB, o fastifycompat.Options) runtime.Parts {
	t.Helper()
	p, err := fastifycompat.New(o).Bind(runtime.Setup{Spec: new(peer.Session).SessionFields().Spec(), Logger: quiet.Logger,
		Now: func() time.Time { return time.UnixMilli(at) }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzOpen: no token panics, none is refused in another way than as not found,
// and nothing larger than the token comes out of it.
func FuzzOpen(f *testing.F) {
	for _, v := range readRecorded(f).Encode {
		if !v.Negative {
			f.Add(cut(v.SetCookie).value(f))
		}
	}
	f.Add("A;;")
	f.Add("%;=\n")
	key := readRecorded(f).Encode[0].Key
	sealer := parts(f, fastifycompat.Options{Keys: ring(f, key), Cookie: fastifycompat.Cookie{Path: "/"}}).Sealer
	f.Fuzz(func(t *testing.T, token string) {
		data, reseal, err := sealer.Open(token)
		if err != nil {
			if data != nil || reseal || !errors.Is(err, runtime.ErrNotFound) {
				t.Fatalf("%q, %v, %v", data, reseal, err)
			}
			return
		}
		if reseal || cap(data) > 2*len(token) {
			t.Fatalf("%d bytes from a token of %d, %v", cap(data), len(token), reseal)
		}
	})
}

// FuzzCookie: no header panics, and a token that is found is sent so that it is
// found again.
func FuzzCookie(f *testing.F) {
	for _, v := range readRecorded(f).Decode {
		f.Add(v.CookieHeader)
	}
	f.Add(`a=b; session="%41%zz" ;session=x`)
	o := plain(f)
	o.Cookie.Signed = true
	transport := parts(f, o).Policy.Transport
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{header}
		token := transport.Token(r)
		if len(token) > len(header) {
			t.Fatalf("%q from %q", token, header)
		}
		w := httptest.NewRecorder()
		if transport.Set(w, token, 0) != nil {
			return // too large for a browser
		}
		again := httptest.NewRequest("GET", "/", nil)
		pair, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		again.Header.Set("Cookie", pair)
		if plausible.MatchString(token) && transport.Token(again) != token {
			t.Fatalf("%q is sent as %q and found as %q", token, pair, transport.Token(again))
		}
	})
}

// plausible is what a sealed token consists of.
var plausible = regexp.MustCompile(`^[A-Za-z0-9+/=;]+$`)

// FuzzDecode: no sealed text panics, and what is read is written so that it reads
// the same, with a stamp.
func FuzzDecode(f *testing.F) {
	for _, v := range readRecorded(f).Decode {
		f.Add([]byte(v.Plaintext))
	}
	f.Add([]byte(`{"__ts":"x","__sessiongen":{"deadline":9e99,"maxAge":5}}`))
	f.Add([]byte(`{"__ts":1e308}`))
	f.Add([]byte(`{"__ts":-5,"visits":1}`))
	format := parts(f, plain(f)).Format
	f.Fuzz(func(t *testing.T, text []byte) {
		var m runtime.Meta
		s := new(peer.Session)
		if err := format.Decode(text, &m, s.SessionFields()); err != nil {
			if !errors.Is(err, runtime.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if m.Expires < 0 || m.Deadline < 0 || m.Idle <= 0 || m.Expires >= 1<<48 || m.Deadline >= 1<<48 {
			t.Fatalf("%q: %+v", text, m)
		}
		meta := m
		meta.Expires++ // a change: the end moves
		out, err := format.Encode(nil, text, &meta, s.SessionFields())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var back struct {
			Stamp float64 `json:"__ts"`
		}
		if err := json.Unmarshal(out, &back); err != nil || back.Stamp != 1773480414 {
			t.Fatalf("%q: %q: %v", text, out, err)
		}
		again := new(peer.Session)
		if err := format.Decode(out, &m, again.SessionFields()); err != nil {
			t.Fatalf("%q: %q: %v", text, out, err)
		}
		if record(t, s) != record(t, again) {
			t.Fatalf("%q: %v, then %v", text, s, again)
		}
	})
}

func record(t testing.TB, s *peer.Session) string {
	t.Helper()
	data, err := runtime.AppendRecord(nil, &runtime.Meta{}, s.SessionFields())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
