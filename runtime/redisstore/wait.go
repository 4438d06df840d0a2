package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// runAndWait is run, and then waits for replicas on the same connection, as WAIT
// speaks of what its connection has written.
func (s *Store) runAndWait(ctx context.Context, script *redis.Script, key string, sent *sendings, args ...any) (int64, error) {
	var node redis.UniversalClient = s.client
	cluster, ok := s.client.(*redis.ClusterClient)
	if ok {
		master, err := cluster.MasterForKey(ctx, key)
		if err != nil {
			return 0, err
		}
		node = master
	}
	all := append([]any{sent}, args...)
	send := func(eval func(context.Context, redis.Scripter, []string, ...any) *redis.Cmd) (int64, error) {
		pipe := node.Pipeline()
		answer := eval(ctx, pipe, []string{key}, all...)
		pipe.Do(ctx, "wait", s.config.replicas, s.config.patience.Milliseconds())
		pipe.Exec(ctx) // an error of the script's is in its answer; one of WAIT's takes nothing back
		return answer.Int64()
	}
	answer, err := send(script.EvalSha)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		sent.n--
		answer, err = send(script.Eval)
	}
	if ok && (redis.HasErrorPrefix(err, "MOVED") || redis.HasErrorPrefix(err, "ASK") || redis.HasErrorPrefix(err, "READONLY")) {
		sent.n-- // the key is elsewhere now: the cluster's client finds it
		cluster.ReloadState(ctx)
		return s.run(ctx, script, key, sent, args...)
	}
	return answer, err
}
