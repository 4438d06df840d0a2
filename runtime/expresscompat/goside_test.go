package expresscompat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
)

// goSide is the Go service that stands beside the program in Node.
type goSide struct {
	t        testing.TB
	url      string
	logs     *logs
	newStore func(secrets []string) *expresscompat.Store
	held     chan struct{} // the step "hold" says here that it has begun
	release  chan struct{} // and waits for this

	mu       sync.RWMutex
	store    *expresscompat.Store
	sessions *live.Sessions
	prefix   string
}

// startGo starts the service; newStore returns its store for a list of secrets.
func startGo(t testing.TB, secrets []string, prefix string, newStore func(secrets []string) *expresscompat.Store) *goSide {
	t.Helper()
	g := &goSide{t: t, logs: new(logs), held: make(chan struct{}), release: make(chan struct{}), newStore: newStore, prefix: prefix}
	g.rotate(secrets)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.RLock()
		store, sessions := g.store, g.sessions
		g.mu.RUnlock()
		sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *live.Session) { g.handle(store, w, r, s) }).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// rotate puts a service with other secrets in place, as a deployment does.
func (g *goSide) rotate(secrets []string) {
	g.t.Helper()
	store := g.newStore(secrets)
	sessions, err := live.NewSessions(store, runtime.Config{Logger: g.logs.logger()})
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.store, g.sessions = store, sessions
}

// handle runs the steps of a request on its session and answers what it is then.
func (g *goSide) handle(store *expresscompat.Store, w http.ResponseWriter, r *http.Request, s *live.Session) {
	var steps []step
	if err := json.NewDecoder(r.Body).Decode(&steps); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, step := range steps {
		if step.Op == "hold" {
			g.held <- struct{}{}
			<-g.release
			continue
		}
		if err := runStep(store, r, s, step); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	json.NewEncoder(w).Encode(state{ID: strings.TrimPrefix(s.ID(), g.prefix), Data: typedData(s)})
}

// runStep does with the accessors what testdata/node/steps.js does in Node.
func runStep(store *expresscompat.Store, r *http.Request, s *live.Session, step step) error {
	n, _ := step.Value.(float64)
	text, _ := step.Value.(string)
	switch step.Op + " " + step.Key {
	case "incr visits":
		s.AddVisits(1)
	case "incr go":
		s.AddGo(1)
	case "incr node":
		s.AddNode(1)
	case "set user":
		s.SetUser(text)
	case "delete user":
		s.ClearUser()
	case "delete cart":
		s.ClearCart()
	case "set big":
		s.SetBig(1<<53 + int64(n))
	case "push ":
		line := step.Value.(map[string]any)
		s.AppendCart(live.Item{SKU: line["sku"].(string), Qty: int(line["qty"].(float64))})
	case "qty ":
		if cart := s.Cart(); len(cart) > 0 {
			cart[0].Qty = int(n)
		}
	case "theme ":
		prefs(s).Theme = text
	case "tag ":
		p := prefs(s)
		p.Tags = append(p.Tags, text)
	case "maxAge ":
		expresscompat.EditCookie(s, func(c *expresscompat.Cookie) {
			c.MaxAge, c.Persistent = time.Duration(n)*time.Millisecond, true
		})
	case "regenerate ":
		store.Regenerate(s)
	case "renew ":
		s.Renew()
	case "destroy ":
		s.Destroy()
	case "save ":
		return s.Save(r.Context())
	case "touch ":
		s.Touch()
	case "wait ":
		time.Sleep(time.Duration(n) * time.Millisecond)
	case "read ":
	default:
		switch step.Op {
		case "put":
			s.PutU(step.Key, int(n))
		case "drop":
			if s.HasU() {
				s.DeleteU(step.Key)
			}
		default:
			return fmt.Errorf("unknown step %+v", step)
		}
	}
	return nil
}

func prefs(s *live.Session) *live.Prefs {
	if !s.HasPrefs() {
		s.SetPrefs(&live.Prefs{})
	}
	return s.Prefs()
}

// typedData is the session's data as Node would show it.
func typedData(s *live.Session) map[string]any {
	data := map[string]any{}
	if s.HasVisits() {
		data["visits"] = s.Visits()
	}
	if s.HasGo() {
		data["go"] = s.Go()
	}
	if s.HasNode() {
		data["node"] = s.Node()
	}
	if s.HasUser() {
		data["user"] = s.User()
	}
	if s.HasBig() {
		data["big"] = fmt.Sprint(s.Big())
	}
	if s.HasU() {
		data["u"] = s.U()
	}
	if s.HasCart() {
		cart := []any{}
		for _, item := range s.Cart() {
			cart = append(cart, map[string]any{"sku": item.SKU, "qty": item.Qty})
		}
		data["cart"] = cart
	}
	if s.HasPrefs() {
		data["prefs"] = map[string]any{"theme": s.Prefs().Theme, "tags": s.Prefs().Tags}
	}
	return data
}
