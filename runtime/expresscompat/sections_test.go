package expresscompat_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

// difference is what this package does on purpose otherwise than was recorded.
type difference struct {
	reason string
	status int    // in place of the recorded one
	cookie bool   // another Set-Cookie
	calls  bool   // other calls of the store
	after  bool   // another state of Redis
	step   int    // the step of a flow, from 1
	text   string // what is stored, in place of the recorded text
}

// damaged is what is done about a record that can't be read.
func damaged(recorded string) difference {
	return difference{reason: "recorded: " + recorded + ". A visitor whose record is damaged gets a new session, the error is reported, and the record stays",
		status: http.StatusOK, cookie: true, calls: true, after: true}
}

// differences are all of them, by the case's name.
var differences = map[string]difference{
	"no cookie property":                damaged("500 for every request until the cookie is deleted by hand"),
	"truncated JSON":                    damaged("500"),
	"JSON array":                        damaged("500"),
	"JSON string":                       damaged("500"),
	"cookie is null":                    damaged("500"),
	"cookie.originalMaxAge is a string": damaged("the request hangs for ever"),
	"integers beyond 2^53": {reason: "recorded: a member that no code touched is rounded when Node writes the record. What Go does not know keeps its text", calls: true,
		text: `{"cookie":{"originalMaxAge":60000,"expires":"2026-03-14T09:27:53.589Z","httpOnly":true,"path":"/"},"n":9007199254740993,"m":12345678901234567890,"visits":1}`},
	"escapes": {reason: "what Go does not know keeps its text, and with it its escapes; it is the same string", calls: true,
		text: `{"cookie":{"originalMaxAge":60000,"expires":"2026-03-14T09:27:53.589Z","httpOnly":true,"path":"/"},"s":"\u0141\u00f3d\u017a \ud83d\ude00 \/","visits":1}`},
	"destroy": {reason: "recorded: the browser keeps the cookie of a destroyed session. Destroy deletes it, as express-session's next major release will", step: 2, cookie: true},
	"save explicitly before touch: TTL from the old expires": {reason: "recorded: Save shortens the record's life to what was left of it, and the end of the request puts it right. Save is a use of the session and writes the new end at once", step: 2, calls: true,
		text: `{"cookie":{"originalMaxAge":60000,"expires":"2026-03-14T09:28:13.589Z","httpOnly":true,"path":"/"},"visits":1,"a":2}`},
	"invalid domain":                {reason: "recorded: the error is forwarded after the response, which has no cookie. A configuration that can't work is refused at the start"},
	"priority bogus":                {reason: "as for a bad domain"},
	"no secret at request time":     {reason: "recorded: 500 for every request. There is no server without a secret"},
	"genid a string":                {reason: "GenID is a function, says the compiler"},
	"BigInt cannot be serialized":   {reason: "recorded: the response is sent, the session is lost and the error forwarded. Beyond 2^53 an integer is stored as a string of its digits"},
	"reserved method names as data": {reason: "recorded: 500 from the handler. A spec with such a wire name is refused at the start"},
	"cookie option a string (construction only; fails when a session is made)": {reason: "CookieOptions are a struct, says the compiler"},
}

func TestVectorsSign(t *testing.T) {
	client, rec := privateRedis(t)
	for _, v := range allVectors(t).Sign {
		t.Run(v.Name, func(t *testing.T) {
			p := newReplay(t, client, rec, expresscompat.Options{Secrets: secrets(t, v.Secret), Name: v.CookieName,
				GenID: func(*http.Request) string { return v.ID }})
			res, _ := p.send(request{Method: "GET", Path: "/"}, []op{{Op: "incr", Key: "visits"}})
			if got := res.Header["Set-Cookie"]; !reflect.DeepEqual(got, []string(v.SetCookie)) {
				t.Errorf("got %q, want %q", got, v.SetCookie)
			}
		})
	}
}

func TestVectorsVerify(t *testing.T) {
	client, rec := privateRedis(t)
	for _, v := range allVectors(t).Verify {
		t.Run(v.Name, func(t *testing.T) {
			p := newReplay(t, client, rec, expresscompat.Options{Secrets: secrets(t, v.Secret)})
			if v.AcceptedID != nil {
				client.Set(t.Context(), "sess:"+*v.AcceptedID, `{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"visits":7}`, time.Hour)
			}
			rec.take()
			_, before := p.send(request{Method: "GET", Path: "/", Headers: map[string]string{"Cookie": v.CookieHeader}}, nil)
			asked := ""
			for _, call := range rec.take() {
				if call[0] == "GET" {
					asked = strings.TrimPrefix(call[1], "sess:")
				}
			}
			want := ""
			if v.AskedFor != nil {
				want = *v.AskedFor
			}
			if asked != want {
				t.Errorf("the store was asked for %q, want %q", asked, want)
			}
			if found := before.Data["visits"] == 7.0; found != (v.AcceptedID != nil) || found && before.ID != *v.AcceptedID {
				t.Errorf("saw %+v, want id %v", before, v.AcceptedID)
			}
		})
	}
}

func TestVectorsSetCookie(t *testing.T) {
	client, rec := privateRedis(t)
	for _, v := range allVectors(t).SetCookie {
		t.Run(v.Name, func(t *testing.T) {
			d := use(t, v.Name)
			o := storeOptions(t, v)
			if d.reason != "" { // a cookie that can't be sent is refused at the start
				var config *runtime.ConfigError
				if _, err := live.NewSessions(expresscompat.New(client, o), runtime.Config{}); !errors.As(err, &config) {
					t.Fatalf("got %v", err)
				}
				// Where the request decides, the session is stored and nothing sent, as recorded.
				c := o.Cookie
				o.Cookie, o.CookieFor = expresscompat.CookieOptions{}, func(*http.Request) expresscompat.CookieOptions { return c }
			}
			p := newReplay(t, client, rec, o)
			p.now = time.UnixMilli(v.NowMS)
			res, _ := p.send(v.Request, nil)
			if got := res.Header["Set-Cookie"]; res.StatusCode != v.Status || !reflect.DeepEqual(append(texts{}, got...), append(texts{}, v.SetCookie...)) {
				t.Errorf("%d, Set-Cookie\n got %q\nwant %q", res.StatusCode, got, v.SetCookie)
			}
			text := client.Get(t.Context(), "sess:"+v.ID).Val()
			var part struct{ Cookie json.RawMessage }
			json.Unmarshal([]byte(text), &part)
			if string(part.Cookie) != v.CookieJSON {
				t.Errorf("stored\n got %s\nwant %s", part.Cookie, v.CookieJSON)
			}
			if ttl := client.TTL(t.Context(), "sess:"+v.ID).Val(); text != "" && ttl != time.Duration(v.TTL)*time.Second {
				t.Errorf("lives %v, want %d s", ttl, v.TTL)
			}
			if d.reason != "" && !strings.Contains(p.logs.String(), "is not sent") {
				t.Errorf("nothing was reported: %s", p.logs)
			}
		})
	}
}

func TestVectorsLoad(t *testing.T) {
	client, rec := privateRedis(t)
	for _, v := range allVectors(t).Load {
		t.Run(v.Name, func(t *testing.T) {
			d := use(t, v.Name)
			o := storeOptions(t, v)
			if d.status != 0 {
				o.GenID = func(*http.Request) string { return "fresh" }
			}
			p := newReplay(t, client, rec, o)
			client.Set(t.Context(), v.RedisKey, v.RedisValueBefore, time.Minute)
			p.step(v, d)
			if d.status == 0 {
				return
			}
			// A damaged record: a new session, what was wrong in the log, and the
			// record is still there for whoever can repair it.
			if got := client.Get(t.Context(), v.RedisKey).Val(); got != v.RedisValueBefore {
				t.Errorf("the damaged record is now %q", got)
			}
			if got := client.Get(t.Context(), "sess:fresh").Val(); !strings.Contains(got, `"visits":1`) {
				t.Errorf("the new session is %q", got)
			}
			if !strings.Contains(p.logs.String(), "can't be read") {
				t.Errorf("nothing was reported: %s", p.logs)
			}
		})
	}
}

func TestVectorsFlows(t *testing.T) {
	client, rec := privateRedis(t)
	for _, v := range allVectors(t).Flows {
		t.Run(v.Name, func(t *testing.T) {
			d := use(t, v.Name)
			o := storeOptions(t, v)
			if len(o.Secrets) == 0 {
				var config *runtime.ConfigError
				if _, err := live.NewSessions(expresscompat.New(client, o), runtime.Config{}); !errors.As(err, &config) || config.Setting != "expresscompat.Options.Secrets" {
					t.Fatalf("without secret: %v", err)
				}
				return
			}
			p := newReplay(t, client, rec, o)
			for i, step := range v.Steps {
				if d.step == i+1 {
					p.step(step, d)
				} else {
					p.step(step, difference{})
				}
			}
		})
	}
}

func TestVectorsStartup(t *testing.T) {
	start := func(o expresscompat.Options) error {
		_, err := live.NewSessions(expresscompat.New(anyClient(t), o), runtime.Config{})
		return err
	}
	for _, v := range allVectors(t).Startup {
		t.Run(v.Name, func(t *testing.T) {
			d := use(t, v.Name)
			var config *runtime.ConfigError
			switch v.Name {
			case "empty secret array":
				if err := start(expresscompat.Options{Secrets: []string{}}); !errors.As(err, &config) {
					t.Errorf("got %v", err)
				}
			case `unset "keep"`:
				if err := start(expresscompat.Options{Secrets: []string{"s"}, Unset: expresscompat.UnsetKeep}); err != nil {
					t.Error(err)
				}
				if err := start(expresscompat.Options{Secrets: []string{"s"}, Unset: 7}); !errors.As(err, &config) {
					t.Errorf("another value: %v", err)
				}
			default: // a value of another type, which no Go program has
				if d.reason == "" {
					t.Error("no reason is given")
				}
			}
		})
	}
}

// Every difference belongs to a case, and says why.
func TestDifferences(t *testing.T) {
	names := map[string]bool{}
	v := allVectors(t)
	for _, section := range [][]vector{v.Sign, v.Verify, v.SetCookie, v.Store, v.Load, v.Flows, v.Startup} {
		for _, v := range section {
			if _, differs := differences[v.Name]; differs && names[v.Name] {
				t.Errorf("two cases are named %q", v.Name)
			}
			names[v.Name] = true
		}
	}
	for name, d := range differences {
		if !names[name] || d.reason == "" {
			t.Errorf("%q is no case, or has no reason", name)
		}
	}
}

// use returns the difference of a case, the zero one for none.
func use(t *testing.T, name string) difference {
	d, ok := differences[name]
	if ok {
		t.Log("differs on purpose:", d.reason)
	}
	return d
}

// seenBy sends a plain request and returns the response.
func seenBy(h http.Handler, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
