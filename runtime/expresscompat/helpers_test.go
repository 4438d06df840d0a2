package expresscompat_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
)

// anyClient is a client that no command reaches.
func anyClient(t testing.TB) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	return client
}
