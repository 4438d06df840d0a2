package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
)

// hints say what the server's errors mean, by their beginnings.
var hints = []struct{ begins, means string }{
	{"NOAUTH", "it wants a password: set Password (and Username) in the client's options, or write redis://user:password@host"},
	{"WRONGPASS", "user or password is wrong: correct Username and Password in the client's options"},
	{"ERR invalid password", "the password is wrong: correct Password in the client's options"},
	{"NOPERM", "its user may not do that: allow GET, GETRANGE, EVALSHA, EVAL, SCAN and the commands on sorted sets on the store's keys (see ACL SETUSER)"},
	{"READONLY", "it is a replica, which takes no writes: give the master's address, or use Sentinel or Cluster, which find it"},
	{"OOM", "it has reached maxmemory and may not evict: raise maxmemory or keep less"},
	{"LOADING", "it is still reading its data after a start: wait"},
	{"MASTERDOWN", "it is a replica that has lost its master: wait for the failover, or repair the master"},
	{"MISCONF", "it can't save its data to disk and takes no writes: look at its log and its disk"},
	{"NOREPLICAS", "it has fewer replicas than min-replicas-to-write demands: repair them"},
	{"CLUSTERDOWN", "its cluster has slots that no master serves: wait for the failover, or repair the cluster"},
	{"MOVED", "it is part of a cluster: make the client with redis.NewClusterClient"},
	{"ERR This instance has cluster support disabled", "it is a single server: make the client with redis.NewClient"},
	{"ERR max number of clients", "it has maxclients connections: raise maxclients, or lower PoolSize in the clients' options"},
	{"WRONGTYPE", "another program has a value of another type under the key: choose a prefix of your own"},
	{"ERR unknown command", "it does not know a command that the store needs: use Redis 6.2 or Valkey, or newer, and rename no command"},
	{"BUSY", "it is busy with a script of somebody else's: see SCRIPT KILL"},
	{"TRYAGAIN", "its cluster moves a slot just now: try again"},
}

// explain returns what err means and the way out, "" if the error says all there
// is to say.
func explain(err error) string {
	var answer redis.Error
	if errors.As(err, &answer) {
		for _, h := range hints {
			if strings.HasPrefix(answer.Error(), h.begins) {
				return h.means
			}
		}
	}
	var (
		header      tls.RecordHeaderError
		certificate *tls.CertificateVerificationError
		unknownHost *net.DNSError
		network     net.Error
	)
	switch {
	case errors.As(err, &header):
		return "the client uses TLS and the server does not: leave TLSConfig out, or write redis:// instead of rediss://"
	case errors.As(err, &certificate):
		return "its certificate is not trusted: set RootCAs and ServerName in TLSConfig"
	case errors.As(err, &unknownHost):
		return "there is no such host: correct the address"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: correct the address, or start the server"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "it closed the connection: it may want TLS (set TLSConfig, or write rediss://), be no Redis server, or have gone"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "it does not answer in time: look whether it runs and can be reached, and whether it wants TLS just as the client does"
	case strings.HasPrefix(err.Error(), "redis: can't parse"), strings.HasPrefix(err.Error(), "redis: invalid reply"):
		return "what answers is no Redis server: correct the address"
	}
	return ""
}

// failure is the error of a call that the server did not answer as it should. It
// is the context's too if that has ended, and [runtime.ErrFull] if the server has
// no memory left.
func (s *Store) failure(ctx context.Context, what string, err error) error {
	s.askAnew(ctx, err)
	if redis.HasErrorPrefix(err, "OOM") {
		err = fmt.Errorf("%w: %w", runtime.ErrFull, err)
	}
	if errors.Is(err, redis.ErrClosed) {
		err = fmt.Errorf("%w: %w", runtime.ErrClosed, err)
	}
	if done := ctx.Err(); done != nil && !errors.Is(err, done) {
		err = fmt.Errorf("%w: %w", done, err)
	}
	if why := explain(err); why != "" {
		return fmt.Errorf("redisstore: %s: %s: %w", what, why, err)
	}
	return fmt.Errorf("redisstore: %s: %w", what, err)
}

// askAnew has a cluster's client ask which server is where, after a failure that
// no server has answered with. By itself the client asks only when a server tells
// it to, which one that is gone can't, and else once a minute
// (redis/go-redis#3979). It asks in the background, a few times a second at most.
func (s *Store) askAnew(ctx context.Context, err error) {
	var answer redis.Error
	if cluster, ok := s.client.(*redis.ClusterClient); ok && !errors.As(err, &answer) {
		cluster.ReloadState(ctx)
	}
}
