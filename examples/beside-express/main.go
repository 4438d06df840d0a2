// Beside-express is a shop in Express, one part of which has moved to Go: both
// have the same login and the same cart, in Redis.
//
//	go run ./examples/beside-express            # the cart is served by Go
//	go run ./examples/beside-express -moved ""  # the way back: all by Express
//
// It needs Node with npm, and a Redis at -redis or the program redis-server.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	redisAddr := flag.String("redis", "localhost:6379", "Redis; if nothing answers there, redis-server is started")
	moved := flag.String("moved", "/cart", "what Go serves; \"\" for nothing")
	secrets := flag.String("secrets", "a secret that both sides have", "secrets of the cookie, separated by commas; the first signs")
	prefix := flag.String("prefix", "beside-express:", "prefix of the keys")
	flag.Parse()
	err := run(*addr, *redisAddr, *moved, strings.Split(*secrets, ","), *prefix)
	if err != nil {
		log.Fatal(err)
	}
}

func run(addr, redisAddr, moved string, secrets []string, prefix string) error {
	var children processes
	defer children.end()
	redisAddr, err := children.redis(redisAddr)
	if err != nil {
		return err
	}
	express, err := children.express(redisAddr, secrets, prefix)
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: redisAddr})
	defer client.Close()
	h, err := handler(client, express, moved, secrets, prefix)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	go func() {
		<-stop
		server.Close()
	}()
	log.Printf("listening on http://%s/ (Express is at http://%s/)", listener.Addr(), express)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// handler serves what has moved, and hands everything else to Express.
func handler(client *redis.Client, express, moved string, secrets []string, prefix string) (http.Handler, error) {
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: express})
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}}
	mux := http.NewServeMux()
	mux.Handle("/", proxy)
	if moved == "" {
		return mux, nil
	}
	// The options are those that server.js gives to express-session.
	store := expresscompat.New(client, expresscompat.Options{
		Secrets: secrets,
		Prefix:  prefix,
		Cookie:  expresscompat.CookieOptions{MaxAge: 24 * time.Hour, SameSite: expresscompat.SameSiteLax},
	})
	sessions, err := NewSessions(store, runtime.Config{})
	if err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /explain", func(w http.ResponseWriter, r *http.Request) {
		if err := store.Explain(r.Context(), r); err != nil {
			fmt.Fprintln(w, "no session:", err)
			return
		}
		fmt.Fprintln(w, "Go has the session of this browser")
	})
	mux.Handle("GET "+moved, sessions.Handler(func(w http.ResponseWriter, _ *http.Request, s *Session) {
		cart := s.Cart()
		if cart == nil {
			cart = []Item{}
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"by": "Go", "user": s.User(), "cart": cart})
	}))
	mux.Handle("POST "+moved, sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *Session) {
		add(s, r.FormValue("sku"))
		http.Redirect(w, r, moved, http.StatusSeeOther)
	}))
	return mux, nil
}

// add puts one of sku into the cart.
func add(s *Session, sku string) {
	cart := s.Cart()
	for i := range cart {
		if cart[i].SKU == sku {
			cart[i].Qty++
			return
		}
	}
	s.AppendCart(Item{SKU: sku, Qty: 1})
}
