package apps

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/mysqlstore"
	"github.com/alexedwards/scs/pgxstore"
	"github.com/alexedwards/scs/sqlite3store"
	"github.com/boj/redistore"
	redigo "github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/bench/workload"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// Redis is sessiongen over redisstore.
func Redis(client *redis.Client, prefix string) (*App, error) {
	return Ours("sessiongen", redisstore.New(client, redisstore.Prefix(prefix)), runtime.Config{})
}

// SCSRedis is scs over its store for go-redis.
func SCSRedis(client *redis.Client, prefix string) *App {
	return scsOver("scs goredisstore", goredisstore.NewWithPrefix(client, prefix), func() {})
}

// GorillaRedis is gorilla/sessions over boj/redistore, which has a pool of its
// own kind.
func GorillaRedis(addr, prefix string) (*App, error) {
	store, err := redistore.NewRediStoreWithPool(&redigo.Pool{
		MaxIdle: 64,
		Dial:    func() (redigo.Conn, error) { return redigo.Dial("tcp", addr, redigo.DialConnectTimeout(5*time.Second)) },
	}, randomKey(32), randomKey(32))
	if err != nil {
		return nil, err
	}
	store.SetKeyPrefix(prefix)
	a := gorilla("boj/redistore", store)
	a.Close = func() { store.Close() }
	return a, nil
}

// compareAndSet writes a record where it is still what was read.
var compareAndSet = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// RedisLimit is GET, and the script above by EVALSHA: one round trip for a
// request that reads and two for one that writes.
func RedisLimit(client *redis.Client, prefix string) *App {
	const life = 24 * time.Hour
	ctx := context.Background()
	load := func(r *http.Request) (string, *workload.Record) {
		key := token(r)
		if key == "" {
			return "", nil
		}
		data, err := client.Get(ctx, prefix+key).Bytes()
		v := &workload.Record{}
		switch {
		case errors.Is(err, redis.Nil):
			return key, nil
		case err != nil || !workload.ReadByHand(data, v):
			panic(err)
		}
		return key, v
	}
	store := func(w http.ResponseWriter, key string, old, v *workload.Record) {
		data := workload.AppendByHand(make([]byte, 0, 384), v)
		if old == nil {
			key = base64.RawURLEncoding.EncodeToString(randomKey(32))
			setToken(w, key)
			if err := client.Set(ctx, prefix+key, data, life).Err(); err != nil {
				panic(err)
			}
			return
		}
		before := workload.AppendByHand(make([]byte, 0, 384), old)
		if n, err := compareAndSet.Run(ctx, client, []string{prefix + key}, before, data, life.Milliseconds()).Int(); err != nil || n != 1 {
			panic(err)
		}
	}
	end := func(_ http.ResponseWriter, key string) {
		if err := client.Del(ctx, prefix+key).Err(); err != nil {
			panic(err)
		}
	}
	return limit(load, store, end)
}

// SQL is sessiongen over sqlstore, whose tables it makes.
func SQL(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect) (*App, error) {
	store := sqlstore.New(db, dialect)
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	a, err := Ours("sessiongen", store, runtime.Config{})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	a.Close = func() { store.Close() }
	return a, nil
}

// The tables of scs's stores, as their documentation has them.
const (
	pgxTable    = `CREATE TABLE sessions (token TEXT PRIMARY KEY, data BYTEA NOT NULL, expiry TIMESTAMPTZ NOT NULL)`
	mysqlTable  = `CREATE TABLE sessions (token CHAR(43) PRIMARY KEY, data BLOB NOT NULL, expiry TIMESTAMP(6) NOT NULL)`
	sqliteTable = `CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL)`
	tableIndex  = `CREATE INDEX sessions_expiry_idx ON sessions (expiry)`
)

// SCSPostgres is scs over its store for pgx.
func SCSPostgres(ctx context.Context, pool *pgxpool.Pool) (*App, error) {
	for _, query := range []string{pgxTable, tableIndex} {
		if _, err := pool.Exec(ctx, query); err != nil {
			return nil, err
		}
	}
	store := pgxstore.New(pool)
	return scsOver("scs pgxstore", store, store.StopCleanup), nil
}

// SCSMySQL is scs over its store for MySQL.
func SCSMySQL(ctx context.Context, db *sql.DB) (*App, error) {
	if err := execAll(ctx, db, mysqlTable, tableIndex); err != nil {
		return nil, err
	}
	store := mysqlstore.New(db)
	return scsOver("scs mysqlstore", store, store.StopCleanup), nil
}

// SCSSQLite is scs over its store for SQLite.
func SCSSQLite(ctx context.Context, db *sql.DB) (*App, error) {
	if err := execAll(ctx, db, sqliteTable, tableIndex); err != nil {
		return nil, err
	}
	store := sqlite3store.New(db)
	return scsOver("scs sqlite3store", store, store.StopCleanup), nil
}

func execAll(ctx context.Context, db *sql.DB, queries ...string) error {
	for _, query := range queries {
		if _, err := db.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}
