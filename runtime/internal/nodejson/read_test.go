package nodejson_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// What Node programs write in other ways than this package.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   func(*peer.Session) bool
	}{
		{`{"visits":1e3}`, func(s *peer.Session) bool { return s.Visits() == 1000 }},
		{`{"visits":5.0}`, func(s *peer.Session) bool { return s.Visits() == 5 }},
		{`{"visits":-0}`, func(s *peer.Session) bool { return s.HasVisits() && s.Visits() == 0 }},
		{`{"big":9007199254740993}`, func(s *peer.Session) bool { return s.Big() == 9007199254740993 }},
		{`{"ratio":123456789012345680000}`, func(s *peer.Session) bool { return s.Ratio() == 123456789012345680000 }},
		{`{"loginAt":1795521600000}`, func(s *peer.Session) bool { return s.LoginAt().Equal(noon) }},
		{`{"loginAt":"2026-11-24T13:00:00+01:00"}`, func(s *peer.Session) bool { return s.LoginAt() == noon }},
		{`{"raw":{"type":"Buffer","data":[1,255]}}`, func(s *peer.Session) bool { return string(s.Raw()) == "\x01\xff" }},
		{`{"sum":{"type":"Buffer","data":[1,2,3,4]}}`, func(s *peer.Session) bool { return s.Sum() == [4]byte{1, 2, 3, 4} }},
		{`{"raw":{"type":"Buffer","data":[]}}`, func(s *peer.Session) bool { return s.Raw() != nil && len(s.Raw()) == 0 }},
		{`{"wait":1.5e3}`, func(s *peer.Session) bool { return s.Wait() == 1500*time.Millisecond }},
		{`{"userId":"\ud83d\ude00"}`, func(s *peer.Session) bool { return s.UserID() == "😀" }},
		{`{"userId":"\uD83D\u0041"}`, func(s *peer.Session) bool { return s.UserID() == "\xed\xa0\xbdA" }},
		{`{"userId":"\ud83d\ud83d\ude00"}`, func(s *peer.Session) bool { return s.UserID() == "\xed\xa0\xbd😀" }},
		{`{"userId":"\/\u00e9"}`, func(s *peer.Session) bool { return s.UserID() == "/é" }},
		{"{\"userId\":\"\xff\"}", func(s *peer.Session) bool { return s.UserID() == "\ufffd" }},
		{`{"visits":1,"visits":2}`, func(s *peer.Session) bool { return s.Visits() == 2 }},
		{" {\n\"tags\" : [ \"a\" ,\t\"]\" ] , \"pair\":[ 1 , 2 ] }\n", func(s *peer.Session) bool { return len(s.Tags()) == 2 && s.Pair() == [2]int{1, 2} }},
		{`{"tags":null,"home":null,"qty":null}`, func(s *peer.Session) bool { return s.HasTags() && s.HasHome() && s.HasQty() }},
		{`{"home":{"city":"Z"}}`, func(s *peer.Session) bool { return *s.Home() == peer.Address{City: "Z"} }},
		{`{"look":"old"}`, func(s *peer.Session) bool { return s.Style() == "old" }},
		{`{"style":"new"}`, func(s *peer.Session) bool { return s.Style() == "new" }},
		{`{"style":"new","look":"old"}`, func(s *peer.Session) bool { return s.Style() == "old" }},
		{`{"theme":"dark"}`, func(s *peer.Session) bool { return s.Theme() == "dark" }},
		{`{"other":"x","n":1,"__ts":1,"birthday":"b"}`, func(s *peer.Session) bool { return len(s.Extra()) == 1 && s.Extra()["other"] == "x" }},
	} {
		if s, _ := read(t, c.text); !c.ok(s) {
			t.Errorf("%s is read as %v", c.text, s)
		}
	}
}

// What does not fit is absent, is kept while nothing is set, and is replaced then.
func TestMisfit(t *testing.T) {
	for _, text := range []string{
		`{"visits":"5"}`, `{"visits":1.5}`, `{"visits":1e300}`, `{"visits":true}`, `{"visits":[1]}`, `{"visits":null}`,
		`{"visits":"9007199254740991"}`, `{"visits":"09007199254740993"}`, `{"visits":"-"}`,
		`{"small":128}`, `{"huge":-1}`, `{"huge":"1"}`, `{"admin":1}`, `{"admin":"true"}`, `{"userId":1}`, `{"userId":null}`,
		`{"ratio":"1"}`, `{"ratio":1e999}`, `{"third":0.1}`,
		`{"loginAt":"yesterday"}`, `{"loginAt":"2026-11-24"}`, `{"loginAt":8640000000000001}`, `{"loginAt":"+275760-09-13T00:00:00.001Z"}`,
		`{"loginAt":"-000000-01-01T00:00:00.000Z"}`, `{"loginAt":"+2757"}`, `{"loginAt":{}}`, `{"loginAt":1.5}`,
		`{"wait":0.0000001}`, `{"wait":"1"}`, `{"wait":1e300}`, `{"wait":1e-300}`, `{"wait":9223372036854.775808}`,
		`{"raw":"?"}`, `{"raw":{"type":"Buffer","data":[256]}}`, `{"raw":{"type":"Buffer"}}`, `{"raw":[1]}`, `{"sum":"AQ=="}`, `{"sum":null}`,
		`{"cart":[{"qty":"x"}]}`, `{"cart":{}}`, `{"home":[]}`, `{"qty":{"a":"b"}}`, `{"rooms":{"a":"b"}}`, `{"rooms":{"01":"b"}}`,
		`{"pair":[1]}`, `{"pair":[1,2,3]}`, `{"pair":{}}`, `{"addr":"nowhere"}`, `{"total":{}}`, `{"link":"aHR0cDovL2E"}`, `{"tree":{"next":{"next":1}}}`,
	} {
		s, o := read(t, text)
		for name := range s.All() {
			t.Errorf("%s: %s is there: %v", text, name, s)
		}
		if kept := write(t, o, s); kept != text {
			t.Errorf("%s is written as %s", text, kept)
		}
	}
	s, o := read(t, `{"visits":"5","other":1}`)
	s.SetVisits(6)
	if text := write(t, o, s); text != `{"visits":6,"other":1}` {
		t.Error(text)
	}
	s, o = read(t, `{"visits":"5","other":1}`)
	s.ClearVisits()
	if text := write(t, o, s); text != `{"other":1}` {
		t.Error(text)
	}
}

func TestNoObject(t *testing.T) {
	for _, text := range []string{"", " ", "null", "1", `"x"`, "[]", "{", "{}x", "\ufeff{}", `{"a":01}`, `{'a':1}`, `{"a":1,}`, "{\"a\":\"\n\"}",
		strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)} {
		if _, err := nodejson.Parse([]byte(text)); !errors.Is(err, runtime.ErrCorrupt) || len(text) > 3 && strings.Contains(err.Error(), text) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// field returns the number of the field with a wire name.
func field(t *testing.T, name string) int {
	t.Helper()
	i := slices.IndexFunc(new(peer.Session).SessionFields().Spec().Fields, func(f runtime.Field) bool { return f.Name == name })
	if i < 0 {
		t.Fatal("no field " + name)
	}
	return i
}

func TestLapse(t *testing.T) {
	now := time.Now()
	s := new(peer.Session)
	s.SetStepUp(true)
	text := write(t, nil, s)
	if !strings.HasPrefix(text, `{"stepUp":true,"__sessiongen":{"ttl":{"stepUp":`) {
		t.Fatal(text)
	}
	again, o := read(t, text)
	at, lapses := runtime.Lapse(again.SessionFields(), field(t, "stepUp"))
	if left := time.UnixMilli(at).Sub(now); !again.StepUp() || !lapses || left < 14*time.Minute || left > 16*time.Minute {
		t.Errorf("%v lapses in %v", again, left)
	}
	again.ClearStepUp()
	if text := write(t, o, again); text != `{}` {
		t.Errorf("cleared: %s", text)
	}
	// The notes of another program's fields stay.
	past, o := read(t, `{"stepUp":true,"__sessiongen":{"deadline":5,"ttl":{"other":7,"stepUp":1000}}}`)
	if past.HasStepUp() {
		t.Error("a field has lapsed and is there")
	}
	if text := write(t, o, past); text != `{"__sessiongen":{"deadline":5,"ttl":{"other":7}}}` {
		t.Error(text)
	}
	if odd, _ := read(t, `{"stepUp":true,"__sessiongen":{"ttl":{"stepUp":"soon"}}}`); !odd.StepUp() {
		t.Error("a note that is none counts")
	}
}

func TestCheckSpec(t *testing.T) {
	spec := new(peer.Session).SessionFields().Spec()
	if err := nodejson.CheckSpec(spec, "__ts", "cookie"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"visits", "look", "birthday"} {
		if err := nodejson.CheckSpec(spec, name); err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	taken := runtime.NewSpec("x.Session", []runtime.Field{{Name: nodejson.NotesName}})
	if nodejson.CheckSpec(taken) == nil {
		t.Error("the name of the notes is free")
	}
}
