package visits

import (
	"flag"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// Run serves on the address that the flag -addr names.
func Run(handler func(*Sessions) http.Handler) {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	flag.Parse()
	sessions, err := NewSessions(memstore.New(), runtime.Config{Development: true})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s/visits", listener.Addr())
	server := http.Server{Handler: handler(sessions), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.Serve(listener))
}
