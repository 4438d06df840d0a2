package main

import (
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime/redisstore"
)

const redisForm = "redis://user:password@host:6379/0"

// openRedis keeps sessions on a Redis or Valkey server.
func openRedis(choice string) (opened, error) {
	u, err := parseAddress(choice, redisForm)
	if err != nil {
		return opened{}, err
	}
	options, err := redis.ParseURL(choice)
	if err != nil {
		return opened{}, fmt.Errorf("-store %s: %w; write %s", shown(u), err, redisForm)
	}
	options.ContextTimeoutEnabled = true
	client := redis.NewClient(options)
	store := redisstore.New(client, redisstore.Prefix("shop:"))
	return opened{Store: store, address: shown(u), form: redisForm, close: closeAll(store.Close, client.Close)}, nil
}
