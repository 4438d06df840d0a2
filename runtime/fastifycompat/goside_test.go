package fastifycompat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// nodeSettings are what testdata/node/server.js is told.
type nodeSettings struct {
	Port    string         `json:"port"`
	Nest    bool           `json:"nest"`
	Options map[string]any `json:"options"`
}

// startNode starts the program in Node; without Node or its packages the test is
// skipped.
func startNode(t testing.TB, s nodeSettings) *testserver.Process {
	t.Helper()
	program := testserver.Program([]string{"node"})
	if program == "" {
		testserver.Missing(t, "Node", "install Node 20 or later (apt-get install nodejs npm)")
	}
	if _, err := os.Stat("testdata/node/node_modules/@fastify/secure-session"); err != nil {
		testserver.Missing(t, "Node packages", "run npm ci in runtime/fastifycompat/testdata/node")
	}
	addr := testserver.FreeAddr(t)
	var err error
	if _, s.Port, err = net.SplitHostPort(addr); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return testserver.Start(t, testserver.Settings{Program: program, Args: []string{"server.js", string(text)}, Dir: "testdata/node", Addr: addr})
}

// step is one thing that a handler does with its session, on either side.
type step struct {
	Op    string `json:"op"`
	Value string `json:"value"`
}

// goSide is the Go service that stands beside the program in Node.
type goSide struct {
	t    testing.TB
	url  string
	logs lockedBuffer

	mu       sync.RWMutex
	sessions *peer.Sessions
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func startGo(t testing.TB, o fastifycompat.Options) *goSide {
	t.Helper()
	g := &goSide{t: t}
	g.deploy(o)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.RLock()
		sessions := g.sessions
		g.mu.RUnlock()
		sessions.Handler(g.handle).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// deploy puts a service with other options in place.
func (g *goSide) deploy(o fastifycompat.Options) {
	g.t.Helper()
	level := &slog.HandlerOptions{Level: slog.LevelWarn}
	sessions, err := peer.NewSessions(fastifycompat.New(o), runtime.Config{Logger: slog.New(slog.NewTextHandler(&g.logs, level))})
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions = sessions
}

// handle runs the steps of a request and answers what its session is then.
func (g *goSide) handle(w http.ResponseWriter, r *http.Request, s *peer.Session) {
	var steps []step
	if err := json.NewDecoder(r.Body).Decode(&steps); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, step := range steps {
		if err := runStep(s, step); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"data": typedData(s)})
}

// runStep does with the accessors what testdata/node/steps.js does in Node.
func runStep(s *peer.Session, step step) error {
	switch step.Op {
	case "incr":
		s.AddVisits(1)
	case "user":
		s.SetUserID(step.Value)
	case "clear":
		map[string]func(){"userId": s.ClearUserID, "cart": s.ClearCart, "home": s.ClearHome, "qty": s.ClearQty}[step.Value]()
	case "push":
		s.AppendCart(peer.Item{Base: peer.Base{SKU: step.Value}, Qty: 1})
	case "shift":
		if s.HasCart() {
			s.SetCart(s.Cart()[min(1, len(s.Cart())):])
		}
	case "city":
		if s.Home() == nil {
			s.SetHome(&peer.Address{})
		}
		s.Home().City = step.Value
	case "put":
		s.PutQty(step.Value, len(step.Value))
	case "big":
		s.SetBig(1<<53 + int64(len(step.Value)))
	case "date":
		s.SetLoginAt(time.UnixMilli(1700000000123 + int64(len(step.Value))))
	case "touch":
		s.Touch()
	case "destroy":
		s.Destroy()
	case "regenerate": // visits are kept
		visits, has := s.Visits(), s.HasVisits()
		s.Destroy()
		if has {
			s.SetVisits(visits)
		}
	case "read":
	default:
		return fmt.Errorf("unknown step %+v", step)
	}
	return nil
}

// typedData is what the accessors say, under the names of Node's keys.
func typedData(s *peer.Session) map[string]any {
	data := map[string]any{}
	put := func(has bool, name string, value any) {
		if has {
			data[name] = value
		}
	}
	put(s.HasVisits(), "visits", s.Visits())
	put(s.HasUserID(), "userId", s.UserID())
	put(s.HasQty(), "qty", s.Qty())
	put(s.HasBig(), "big", fmt.Sprint(s.Big()))
	put(s.HasLoginAt(), "loginAt", s.LoginAt().Format("2006-01-02T15:04:05.000Z"))
	if s.HasHome() {
		h := s.Home()
		data["home"] = map[string]any{"street": h.Street, "city": h.City, "geo": map[string]any{"lat": h.Geo.Lat, "lon": h.Geo.Lon}}
	}
	if s.HasCart() {
		cart := []any{}
		for _, item := range s.Cart() {
			cart = append(cart, map[string]any{"sku": item.SKU, "qty": item.Qty, "opts": nil, "sentAt": nil})
		}
		data["cart"] = cart
	}
	return data
}

// browser keeps cookies and talks to any of the programs.
type browser struct {
	t    testing.TB
	http http.Client
}

func newBrowser(t testing.TB) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, http: http.Client{Jar: jar, Timeout: time.Minute}}
}

// send sends body as JSON and returns the member "data" of the answer.
func (b *browser) send(url string, body any) map[string]any {
	b.t.Helper()
	var answer struct{ Data map[string]any }
	b.ask(url, body, &answer)
	return answer.Data
}

func (b *browser) ask(url string, body, answer any) {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.http.Post(url, "application/json", bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode == http.StatusOK {
		err = json.Unmarshal(got, answer)
	}
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s: status %d: %s, %v", url, text, res.StatusCode, got, err)
	}
}
