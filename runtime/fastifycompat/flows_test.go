package fastifycompat_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
	"github.com/sessiongen/sessiongen/runtime/internal/peer/recorded"
)

type flowVector struct {
	vector
	Steps []flowStep
}

type flowStep struct {
	NowMS       int64           `json:"now_ms"`
	RestartWith json.RawMessage `json:"restart_with"`
	Request     struct{ Headers struct{ Cookie string } }
	Ops         []flowOp
	Response    struct {
		Status    int
		SetCookie []string `json:"set_cookie"`
		Body      struct {
			Before, After map[string]struct{ Data map[string]any }
		}
	}
	Opened []struct {
		Plaintext string
		KeyIndex  *int `json:"key_index"`
	}
}

type flowOp struct {
	Op, Key, Session, JS string
	Path                 []string
	Value                json.RawMessage
}

// different are the steps of flows that end otherwise here, on purpose.
var different = map[string]struct {
	step int
	why  string
}{
	"nested mutation is NOT noticed":   {1, "what is changed in place is saved"},
	"oversized session is sent anyway": {0, "browsers drop such a cookie: it is an error instead"},
}

// configured returns the options of a flow, one or several.
func configured(t testing.TB, data json.RawMessage) (all []fastifycompat.Options) {
	t.Helper()
	if data[0] != '[' {
		data = json.RawMessage("[" + string(data) + "]")
	}
	var each []json.RawMessage
	if err := json.Unmarshal(data, &each); err != nil {
		t.Fatal(err)
	}
	for _, one := range each {
		all = append(all, mustOptions(t, vector{Options: one}))
	}
	return all
}

func TestVectorsFlows(t *testing.T) {
	used := map[string]bool{}
	for _, v := range readRecorded(t).Flows {
		t.Run(v.Name, func(t *testing.T) {
			p := mustStart(t, v.Steps[0].NowMS, configured(t, v.Options)...)
			for i, step := range v.Steps {
				if step.RestartWith != nil {
					p = mustStart(t, step.NowMS, configured(t, step.RestartWith)...)
				}
				p.setNow(step.NowMS)
				var edited func(*fastifycompat.Cookie) // what the last options operation gave
				var before, after []map[string]any
				w := p.ask(step.Request.Headers.Cookie, func(s ...*session) {
					for _, one := range s {
						before = append(before, seen(t, one))
					}
					for _, op := range step.Ops {
						at := 0
						if op.Session != "" && op.Session != "session" {
							at = 1
						}
						do(t, s[at], op, &edited)
					}
					for _, one := range s {
						after = append(after, seen(t, one))
					}
				})
				for name, was := range step.Response.Body.Before {
					at := 0
					if name != "session" {
						at = 1
					}
					if diff := cmp.Diff(was.Data, before[at]); diff != "" {
						t.Errorf("step %d: before: %s", i, diff)
					}
					// Node's session still shows what it deletes.
					if now := step.Response.Body.After[name].Data; !destroys(step) {
						if diff := cmp.Diff(now, after[at]); diff != "" {
							t.Errorf("step %d: after: %s", i, diff)
						}
					}
				}
				if d, ok := different[v.Name]; ok && d.step == i {
					used[v.Name] = true
					checkDifferent(t, v.Name, w.Code, sent(w), p)
					return
				}
				check(t, i, step, w.Code, sent(w), p)
			}
		})
	}
	for name := range different {
		if !used[name] {
			t.Errorf("no vector %q", name)
		}
	}
}

func destroys(step flowStep) bool {
	for _, op := range step.Ops {
		if op.Op == "delete" {
			return true
		}
	}
	return false
}

// check compares a response with the recorded one.
func check(t *testing.T, i int, step flowStep, status int, got []setCookie, p *program) {
	t.Helper()
	if status != step.Response.Status || len(got) != len(step.Response.SetCookie) {
		t.Fatalf("step %d: status %d, cookies %v; %s", i, status, got, &p.logs)
	}
	for n, line := range step.Response.SetCookie {
		// The order of two cookies is that in which the sessions are committed.
		want := cut(line)
		at := n
		if got[at].name != want.name && len(got) == 2 {
			at = 1 - n
		}
		if got[at].name != want.name || got[at].attributes != want.attributes {
			t.Errorf("step %d: %v, not %v", i, got[at], want)
		}
		recorded := step.Opened[n]
		if recorded.KeyIndex == nil {
			if got[at].wire != "" {
				t.Errorf("step %d: a deleted cookie has a value: %v", i, got[at])
			}
			continue
		}
		options := p.options[0]
		for _, o := range p.options {
			if o.CookieName == want.name || o.CookieName == "" && o.SessionName == want.name {
				options = o
			}
		}
		text, key := opened(t, got[at].value(t), options.Keys)
		if text != recorded.Plaintext || key != *recorded.KeyIndex {
			t.Errorf("step %d: %s by key %d, not %s by %d", i, text, key, recorded.Plaintext, *recorded.KeyIndex)
		}
	}
}

// checkDifferent says what is done instead.
func checkDifferent(t *testing.T, name string, status int, got []setCookie, p *program) {
	t.Helper()
	switch name {
	case "nested mutation is NOT noticed":
		if len(got) != 1 {
			t.Fatalf("%v", got)
		}
		if text, _ := opened(t, got[0].value(t), p.options[0].Keys); text != `{"__ts":1773480415,"cart":{"n":2}}` {
			t.Error(text)
		}
	case "oversized session is sent anyway":
		if status != http.StatusInternalServerError || len(got) > 0 {
			t.Errorf("status %d, %v", status, got)
		}
	}
}

// do does to a Go session what an operation did to one in Node.
func do(t *testing.T, s *session, op flowOp, edited *func(*fastifycompat.Cookie)) {
	t.Helper()
	number := func() (n float64) {
		if err := json.Unmarshal(op.Value, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	switch op.Op + " " + op.Key {
	case "get visits":
		s.Visits()
	case "get cart":
		s.Cart()
	case "incr visits":
		s.AddVisits(1)
	case "incr b":
		s.AddB(1)
	case "set a":
		s.SetA(number())
	case "set b":
		s.SetB(number())
	case "set cart":
		c := new(recorded.Cart)
		if err := json.Unmarshal(op.Value, c); err != nil {
			t.Fatal(err)
		}
		s.SetCart(c)
	case "set_js blob":
		s.SetBlob(strings.Repeat("z", 8000))
	case "set_undefined a":
		s.ClearA()
	case "mutate ":
		s.Cart().N = int(number())
	case "touch ":
		s.Touch()
	case "delete ":
		s.Destroy()
		if *edited != nil { // in Go the attributes are given after Destroy
			fastifycompat.EditCookie(s, *edited)
		}
	case "regenerate ":
		s.Destroy()
		runtime.StoreEmpty(s)
	case "assign changed":
		runtime.Abandon(s)
	case "options ":
		var c nodeCookie
		if err := json.Unmarshal(op.Value, &c); err != nil {
			t.Fatal(err)
		}
		*edited = c.apply
		fastifycompat.EditCookie(s, *edited)
	default:
		t.Fatalf("unknown operation %+v", op)
	}
}
