// Command beside-fastify is a Go service in front of a Fastify application: both
// have the sessions of @fastify/secure-session. Routes that were moved are
// answered here, all others there. docs/moving-from-fastify.md goes through it.
//
//	cd node && npm ci && npx @fastify/secure-session > ../secret-key && node app.js ../secret-key
//	go run . -key secret-key
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	node := flag.String("node", "http://127.0.0.1:3000", "the Fastify application")
	keyFile := flag.String("key", "secret-key", "the key file that both programs have")
	flag.Parse()
	handler, err := newHandler(*keyFile, *node)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, handler))
}

// newStore returns the store of the cookie that node/app.js has the options of.
func newStore(keyFile string) (*fastifycompat.Store, error) {
	key, err := fastifycompat.ReadKeyFile(keyFile)
	if err != nil {
		return nil, err
	}
	return fastifycompat.New(fastifycompat.Options{
		Keys:   runtime.Keyring{key},
		Cookie: fastifycompat.Cookie{Path: "/", Secure: fastifycompat.SecureAuto},
	}), nil
}

// newHandler answers the routes that were moved, and sends the others to Node.
func newHandler(keyFile, node string) (http.Handler, error) {
	store, err := newStore(keyFile)
	if err != nil {
		return nil, err
	}
	sessions, err := NewSessions(store, runtime.Config{})
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(node)
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
	}})
	mux.Handle("GET /visits", sessions.Handler(visits))
	mux.Handle("POST /cart", sessions.Handler(addToCart))
	mux.Handle("POST /logout", sessions.Handler(logOut))
	return mux, nil
}

func visits(w http.ResponseWriter, _ *http.Request, s *Session) {
	fmt.Fprintf(w, "Go: visit %d of %s since %s, %d in the cart\n", s.AddVisits(1), s.UserID(), s.LoginAt().Format(time.DateOnly), len(s.Cart()))
}

func addToCart(w http.ResponseWriter, r *http.Request, s *Session) {
	s.AppendCart(Item{SKU: r.FormValue("sku"), Qty: 1})
	http.Redirect(w, r, "/visits", http.StatusSeeOther)
}

func logOut(w http.ResponseWriter, r *http.Request, s *Session) {
	s.Destroy()
	http.Redirect(w, r, "/visits", http.StatusSeeOther)
}
