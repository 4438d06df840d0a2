package docs

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite"

	"github.com/sessiongen/sessiongen/docs/internal/account"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// The servers' stores, as the README opens them. Nothing connects: the shop's tests
// do that.
func Example_servers() {
	inRedis := func() (*redisstore.Store, io.Closer, error) {
		client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
		store := redisstore.New(client)
		return store, client, nil
	}
	inPostgreSQL := func() (*sqlstore.Store, io.Closer, error) {
		db, err := sql.Open("pgx", "postgres://shop:password@localhost/shop")
		store := sqlstore.New(db, sqlstore.PostgreSQL)
		return store, db, err
	}
	inMariaDB := func() (*sqlstore.Store, io.Closer, error) {
		db, err := sql.Open("mysql", "shop:password@tcp(localhost:3306)/shop?timeout=5s")
		store := sqlstore.New(db, sqlstore.MySQL)
		return store, db, err
	}
	end := func(store, connection io.Closer, err error) {
		fmt.Println(err, store.Close(), connection.Close()) // the store first
	}
	end(closers(inRedis()))
	end(closers(inPostgreSQL()))
	end(closers(inMariaDB()))
	// Output:
	// <nil> <nil> <nil>
	// <nil> <nil> <nil>
	// <nil> <nil> <nil>
}

func closers[S io.Closer](store S, connection io.Closer, err error) (io.Closer, io.Closer, error) {
	return store, connection, err
}

// Sessions in a file: the second manager is what a restart makes.
func Example_file() {
	dir := must(os.MkdirTemp("", "example"))
	defer os.RemoveAll(dir)
	address := "file:" + filepath.ToSlash(filepath.Join(dir, "shop.db")) + "?_pragma=busy_timeout(4000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	v, ctx := &visitor{}, context.Background()
	for range 2 {
		db := must(sql.Open("sqlite", address))
		store := sqlstore.New(db, sqlstore.SQLite)
		err := store.Migrate(ctx) // makes the tables if they are missing
		if err != nil {
			log.Fatal(err)
		}
		sessions := must(account.NewSessions(store, quiet))
		answer := v.ask(sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
			visits := s.AddVisits(1)
			fmt.Fprint(w, "visits: ", visits)
		}), "GET", "/")
		fmt.Println(answer.Body)
		if err := store.Close(); err != nil { // ends the sweeper
			log.Fatal(err)
		}
		db.Close()
	}
	// Output:
	// visits: 1
	// visits: 2
}
