// Shop sells cookies by the piece and shows what a typed session is good for:
// a cart, login, a theme, notices that are seen once, an area that asks for the
// password again, and a page of the user's sessions that ends any of them.
//
// Where the sessions are is one flag:
//
//	go run ./examples/shop -store memory
//	go run ./examples/shop -store cookie
//	go run ./examples/shop -store sqlite:shop.db
//	go run ./examples/shop -store redis://localhost:6379
//	go run ./examples/shop -store postgres://shop:password@localhost/shop
//	go run ./examples/shop -store mysql://shop:password@localhost/shop
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	store := flag.String("store", "memory", "where sessions are kept, one of "+storeForms())
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, *addr, *store); err != nil {
		log.Fatal(err)
	}
}

// shutdownTime is how long requests in flight may take to end.
const shutdownTime = 10 * time.Second

// run serves the shop until ctx is done. It lets requests in flight end before
// it closes the store.
func run(ctx context.Context, addr, choice string) (err error) {
	store, err := openStore(choice)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	shop, err := newShop(store, store.kind, time.Now)
	if err != nil {
		return store.refused(err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := newServer(shop.handler())
	log.Printf("listening on http://%s/", listener.Addr())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Print("shutting down")
	last, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
