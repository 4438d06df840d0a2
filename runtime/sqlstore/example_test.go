package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the application's choice

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/sqlstore"
)

// Sessions in a file that survive a restart. An application hands the store to the
// manager that was generated for its session, shop.NewSessions(store,
// runtime.Config{}), and has nothing else to do with it.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "sessions.db")

	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(4000)&_pragma=journal_mode(WAL)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store := sqlstore.New(db, sqlstore.SQLite)
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}

	// What the manager does with it:
	r := runtime.Record{Data: []byte("visits: 1"), Stamp: 1, Expires: time.Now().Add(time.Hour)}
	fmt.Println(store.Create(ctx, "key", r))
	fmt.Println(store.Update(ctx, "key", r, runtime.Record{Data: []byte("visits: 2"), Stamp: 2, Expires: r.Expires}))
	fmt.Println(store.Update(ctx, "key", r, runtime.Record{Data: []byte("visits: 2"), Stamp: 3, Expires: r.Expires}))
	now, err := store.Load(ctx, "key")
	fmt.Println(string(now.Data), err)
	// Output:
	// <nil>
	// <nil>
	// session was changed by another request
	// visits: 2 <nil>
}

// The SQL for people who run migrations themselves.
func ExampleStore_Schema() {
	db, err := sql.Open("sqlite", "file:sessions.db") // nothing connects
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Print(sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Table("shop.sessions")).Schema())
	// Output:
	// CREATE TABLE IF NOT EXISTS "shop"."sessions_schema" (version integer NOT NULL PRIMARY KEY);
	//
	// CREATE TABLE IF NOT EXISTS "shop"."sessions" (
	// 	id bytea PRIMARY KEY,
	// 	data bytea NOT NULL,
	// 	stamp bigint NOT NULL,
	// 	expires bigint NOT NULL
	// );
	//
	// CREATE INDEX IF NOT EXISTS "sessions_expires" ON "shop"."sessions" (expires);
	//
	// CREATE TABLE IF NOT EXISTS "shop"."sessions_index" (
	// 	entry bytea NOT NULL,
	// 	id bytea NOT NULL REFERENCES "shop"."sessions" (id) ON DELETE CASCADE,
	// 	PRIMARY KEY (entry, id)
	// );
	//
	// CREATE INDEX IF NOT EXISTS "sessions_index_id" ON "shop"."sessions_index" (id);
	//
	// INSERT INTO "shop"."sessions_schema" (version) VALUES (1) ON CONFLICT DO NOTHING;
}

// A process that only sweeps; the others have sqlstore.SweepEvery(0).
func ExampleStore_Run() {
	sweeper := func(ctx context.Context, db *sql.DB) error {
		store := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.SweepEvery(0))
		defer store.Close()
		return store.Run(ctx, 10*time.Minute) // until ctx ends
	}
	_ = sweeper
}
