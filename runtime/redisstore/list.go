package redisstore

import (
	"context"
	"iter"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// scanSize is how many keys the server looks at a call: so many that a listing is
// quick, so few that other requests do not wait.
const scanSize = 1000

// List implements [runtime.Lister] by a SCAN of the server, or of each master of a
// cluster in turn. It looks at every key of the database, also those of others. A
// key may come twice if sessions come and go, or a cluster's slots move,
// meanwhile, and the key of a session that has just ended may come.
func (s *Store) List(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.ready(ctx); err != nil {
			yield("", err)
			return
		}
		nodes, err := s.masters(ctx)
		if err != nil {
			yield("", s.failure(ctx, "list", err))
			return
		}
		for _, node := range nodes {
			if !s.scan(ctx, node, yield) {
				return
			}
		}
	}
}

// scan yields the keys of one server and tells whether to go on.
func (s *Store) scan(ctx context.Context, node redis.Cmdable, yield func(string, error) bool) bool {
	begin := s.recordKey("")
	for cursor := uint64(0); ; {
		if err := s.ready(ctx); err != nil {
			yield("", err)
			return false
		}
		keys, next, err := node.Scan(ctx, cursor, begin+"*", scanSize).Result()
		if err != nil {
			yield("", s.failure(ctx, "list", err))
			return false
		}
		for _, key := range keys {
			if key, ok := strings.CutPrefix(key, begin); ok && !yield(key, nil) {
				return false
			}
		}
		if cursor = next; cursor == 0 {
			return true
		}
	}
}

// masters are the servers that have keys.
func (s *Store) masters(ctx context.Context) (nodes []redis.Cmdable, err error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return []redis.Cmdable{s.client}, nil
	}
	var mu sync.Mutex
	err = cluster.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node)
		return nil
	})
	return nodes, err
}
