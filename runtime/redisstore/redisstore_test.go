package redisstore_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
	"github.com/sessiongen/sessiongen/runtime/storetest"
)

// TestConformance runs the kit with a clock of its own: the record's expiry
// decides, not the server's.
func TestConformance(t *testing.T) {
	addr := testserver.Redis(t)
	storetest.Run(t, onServer(addr), storetest.Shared(), storetest.Headers())
}

// onServer opens stores on one server.
func onServer(addr string) storetest.Factory {
	return func(tb testing.TB, place string) runtime.Store {
		client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
		tb.Cleanup(func() {
			sweep(client, place+":")
			client.Close()
		})
		return redisstore.New(client, redisstore.Prefix(place+":"))
	}
}
