package fastifycompat_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

const liveSteps = 200

// TestLiveFastify moves one browser between Fastify and Go.
func TestLiveFastify(t *testing.T) { moveBetween(t, false, false) }

// TestLiveSigned does so with signed cookies.
func TestLiveSigned(t *testing.T) { moveBetween(t, false, true) }

// TestLiveNest is the same with NestJS on Fastify, whose handler takes @Session().
func TestLiveNest(t *testing.T) { moveBetween(t, true, false) }

// sides are the two programs, and a model of the session that both have.
type sides struct {
	t                *testing.T
	nest, signed     bool
	node             *testserver.Process
	golang           *goSide
	inNode, inGolang runtime.Keyring
	model            map[string]any
}

func (s *sides) deployNode() {
	if s.node != nil {
		s.node.Kill()
	}
	var keys []string
	for _, key := range s.inNode {
		keys = append(keys, key.Reveal())
	}
	s.node = startNode(s.t, nodeSettings{Nest: s.nest, Options: map[string]any{"key": keys, "cookie": map[string]any{"path": "/", "signed": s.signed}}})
}

func (s *sides) options() fastifycompat.Options {
	return fastifycompat.Options{Keys: s.inGolang, Cookie: fastifycompat.Cookie{Path: "/", Signed: s.signed}}
}

// moveBetween runs random steps, each on a side that chance chooses, and compares
// after each what both sides and the model say.
func moveBetween(t *testing.T, nest, signed bool) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	first := runtime.GenerateKey()
	s := &sides{t: t, nest: nest, signed: signed, model: map[string]any{}, inNode: runtime.Keyring{first}, inGolang: runtime.Keyring{first}}
	s.deployNode()
	s.golang = startGo(t, s.options())
	b := newBrowser(t)
	newest := first
	for i := range liveSteps {
		if i%25 == 24 && !signed { // the plugin's signature knows the first key alone
			newest = s.rotate(i/25, newest)
		}
		onNode := rng.IntN(2) == 0
		next := choose(rng, onNode)
		if next.Op == "push" { // of two items that are one to Go, which has the gift could not be told
			next.Value += fmt.Sprint(i)
		}
		url := s.golang.url
		if onNode {
			url = "http://" + s.node.Addr
		}
		b.send(url+"/steps", []step{next})
		apply(s.model, next, onNode)
		label := fmt.Sprintf("step %d, %+v (Node: %v)", i, next, onNode)
		sides := []func(){
			func() {
				if diff := cmp.Diff(asJSON(t, s.model), any(b.send("http://"+s.node.Addr+"/steps", []step{{Op: "read"}}))); diff != "" {
					t.Fatalf("%s: Node: %s\n%s", label, diff, &s.golang.logs)
				}
			},
			func() {
				if diff := cmp.Diff(known(t, s.model), any(b.send(s.golang.url+"/steps", []step{{Op: "read"}}))); diff != "" {
					t.Fatalf("%s: Go: %s\n%s", label, diff, &s.golang.logs)
				}
			},
		}
		rng.Shuffle(2, func(i, j int) { sides[i], sides[j] = sides[j], sides[i] })
		sides[0]()
		sides[1]()
	}
	if logs := s.golang.logs.String(); strings.Contains(logs, "not used") || strings.Contains(logs, "level=ERROR") {
		t.Error(logs)
	}
}

// rotate brings a new key in, on one side first, and takes the old one out: four
// deployments, each of one side alone.
func (s *sides) rotate(n int, newest runtime.Key) runtime.Key {
	switch n % 4 {
	case 0: // both sides open what the new key seals before a side seals with it
		newer := runtime.GenerateKey()
		s.inGolang = runtime.Keyring{newest, newer}
		newest = newer
	case 1:
		s.inNode = s.inGolang
		s.deployNode()
	case 2:
		s.inGolang = runtime.Keyring{newest, s.inGolang[0]}
	case 3:
		s.inNode = s.inGolang
		s.deployNode()
	}
	s.golang.deploy(s.options())
	return newest
}

// choose returns a step by chance.
func choose(rng *rand.Rand, onNode bool) step {
	word := []string{"light", "zażółć <b>&</b>", "\u2028🔑", `"quoted"`, "", "10", "2"}[rng.IntN(7)]
	steps := []step{
		{"incr", ""}, {"incr", ""}, {"user", word}, {"clear", "userId"}, {"push", word}, {"push", word}, {"shift", ""}, {"clear", "cart"},
		{"city", word}, {"put", word}, {"clear", "qty"}, {"date", word}, {"touch", ""}, {"read", ""}, {"regenerate", ""}, {"destroy", ""},
	}
	if onNode {
		steps = append(steps, step{"extra", word}, step{"extra", word})
	} else {
		steps = append(steps, step{"big", word}, step{"big", word})
	}
	return steps[rng.IntN(len(steps))]
}

// apply does to the model what the step did to the session.
func apply(m map[string]any, s step, onNode bool) {
	switch s.Op {
	case "incr":
		n, _ := m["visits"].(int)
		m["visits"] = n + 1
	case "user":
		m["userId"] = s.Value
	case "clear":
		delete(m, s.Value)
	case "push":
		item := map[string]any{"sku": s.Value, "qty": 1, "opts": nil, "sentAt": nil}
		if onNode {
			item["gift"] = utf16Len(s.Value)
		}
		cart, _ := m["cart"].([]any)
		m["cart"] = append(cart[:len(cart):len(cart)], item)
	case "shift":
		if cart, ok := m["cart"].([]any); ok && len(cart) > 0 {
			m["cart"] = cart[1:]
		}
	case "city":
		home, ok := m["home"].(map[string]any)
		if !ok {
			geo := map[string]any{"lat": 0, "lon": 0}
			if onNode {
				geo["alt"] = 7
			}
			home = map[string]any{"street": "", "geo": geo}
		}
		home["city"] = s.Value
		m["home"] = home
	case "put":
		qty, ok := m["qty"].(map[string]any)
		if !ok {
			qty = map[string]any{}
			m["qty"] = qty
		}
		qty[s.Value] = length(s.Value, onNode)
	case "extra":
		m["extra"] = map[string]any{"deep": []any{1, map[string]any{"x": s.Value}}, "n": 0.5}
	case "big":
		m["big"] = fmt.Sprint(1<<53 + int64(len(s.Value)))
	case "date":
		m["loginAt"] = fmt.Sprintf("2023-11-14T22:13:20.%03dZ", 123+length(s.Value, onNode))
	case "regenerate":
		visits, has := m["visits"]
		clear(m)
		if has {
			m["visits"] = visits
		}
	case "destroy":
		clear(m)
	}
}

func utf16Len(s string) (n int) {
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// length is a string's length as the side counts it.
func length(s string, onNode bool) int {
	if onNode {
		return utf16Len(s)
	}
	return len(s)
}

// known is what of the model Go's spec knows.
func known(t *testing.T, model map[string]any) any {
	m := maps.Clone(asJSON(t, model).(map[string]any))
	delete(m, "extra")
	if cart, ok := m["cart"].([]any); ok {
		for _, item := range cart {
			delete(item.(map[string]any), "gift")
		}
	}
	if home, ok := m["home"].(map[string]any); ok {
		delete(home["geo"].(map[string]any), "alt")
	}
	return m
}

// asJSON is v after a way through JSON.
func asJSON(t *testing.T, v any) (out any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Tokens go both ways without a cookie, as for websockets.
func TestLiveTokens(t *testing.T) {
	t.Parallel()
	key := runtime.GenerateKey()
	node := startNode(t, nodeSettings{Options: map[string]any{"key": key.Reveal()}})
	sessions, err := peer.NewSessions(fastifycompat.New(fastifycompat.Options{Keys: runtime.Keyring{key}}), quiet)
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t)
	var answer struct{ Token string }
	b.ask("http://"+node.Addr+"/encode", map[string]any{"visits": 3, "userId": "u"}, &answer)
	s, err := sessions.Open(t.Context(), answer.Token)
	if err != nil || s.Visits() != 3 || s.UserID() != "u" {
		t.Fatalf("%v, %v", s, err)
	}
	s, err = sessions.Create(t.Context(), func(s *peer.Session) error { s.SetVisits(4); return nil })
	if err != nil {
		t.Fatal(err)
	}
	got := b.send("http://"+node.Addr+"/decode", map[string]any{"token": sessions.Token(s)})
	if got["visits"] != 4.0 {
		t.Errorf("%v", got)
	}
}
