package nodejson_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// written are values and the text that each is written as.
var written = []struct {
	name string
	set  func(*peer.Session)
	text string
}{
	{"zero", func(s *peer.Session) { s.SetVisits(0) }, `{"visits":0}`},
	{"camel case", func(s *peer.Session) { s.SetUserID("u") }, `{"userId":"u"}`},
	{"no HTML escapes", func(s *peer.Session) { s.SetUserID("<a href=\"x\">&\u2028\u2029\u007f</a>") }, "{\"userId\":\"<a href=\\\"x\\\">&\u2028\u2029\u007f</a>\"}"},
	{"control characters", func(s *peer.Session) { s.SetUserID("\b\f\n\r\t\x00\x1f\\/") }, `{"userId":"\b\f\n\r\t\u0000\u001f\\/"}`},
	{"an emoji", func(s *peer.Session) { s.SetUserID("a😀é") }, `{"userId":"a😀é"}`},
	{"a lone surrogate", func(s *peer.Session) { s.SetUserID("x\xed\xa0\xbdy\xed\xb8\x80") }, `{"userId":"x\ud83dy\ude00"}`},
	{"true", func(s *peer.Session) { s.SetAdmin(true) }, `{"admin":true}`},
	{"the last safe integer", func(s *peer.Session) { s.SetBig(1<<53 - 1) }, `{"big":9007199254740991}`},
	{"the first unsafe one", func(s *peer.Session) { s.SetBig(1 << 53) }, `{"big":"9007199254740992"}`},
	{"the least integer", func(s *peer.Session) { s.SetBig(math.MinInt64) }, `{"big":"-9223372036854775808"}`},
	{"the greatest integer", func(s *peer.Session) { s.SetHuge(math.MaxUint64) }, `{"huge":"18446744073709551615"}`},
	{"a small integer", func(s *peer.Session) { s.SetSmall(-128) }, `{"small":-128}`},
	{"floats", func(s *peer.Session) { s.SetRatio(0.1) }, `{"ratio":0.1}`},
	{"a float that is an integer", func(s *peer.Session) { s.SetRatio(1e20) }, `{"ratio":100000000000000000000}`},
	{"a large float", func(s *peer.Session) { s.SetRatio(1e21) }, `{"ratio":1e+21}`},
	{"a small float", func(s *peer.Session) { s.SetRatio(1e-7) }, `{"ratio":1e-7}`},
	{"the last one without exponent", func(s *peer.Session) { s.SetRatio(0.000001) }, `{"ratio":0.000001}`},
	{"the greatest float", func(s *peer.Session) { s.SetRatio(math.MaxFloat64) }, `{"ratio":1.7976931348623157e+308}`},
	{"the smallest float", func(s *peer.Session) { s.SetRatio(math.SmallestNonzeroFloat64) }, `{"ratio":5e-324}`},
	{"float32", func(s *peer.Session) { s.SetThird(0.1) }, `{"third":0.10000000149011612}`},
	{"a time", func(s *peer.Session) { s.SetLoginAt(noon) }, `{"loginAt":"2026-11-24T12:00:00.000Z"}`},
	{"a finer time", func(s *peer.Session) { s.SetLoginAt(noon.Add(1)) }, `{"loginAt":"2026-11-24T12:00:00.000000001Z"}`},
	{"year 1", func(s *peer.Session) { s.SetLoginAt(time.Time{}) }, `{"loginAt":"0001-01-01T00:00:00.000Z"}`},
	{"before year 0", func(s *peer.Session) { s.SetLoginAt(time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC)) }, `{"loginAt":"-000044-03-15T00:00:00.000Z"}`},
	{"the last date", func(s *peer.Session) { s.SetLoginAt(time.UnixMilli(8.64e15)) }, `{"loginAt":"+275760-09-13T00:00:00.000Z"}`},
	{"the first date", func(s *peer.Session) { s.SetLoginAt(time.UnixMilli(-8.64e15)) }, `{"loginAt":"-271821-04-20T00:00:00.000Z"}`},
	{"a duration", func(s *peer.Session) { s.SetWait(90 * time.Second) }, `{"wait":90000}`},
	{"a finer duration", func(s *peer.Session) { s.SetWait(-1234567) }, `{"wait":-1.234567}`},
	{"a nanosecond", func(s *peer.Session) { s.SetWait(1) }, `{"wait":0.000001}`},
	{"a duration that no double holds", func(s *peer.Session) { s.SetWait(math.MaxInt64) }, `{"wait":"9223372036854.775807"}`},
	{"bytes", func(s *peer.Session) { s.SetRaw([]byte{0, 255, 254}) }, `{"raw":"AP/+"}`},
	{"no bytes", func(s *peer.Session) { s.SetRaw([]byte{}) }, `{"raw":""}`},
	{"nil bytes", func(s *peer.Session) { s.SetRaw(nil) }, `{"raw":null}`},
	{"an array of bytes", func(s *peer.Session) { s.SetSum([4]byte{1, 2, 3, 4}) }, `{"sum":"AQIDBA=="}`},
	{"structs", func(s *peer.Session) {
		s.AppendCart(peer.Item{Base: peer.Base{SKU: "a"}, Qty: 2}, peer.Item{Opts: map[string]bool{"gift": true}, Sent: &noon})
	}, `{"cart":[{"sku":"a","qty":2,"opts":null,"sentAt":null},{"sku":"","qty":0,"opts":{"gift":true},"sentAt":"2026-11-24T12:00:00.000Z"}]}`},
	{"no structs", func(s *peer.Session) { s.SetCart([]peer.Item{}) }, `{"cart":[]}`},
	{"a nil slice", func(s *peer.Session) { s.SetTags(nil) }, `{"tags":null}`},
	{"a pointer", func(s *peer.Session) { s.SetHome(&peer.Address{City: "Z"}) }, `{"home":{"street":"","city":"Z","geo":{"lat":0,"lon":0}}}`},
	{"a nil pointer", func(s *peer.Session) { s.SetHome(nil) }, `{"home":null}`},
	{"a map", func(s *peer.Session) { s.SetQty(map[string]int{"b": 1, "a": 2, "10": 3, "9": 4, "01": 5}) }, `{"qty":{"9":4,"10":3,"01":5,"a":2,"b":1}}`},
	{"__proto__ is a key", func(s *peer.Session) { s.PutQty("__proto__", 1) }, `{"qty":{"__proto__":1}}`},
	{"integer keys", func(s *peer.Session) { s.SetRooms(map[int64]string{-1: "a", 2: "b", math.MaxInt64: "c"}) }, `{"rooms":{"2":"b","-1":"a","9223372036854775807":"c"}}`},
	{"an array", func(s *peer.Session) { s.SetPair([2]int{1, 2}) }, `{"pair":[1,2]}`},
	{"text before binary", func(s *peer.Session) { s.SetAddr(netip.MustParseAddr("::1")) }, `{"addr":"::1"}`},
	{"text", func(s *peer.Session) { s.SetTotal(big.NewInt(12)) }, `{"total":"12"}`},
	{"binary", func(s *peer.Session) { s.SetLink(&url.URL{Scheme: "http", Host: "a"}) }, `{"link":"aHR0cDovL2E="}`},
	{"a recursive type", func(s *peer.Session) { s.SetTree(&peer.Node{Name: "a", Next: &peer.Node{Name: "b"}}) }, `{"tree":{"name":"a","next":{"name":"b","next":null}}}`},
	{"a default is not written", func(s *peer.Session) { s.Theme() }, `{}`},
	{"redacted fields are", func(s *peer.Session) { s.SetSecret("x") }, `{"secret":"x"}`},
	{"both names", func(s *peer.Session) { s.SetStyle("x") }, `{"style":"x","look":"x"}`},
	{"unknown names", func(s *peer.Session) { s.PutExtra("b", "1"); s.PutExtra("a", "2") }, `{"a":"2","b":"1"}`},
	{"declaration order", func(s *peer.Session) { s.SetAdmin(true); s.SetVisits(1) }, `{"visits":1,"admin":true}`},
	{"index-like names first", func(s *peer.Session) { s.SetVisits(1); s.PutExtra("2", "b"); s.PutExtra("10", "c") }, `{"2":"b","10":"c","visits":1}`},
}

func TestWritten(t *testing.T) {
	for _, c := range written {
		t.Run(c.name, func(t *testing.T) {
			s := new(peer.Session)
			c.set(s)
			text := write(t, nil, s)
			if text != c.text {
				t.Fatalf("%s, not %s", text, c.text)
			}
			again, o := read(t, text)
			if raw(t, again) != raw(t, s) {
				t.Errorf("%s is read as %v", text, again)
			}
			if rewritten := write(t, o, again); rewritten != text {
				t.Errorf("rewritten as %s", rewritten)
			}
		})
	}
}

// A Node program reads and writes back every value, and nothing changes.
func TestThroughNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		testserver.Missing(t, "node", "install Node.js 20 or later")
	}
	var texts []string
	for _, c := range written {
		texts = append(texts, c.text)
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", `
		const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
		console.log(JSON.stringify(texts.map((text) => JSON.stringify(JSON.parse(text)))));
	`)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var back []string
	if err := json.Unmarshal(out, &back); err != nil || len(back) != len(texts) {
		t.Fatalf("%d texts, %v", len(back), err)
	}
	for i, text := range texts {
		if back[i] != text {
			t.Errorf("%s: Node writes %s, not %s", written[i].name, back[i], text)
		}
	}
}

func TestNegativeZero(t *testing.T) {
	s := new(peer.Session)
	s.SetRatio(math.Copysign(0, -1))
	text := write(t, nil, s) // JSON.stringify writes 0, but JSON.parse reads this
	if again, _ := read(t, text); text != `{"ratio":-0}` || !math.Signbit(again.Ratio()) {
		t.Errorf("%s is read as %v", text, again.Ratio())
	}
}

// Two halves of a character that came together in Go are the character.
func TestTwoHalves(t *testing.T) {
	s := new(peer.Session)
	s.SetUserID("\xed\xa0\xbd\xed\xb8\x80")
	if text := write(t, nil, s); text != `{"userId":"😀"}` {
		t.Error(text)
	}
}

func TestUnwritable(t *testing.T) {
	loop := &peer.Node{}
	loop.Next = loop
	for _, c := range []struct {
		name string
		set  func(*peer.Session)
		want string
	}{
		{"NaN", func(s *peer.Session) { s.SetRatio(math.NaN()) }, "field ratio: NaN"},
		{"infinity", func(s *peer.Session) { s.SetThird(float32(math.Inf(1))) }, "field third: NaN and the infinities"},
		{"not UTF-8", func(s *peer.Session) { s.SetUserID("\xff") }, "field userId: a string is not UTF-8"},
		{"half a surrogate", func(s *peer.Session) { s.SetUserID("\xed\xa0") }, "not UTF-8"},
		{"a key that is not UTF-8", func(s *peer.Session) { s.PutQty("\xff", 1) }, "field qty: a string is not UTF-8"},
		{"beyond a Date", func(s *peer.Session) { s.SetLoginAt(time.UnixMilli(8.64e15).Add(1)) }, "field loginAt: an instant is beyond"},
		{"before a Date", func(s *peer.Session) { s.SetLoginAt(time.UnixMilli(-8.64e15 - 1000)) }, "beyond"},
		{"a cycle", func(s *peer.Session) { s.SetTree(loop) }, "cycle"},
		{"a name of another field", func(s *peer.Session) { s.PutExtra("visits", "x") }, "field extra: key of a rest field"},
		{"a name of the format", func(s *peer.Session) { s.PutExtra("__ts", "x") }, "key of a rest field"},
	} {
		s := new(peer.Session)
		c.set(s)
		if text, err := tryWrite(nil, s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s, %v", c.name, text, err)
		}
	}
	s := new(peer.Session)
	s.SetTree(loop)
	if _, err := tryWrite(nil, s); !errors.Is(err, runtime.ErrCycle) {
		t.Errorf("a cycle: %v", err)
	}
}
