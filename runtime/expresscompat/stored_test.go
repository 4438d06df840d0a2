package expresscompat_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

// manager is what the managers of all session types have.
type manager[S any] interface {
	Handler(func(http.ResponseWriter, *http.Request, S)) http.Handler
}

// written is the handler of a session type to which set writes what the case did.
func written[S any, M manager[S]](t *testing.T, client *redis.Client, o expresscompat.Options, cfg runtime.Config, new func(runtime.Store, runtime.Config) (M, error), set func(S)) http.Handler {
	t.Helper()
	m, err := new(expresscompat.New(client, o), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m.Handler(func(_ http.ResponseWriter, _ *http.Request, s S) { set(s) })
}

// fromGo writes from Go what a case wrote from Node; nil where Go has no type for it.
func fromGo(t *testing.T, name string, c *redis.Client, o expresscompat.Options, cfg runtime.Config) http.Handler {
	switch name {
	case "visits counter":
		return written(t, c, o, cfg, live.NewSessions, func(s *live.Session) { s.SetVisits(1) })
	case "unicode":
		return written(t, c, o, cfg, live.NewUnicodes, func(s *live.Unicode) {
			s.SetName("Zażółć gęślą jaźń")
			s.SetJP("日本語テキスト")
			s.SetEmoji("👩‍👩‍👧‍👦🏳️‍🌈")
			s.SetRTL("שלום عالم")
			s.SetCombining("e\u0301")
		})
	case "control characters":
		return written(t, c, o, cfg, live.NewControls, func(s *live.Control) { s.SetCtl("\x00\x01\b\t\n\v\f\r\x1f") })
	case "nested objects":
		return written(t, c, o, cfg, live.NewNesteds, func(s *live.Nested) {
			s.SetUser(live.User{ID: 7, Roles: []string{"admin", "ops"}, Profile: live.Profile{Addr: live.Addr{City: "Łódź", Geo: []float64{51.7592, 19.4559}}}})
			s.AppendCart(live.Item{SKU: "A-1", Qty: 2}, live.Item{SKU: "B-2", Qty: 1})
		})
	case "large and odd numbers":
		third, tenth := 3.0, 0.1
		return written(t, c, o, cfg, live.NewNumbers, func(s *live.Number) {
			s.SetMaxSafe(1<<53 - 1)
			s.SetBeyond(1<<53 + 1) // the nearest double
			s.SetE21(1e21)
			s.SetE20(1e20)
			s.SetTiny(1e-7)
			s.SetSmall(0.000001)
			s.SetThird(1 / third)
			s.SetNegzero(0)
			s.SetNeg(-42)
			s.SetMax(math.MaxFloat64)
			s.SetMin(5e-324)
			s.SetF(tenth + 0.2)
			s.SetBig53(4503599627370497.5)
		})
	case "dates become ISO strings":
		return written(t, c, o, cfg, live.NewDates, func(s *live.Date) {
			s.SetAt(time.UnixMilli(1700000000123))
			s.SetEpoch(time.UnixMilli(0))
			s.SetBefore(time.UnixMilli(-1))
			s.SetFar(time.UnixMilli(253402300799999))
			s.SetFarther(time.UnixMilli(253402300800000))
			s.SetBad(nil)
		})
	case "integer-like keys are ordered first":
		return written(t, c, o, cfg, live.NewKeys, func(s *live.Key) {
			s.SetB(1)
			s.SetTen("ten")
			s.SetTwo("two")
			s.SetA(2)
			s.SetMinus("neg")
			s.SetLead("lead")
		})
	case "nested property called cookie":
		return written(t, c, o, cfg, live.NewChips, func(s *live.Chip) { s.PutUser("cookie", "chip") })
	case "passport-like login":
		return written(t, c, o, cfg, live.NewLogins, func(s *live.Login) {
			s.PutPassport("user", "64f0c2a9e1")
			s.SetReturnTo("/dash?x=1&y=2")
			s.PutFlash("error", []string{"bad <b>pw</b>"})
		})
	case "about 16 KB":
		return written(t, c, o, cfg, live.NewBlobs, func(s *live.Blob) { s.SetBlob(strings.Repeat("0123456789abcdef", 1024)) })
	}
	return nil
}

// notFromGo are the cases whose values Go has no type for, or that are errors.
var notFromGo = map[string]string{
	"undefined, functions and symbols vanish": "Go has none of them",
	"toJSON objects and boxed primitives":     "Go has none of them",
	"booleans and null":                       "an array of values of several types is none of Go's",
	"reserved method names as data":           "see TestReservedNames",
	"BigInt cannot be serialized":             "see TestBigIntegers",
}

// What Node wrote is written from Go, letter for letter, where Go has the types;
// and all of it is kept, letter for letter, when Go writes the record again.
func TestVectorsStore(t *testing.T) {
	client, rec := privateRedis(t)
	for _, v := range allVectors(t).Store {
		t.Run(v.Name, func(t *testing.T) {
			use(t, v.Name)
			if v.Name == "BigInt cannot be serialized" {
				return // nothing is stored
			}
			o := storeOptions(t, v)
			p := newReplay(t, client, rec, o)
			p.now = time.UnixMilli(v.NowMS)
			switch h := fromGo(t, v.Name, client, o, runtime.Config{Now: func() time.Time { return p.now }}); {
			case h == nil && notFromGo[v.Name] == "":
				t.Fatal("nothing writes this case from Go, and no reason is given")
			case h != nil && notFromGo[v.Name] != "":
				t.Fatal("it is written after all")
			case h != nil:
				rec.take()
				res := seenBy(h, "")
				if got := res.Result().Header["Set-Cookie"]; !reflect.DeepEqual(got, []string(v.SetCookie)) {
					t.Errorf("Set-Cookie %q, want %q", got, v.SetCookie)
				}
				v.StoreCalls[0][2] = v.RedisValue
				if calls := rec.take(); !sameCalls(calls, v.StoreCalls) {
					t.Errorf("calls\n got %q\nwant %q", calls, v.StoreCalls)
				}
				if got := client.Get(t.Context(), v.RedisKey).Val(); got != v.RedisValue {
					t.Errorf("stored\n got %s\nwant %s", got, v.RedisValue)
				}
			}
			// A Go program that knows another field, or none of it, writes it again.
			client.Set(t.Context(), v.RedisKey, v.RedisValue, time.Hour)
			o.Resave, o.GenID = true, nil
			again := written(t, client, o, runtime.Config{Now: func() time.Time { return p.now }}, live.NewControls, func(*live.Control) {})
			cookie, _, _ := strings.Cut(v.SetCookie[0], ";")
			rec.take()
			if w := httptest.NewRecorder(); seenBy(again, cookie).Code != w.Code {
				t.Error("the record is refused")
			}
			if calls := rec.take(); len(calls) != 2 || calls[1][0] != "SET" || calls[1][2] != v.RedisValue {
				t.Errorf("written again\n got %q\nwant %s", calls, v.RedisValue)
			}
		})
	}
}
