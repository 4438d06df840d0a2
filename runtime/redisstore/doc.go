// Package redisstore keeps sessions on a Redis or Valkey server, on a cluster of
// them, or on one that Sentinel watches, so that any number of processes on any
// number of machines share them.
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
//	sessions, err := shop.NewSessions(redisstore.New(client), runtime.Config{})
//
// It needs Redis 6.2 or Valkey, or newer, and no module. The application makes
// the client, of github.com/redis/go-redis/v9, and closes it. ContextTimeoutEnabled
// must be set, since without it the client ignores the time limits of its callers.
// The store's constructor in the manager asks the server what it is; a wrong
// address, a wrong password, TLS on one side only, a replica, an old version, a
// client of the wrong kind are errors that say so.
//
// # What is promised
//
// All that package runtime promises. Each write is a script that compares the
// record's stamp and writes, in one step of the server; a session is one key, so
// that this holds in a cluster too. After an answer that was lost the outcome is
// looked up by the stamp, also if the client has sent the script again by itself,
// so that nothing is done twice. Where another request has written meanwhile,
// nobody can tell; the request fails with [runtime.ErrUnclear] then.
//
// How much of it outlives the server is the server's matter: see "Durability".
//
// # Cost
//
// Round trips to the server, each for one command or one pipeline:
//
//	a visitor without a session    0
//	a request that reads           1, and once in a tenth of the idle timeout
//	                               another one of about 200 bytes for the touch
//	a request that writes          2: load and compare-and-set
//	a new session                  1
//	a login                        4: load, add to the index, the new record, the
//	                               end of the old one
//	a logout                       3 of a user; 2 of others
//	a change of an indexed field   4, or 3 if it had no value before
//	a look-up by an indexed field  2 for each hundred keys, and 1 for each session
//
// A session with an indexed field costs one more about once a day, or once an idle
// timeout if that is shorter, which renews its entry.
//
// A record takes some 220 bytes of the server's memory beside its data, and an
// index entry that it shares with no other session 245 (Redis 7.0).
//
// # Keys
//
// With the default prefix, where ID is a session's key:
//
//	session:r:ID         string: the record, as package runtime documents it
//	session:i:HASH:FIELD sorted set: the IDs of the sessions with a value of a field,
//	                     by SHA-256 of field and value
//
// Neither tokens nor values are in a key. An index value may have any length.
//
// # Expiry
//
// The record's own expiry decides, by the clocks of the application's processes.
// The key's time to live, 10 seconds longer, only gives the memory back; it is
// always a span, so that the server's clock does not matter. The processes' clocks
// should agree: by as much as one is ahead, it ends sessions early, and one that
// is more than 10 seconds behind finds them gone early.
//
// # Index
//
// In a cluster an entry is on another server than its session. It is added before
// the record that has it, and removed after the one that has it no longer; a crash
// in between leaves an entry too many, never too few. Readers pass over it, and
// what belongs to no record any more is removed by the next look-up after ten
// minutes. Every entry has a bound, after its session's end, at which it goes by
// itself, and a set of entries ends with the last of them.
//
// # Eviction
//
// Set maxmemory-policy to noeviction, which is the server's default. Then a full
// server refuses what does not fit: the request fails with [runtime.ErrFull],
// nothing is half written, and what is there can be read. That goes for a logout
// and for the touch of a reading request too, so watch the memory. With any other
// policy the server removes sessions that are alive, or sets of the index, and a
// session that is in no set is not found by "log out everywhere". A server that is
// also a cache for something else should be another one.
//
// # Durability
//
// Where no server fails, nothing is lost. What a failure loses:
//
//   - A crash, with appendonly yes and appendfsync always: nothing that was
//     answered. With appendfsync everysec, the default, the last second or two; with
//     snapshots alone all since the last one; with neither, all sessions.
//   - A failover, by Sentinel or in a cluster: what the old master had answered and
//     not yet sent to the replica that takes over, normally some milliseconds, and
//     all that a master which was cut off from the others went on to answer, until it
//     notices, for at most cluster-node-timeout or Sentinel's down-after-milliseconds.
//
// What is lost is undone: a change is gone, a session that was just created does
// not exist, and one that was just destroyed is alive again, until it ends or is
// destroyed once more. [Wait] narrows that to a master that was cut off:
//
//	redisstore.New(client, redisstore.Wait(1, 100*time.Millisecond))
//
// costs each write the way from the master to its nearest replica. Together with
// min-replicas-to-write 1 and min-replicas-max-lag 10 on the servers, which have a
// master without replicas refuse writes, a write is lost only if master and replica
// fail together. It is the application's choice: sessions of a shop are fine
// without, and where a logout must outlive any failure, a database with synchronous
// replication, by package sqlstore, is the better store.
//
// Reads go to the master alone. A client that reads from replicas or keeps a cache
// is refused: either would show a session that was destroyed a moment ago.
//
// # Outages
//
// A request fails with [runtime.ErrUnavailable], within Config.StoreTimeout for a
// read and twice that for a write, and service returns by itself. The client
// waits as it was told: connections that wait for a paused server are bounded by its
// PoolSize. Its own retries (MaxRetries, MaxRedirects) may stay on; they help during
// a failover. A cluster's client asks anew where the keys are after each failure of
// a connection, so that it follows a failover a moment after the servers do.
//
// # Cluster and Sentinel
//
// Make the client with redis.NewClusterClient for a cluster, with
// redis.NewFailoverClient for Sentinel, and with redis.NewClient for one server.
// Sessions spread over all masters of a cluster by their keys, which are hashes; no
// command needs two of them. A hash tag in the prefix would undo that: see
// [Prefix]. [Store.List] asks all masters. redis.Ring is refused: it takes the
// sessions of a server that is down for sessions that do not exist.
//
// # Rights
//
// A user of the server needs, on the keys of the prefix:
//
//	+get +getrange +set +setrange +persist +pexpire +pttl +del +eval +evalsha +scan
//	+zadd +zrem +zscore +zscan +zremrangebyscore
//
// and +exists with [Plain], +wait with [Wait], +cluster in a cluster, and +info if
// the store shall tell an old version by its number.
package redisstore
