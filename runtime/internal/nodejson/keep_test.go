package nodejson_test

import (
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// What Go does not know, and what it did not change, is as it was.
func TestKept(t *testing.T) {
	for _, c := range []struct {
		name, text string
		change     func(*peer.Session)
		want       string
	}{
		{"nothing", `{"z":[1, {"b":2,"a":1}],"visits":1,"__ts":5,"a":{"x":null}}`, func(s *peer.Session) {},
			`{"z":[1, {"b":2,"a":1}],"visits":1,"__ts":5,"a":{"x":null}}`},
		{"around a change", `{"z":{"b":2,"a":1},"visits":1,"a":1.50}`, func(s *peer.Session) { s.AddVisits(1); s.SetAdmin(true) },
			`{"z":{"b":2,"a":1},"visits":2,"a":1.50,"admin":true}`},
		{"removed", `{"z":1,"visits":1,"a":1}`, func(s *peer.Session) { s.ClearVisits() }, `{"z":1,"a":1}`},
		{"dropped", `{"birthday":"x","visits":1}`, func(s *peer.Session) {}, `{"visits":1}`},
		{"a nested member", `{"home":{"zip":"1","city":"A","geo":{"alt":3,"lat":1}}}`, func(s *peer.Session) { s.Home().City = "B"; s.Home().Geo.Lat = 2 },
			`{"home":{"zip":"1","city":"B","geo":{"alt":3,"lat":2,"lon":0},"street":""}}`},
		{"a replaced object", `{"home":{"zip":"1","city":"A"}}`, func(s *peer.Session) { s.SetHome(nil) }, `{"home":null}`},
		{"a map", `{"qty":{"b":1,"a":1.0,"c":3}}`, func(s *peer.Session) { s.PutQty("d", 4); s.PutQty("b", 2); s.DeleteQty("c") }, `{"qty":{"b":2,"a":1.0,"d":4}}`},
		{"an appended element", `{"cart":[{"sku":"a","gift":true}]}`, func(s *peer.Session) { s.AppendCart(peer.Item{Qty: 1}) },
			`{"cart":[{"sku":"a","gift":true,"qty":0,"opts":null,"sentAt":null},{"sku":"","qty":1,"opts":null,"sentAt":null}]}`},
		{"a removed element", `{"cart":[{"sku":"a","gift":1},{"sku":"b","gift":2},{"sku":"c","gift":3}]}`, func(s *peer.Session) { s.SetCart(s.Cart()[1:]) },
			`{"cart":[{"sku":"b","gift":2,"qty":0,"opts":null,"sentAt":null},{"sku":"c","gift":3,"qty":0,"opts":null,"sentAt":null}]}`},
		{"a changed element", `{"cart":[{"sku":"a","gift":1},{"sku":"b","gift":2}]}`, func(s *peer.Session) { s.Cart()[1].Qty = 5 },
			`{"cart":[{"sku":"a","gift":1,"qty":0,"opts":null,"sentAt":null},{"sku":"b","gift":2,"qty":5,"opts":null,"sentAt":null}]}`},
		{"a removed and a changed element", `{"cart":[{"sku":"a","gift":1},{"sku":"b","gift":2}]}`, func(s *peer.Session) { s.SetCart(s.Cart()[1:]); s.Cart()[0].Qty = 5 },
			`{"cart":[{"sku":"b","qty":5,"opts":null,"sentAt":null}]}`},
		{"swapped elements", `{"cart":[{"sku":"a","gift":1},{"sku":"b","gift":2}]}`, func(s *peer.Session) { c := s.Cart(); c[0], c[1] = c[1], c[0] },
			`{"cart":[{"sku":"b","gift":2,"qty":0,"opts":null,"sentAt":null},{"sku":"a","gift":1,"qty":0,"opts":null,"sentAt":null}]}`},
		{"a time without milliseconds", `{"loginAt":"2026-11-24T12:00:00Z"}`, func(s *peer.Session) { s.SetLoginAt(s.LoginAt()) }, `{"loginAt":"2026-11-24T12:00:00Z"}`},
		{"a time that is a number", `{"loginAt":1795521600000}`, func(s *peer.Session) { s.SetLoginAt(noon.Add(time.Second)) }, `{"loginAt":1795521601000}`},
		{"a finer one can't stay so", `{"loginAt":1795521600000}`, func(s *peer.Session) { s.SetLoginAt(noon.Add(time.Microsecond)) }, `{"loginAt":"2026-11-24T12:00:00.000001000Z"}`},
		{"a Buffer", `{"raw":{"type":"Buffer","data":[1]}}`, func(s *peer.Session) { s.SetRaw([]byte{1, 2}) }, `{"raw":{"type":"Buffer","data":[1,2]}}`},
		{"a number's form", `{"visits":1.0,"ratio":1e0,"pair":[1.0,2]}`, func(s *peer.Session) { s.SetPair([2]int{1, 3}) }, `{"visits":1.0,"ratio":1e0,"pair":[1.0,3]}`},
		{"a rest field's entries", `{"b":"1","n":1,"a":"2"}`, func(s *peer.Session) { s.PutExtra("b", "3"); s.DeleteExtra("a"); s.PutExtra("c", "4") }, `{"b":"3","n":1,"c":"4"}`},
		{"a cleared rest field", `{"b":"1","n":1,"visits":1}`, func(s *peer.Session) { s.ClearExtra() }, `{"n":1,"visits":1}`},
		{"an older name", `{"look":"x","n":1}`, func(s *peer.Session) { s.SetStyle("y") }, `{"look":"y","n":1,"style":"y"}`},
		{"both names go", `{"look":"x","n":1,"style":"x"}`, func(s *peer.Session) { s.ClearStyle() }, `{"n":1}`},
		{"a lone surrogate that nobody knows", `{"x":["\ud800"],"\udc00":1}`, func(s *peer.Session) { s.SetVisits(1) }, `{"x":["\ud800"],"\udc00":1,"visits":1}`},
		{"a name that is there twice", `{"x":1,"visits":1,"x":2}`, func(s *peer.Session) {}, `{"x":2,"visits":1}`},
		{"many members", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"r":1,"a":2,"visits":1}`, func(s *peer.Session) { s.SetVisits(2) },
			`{"a":2,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"r":1,"visits":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, o := read(t, c.text)
			c.change(s)
			if text := write(t, o, s); text != c.want {
				t.Errorf("\ngot  %s\nwant %s", text, c.want)
			}
		})
	}
}
