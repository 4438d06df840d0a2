package redisstore_test

import (
	"log"
	"net/http"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop" // the application's own package
	"github.com/sessiongen/sessiongen/runtime/redisstore"
)

// One server, by its URL: redis://user:password@host:6379/0, or rediss:// with TLS.
func Example() {
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	options.ContextTimeoutEnabled = true
	client := redis.NewClient(options)
	defer client.Close()

	sessions, err := shop.NewSessions(redisstore.New(client), runtime.Config{})
	if err != nil {
		log.Fatal(err) // says what is wrong with the server, and the way out
	}
	mux := http.NewServeMux()
	log.Fatal(http.ListenAndServe(":8080", sessions.Middleware(mux)))
}

// A cluster: some of its nodes are enough to find the others.
func Example_cluster() {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:                 []string{"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"},
		ContextTimeoutEnabled: true,
	})
	defer client.Close()

	sessions, err := shop.NewSessions(redisstore.New(client), runtime.Config{})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/", sessions.Middleware(http.NotFoundHandler()))
}

// Sentinels, which know who is the master.
func Example_sentinel() {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName:            "mymaster",
		SentinelAddrs:         []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"},
		ContextTimeoutEnabled: true,
	})
	defer client.Close()

	sessions, err := shop.NewSessions(redisstore.New(client), runtime.Config{})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/", sessions.Middleware(http.NotFoundHandler()))
}

// Two applications on one server that do not share sessions.
func ExamplePrefix() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer client.Close()

	shopStore := redisstore.New(client, redisstore.Prefix("shop:session:"))
	staffStore := redisstore.New(client, redisstore.Prefix("staff:session:"))
	_, _ = shopStore, staffStore
}
