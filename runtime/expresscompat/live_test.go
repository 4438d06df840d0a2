package expresscompat_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

const liveSteps = 200

// sides are the two programs, and a model of the session that both have.
type sides struct {
	t       *testing.T
	rng     *rand.Rand
	node    string
	golang  *goSide
	secrets struct{ node, golang []string }
	model   map[string]any
}

// TestLiveExpress moves one browser between Express and Go.
func TestLiveExpress(t *testing.T) {
	for name, maxAge := range map[string]time.Duration{"cookie of an hour": time.Hour, "cookie of the browser's session": 0} {
		t.Run(name, func(t *testing.T) { moveBetween(t, settings{}, maxAge) })
	}
}

// TestLiveNest is the same with NestJS, whose handler takes @Session().
func TestLiveNest(t *testing.T) {
	moveBetween(t, settings{Nest: true}, time.Hour)
}

// moveBetween runs random steps, each on a side that chance chooses, and compares
// after each what both sides, the model and Redis say.
func moveBetween(t *testing.T, set settings, maxAge time.Duration) {
	t.Parallel()
	addr, prefix, client := sharedRedis(t)
	set.Redis, set.Prefix = addr, prefix
	s := &sides{t: t, rng: seeded(t), model: map[string]any{}}
	s.secrets.node, s.secrets.golang = []string{"first secret"}, []string{"first secret"}
	set.Session = map[string]any{"secret": s.secrets.node, "cookie": map[string]any{}}
	if maxAge != 0 {
		set.Session["cookie"] = map[string]any{"maxAge": maxAge.Milliseconds()}
	}
	s.node = startNode(t, set)
	s.golang = startGo(t, s.secrets.golang, prefix, func(secrets []string) *expresscompat.Store {
		return expresscompat.New(client, expresscompat.Options{Secrets: secrets, Prefix: prefix, Cookie: expresscompat.CookieOptions{MaxAge: maxAge}})
	})
	c := newClient(t)
	for i := range liveSteps {
		if i%25 == 24 {
			s.rotate(i / 25)
		}
		onNode := s.rng.IntN(2) == 0
		step := s.choose(onNode)
		target := s.golang.url
		if onNode {
			target = s.node
		}
		c.send(target, step)
		s.apply(step)
		label := fmt.Sprintf("step %d, %+v (Node: %v)", i, step, onNode)
		inNode, _ := c.send(s.node, stepRead)
		inGo, _ := c.send(s.golang.url, stepRead)
		if want := asJSON(s.model); !reflect.DeepEqual(asJSON(inNode.Data), want) {
			t.Fatalf("%s: Node has\n     %v\nwant %v", label, asJSON(inNode.Data), want)
		}
		known := map[string]any{}
		for name, value := range s.model {
			if name != "extra" { // which Go's spec does not know
				known[name] = value
			}
		}
		if want := asJSON(known); !reflect.DeepEqual(asJSON(inGo.Data), want) {
			t.Fatalf("%s: Go has\n     %v\nwant %v\n%s", label, asJSON(inGo.Data), want, s.golang.logs)
		}
		if len(s.model) > 0 && (inNode.ID != inGo.ID || client.Exists(t.Context(), prefix+inGo.ID).Val() != 1) {
			t.Fatalf("%s: the ids are %q and %q", label, inNode.ID, inGo.ID)
		}
	}
}

var stepRead = step{Op: "read"}

// seeded returns a source of chance whose seed a failure shows.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// choose returns a step by chance.
func (s *sides) choose(onNode bool) step {
	n := float64(s.rng.IntN(1000))
	word := []string{"light", "dark", "zażółć <b>&</b>", "\u2028🔑", `"quoted"`, ""}[s.rng.IntN(6)]
	key := string(rune('a' + s.rng.IntN(4)))
	steps := []step{
		{Op: "incr", Key: "visits"}, {Op: "incr", Key: "visits"},
		{Op: "set", Key: "user", Value: word}, {Op: "delete", Key: "user"},
		{Op: "push", Value: map[string]any{"sku": word, "qty": n}}, {Op: "qty", Value: n}, {Op: "delete", Key: "cart"},
		{Op: "theme", Value: word}, {Op: "tag", Value: word},
		{Op: "put", Key: key, Value: n}, {Op: "drop", Key: key},
		{Op: "touch"}, {Op: "read"}, {Op: "maxAge", Value: 5e6 + n},
		{Op: "regenerate"}, {Op: "destroy"},
	}
	if onNode {
		steps = append(steps, step{Op: "set", Key: "extra", Value: map[string]any{"deep": []any{1, map[string]any{"x": word}}, "n": n + 0.5}})
	} else {
		steps = append(steps, step{Op: "renew"}, step{Op: "set", Key: "big", Value: n})
	}
	return steps[s.rng.IntN(len(steps))]
}

// apply does to the model what the step did to the session.
func (s *sides) apply(step step) {
	m := s.model
	switch step.Op {
	case "incr":
		n, _ := m[step.Key].(int)
		m[step.Key] = n + 1
	case "set":
		m[step.Key] = step.Value
		if step.Key == "big" {
			m["big"] = fmt.Sprint(1<<53 + int64(step.Value.(float64)))
		}
	case "delete":
		delete(m, step.Key)
	case "push":
		cart, _ := m["cart"].([]any)
		m["cart"] = append(slices.Clone(cart), step.Value)
	case "qty":
		if cart, _ := m["cart"].([]any); len(cart) > 0 {
			cart[0] = map[string]any{"sku": cart[0].(map[string]any)["sku"], "qty": step.Value}
		}
	case "theme", "tag":
		prefs, ok := m["prefs"].(map[string]any)
		if !ok {
			prefs = map[string]any{"theme": "", "tags": nil}
			m["prefs"] = prefs
		}
		if step.Op == "theme" {
			prefs["theme"] = step.Value
		} else {
			tags, _ := prefs["tags"].([]any)
			prefs["tags"] = append(tags, step.Value)
		}
	case "put":
		u, ok := m["u"].(map[string]any)
		if !ok {
			u = map[string]any{}
			m["u"] = u
		}
		u[step.Key] = step.Value
	case "drop":
		if u, ok := m["u"].(map[string]any); ok {
			delete(u, step.Key)
		}
	case "regenerate", "destroy":
		clear(m)
	}
}

// rotate brings a new secret in, on one side first, and takes the old one out:
// four deployments, each of one side alone.
func (s *sides) rotate(n int) {
	older, newer := fmt.Sprintf("secret %d", n/4-1), fmt.Sprintf("secret %d", n/4)
	if n < 4 {
		older = "first secret"
	}
	switch n % 4 {
	case 0: // both sides verify the new one before a side signs with it
		s.secrets.golang = []string{older, newer}
	case 1:
		s.secrets.node = []string{older, newer}
	case 2:
		s.secrets.golang = []string{newer, older}
	case 3:
		s.secrets.node = []string{newer, older}
	}
	s.golang.rotate(s.secrets.golang)
	rotate(s.t, s.node, s.secrets.node)
}

// asJSON is v after a way through JSON.
func asJSON(v any) (out any) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}

// TestLiveMemory runs the same steps on express-session's MemoryStore and on
// memstore, each with its own browser: two programs that share nothing, and
// answer the same.
func TestLiveMemory(t *testing.T) {
	t.Parallel()
	secrets := []string{"a secret"}
	s := &sides{t: t, rng: seeded(t), model: map[string]any{}}
	s.node = startNode(t, settings{Session: map[string]any{"secret": secrets, "rolling": true, "saveUninitialized": true, "cookie": map[string]any{"maxAge": 3600_000, "sameSite": "lax"}}})
	memory := memstore.New()
	t.Cleanup(func() { memory.Close() })
	s.golang = startGo(t, secrets, "sess:", func(secrets []string) *expresscompat.Store {
		return expresscompat.Over(memory, expresscompat.Options{Secrets: secrets, Rolling: true, SaveUninitialized: true,
			Cookie: expresscompat.CookieOptions{MaxAge: time.Hour, SameSite: expresscompat.SameSiteLax}})
	})
	inNode, inGo := newClient(t), newClient(t)
	for i := range liveSteps {
		next := s.choose(s.rng.IntN(2) == 0)
		if next.Key == "extra" || next.Key == "big" || next.Op == "renew" {
			next = stepRead // one side alone has it
		}
		steps := []step{next}
		if next.Op == "maxAge" { // MemoryStore alone stores what was changed of the cookie when it is touched
			steps = append(steps, step{Op: "incr", Key: "visits"})
		}
		a, ra := inNode.send(s.node, steps...)
		b, rb := inGo.send(s.golang.url, steps...)
		if next.Op == "destroy" { // Go deletes the cookie, Node leaves it to the next request
			a, ra = inNode.send(s.node, stepRead)
			b, rb = inGo.send(s.golang.url, stepRead)
		}
		if !reflect.DeepEqual(asJSON(a.Data), asJSON(b.Data)) {
			t.Fatalf("step %d, %+v:\nNode %v\nGo   %v", i, next, a.Data, b.Data)
		}
		ca, cb := ra.Cookies(), rb.Cookies()
		if len(ca) != len(cb) {
			t.Fatalf("step %d, %+v: Node sends %v, Go %v", i, next, ca, cb)
		}
		for i := range ca {
			x, y := *ca[i], *cb[i]
			if d := x.Expires.Sub(y.Expires); d.Abs() > 10*time.Second {
				t.Errorf("Expires %v and %v", x.Expires, y.Expires)
			}
			x.Value, y.Value, x.Raw, y.Raw, x.Expires, y.Expires, x.RawExpires, y.RawExpires = "", "", "", "", time.Time{}, time.Time{}, "", ""
			if !reflect.DeepEqual(x, y) {
				t.Errorf("step %d: Node sends %+v, Go %+v", i, x, y)
			}
		}
	}
}
