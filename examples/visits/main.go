// Visits counts each visitor's requests, in memory or in a sealed cookie.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	kind := flag.String("store", "memory", "where sessions are kept: memory or cookie")
	flag.Parse()
	stores := map[string]runtime.Store{"memory": memstore.New(), "cookie": cookiestore.New(runtime.GenerateKey())}
	store, ok := stores[*kind]
	if !ok {
		log.Fatalf("-store %s: there is no such store; use memory or cookie", *kind)
	}
	sessions, err := NewSessions(store, runtime.Config{Development: true})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /visits", sessions.Handler(func(w http.ResponseWriter, _ *http.Request, s *Session) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"visits\":%d}\n", s.AddVisits(1))
	}))
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s/visits", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
