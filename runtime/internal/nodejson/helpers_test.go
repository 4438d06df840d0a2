package nodejson_test

import (
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// read decodes text into a new session.
func read(t testing.TB, text string) (*peer.Session, *nodejson.Object) {
	t.Helper()
	o, err := nodejson.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	s := new(peer.Session)
	nodejson.Decode(o, s.SessionFields(), "__ts")
	return s, o
}

// write encodes s over o, what it was read from, nil for nothing.
func write(t testing.TB, o *nodejson.Object, s *peer.Session) string {
	t.Helper()
	text, err := tryWrite(o, s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func tryWrite(o *nodejson.Object, s *peer.Session) (string, error) {
	if o == nil {
		o = new(nodejson.Object)
	}
	if err := nodejson.Encode(o, s.SessionFields(), "__ts"); err != nil {
		return "", err
	}
	text, err := o.Append(nil)
	return string(text), err
}

// raw returns every field of s as the runtime's own format writes it: what two
// equal sessions have in common.
func raw(t testing.TB, s *peer.Session) string {
	t.Helper()
	data, err := runtime.AppendRecord(nil, &runtime.Meta{}, s.SessionFields())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
