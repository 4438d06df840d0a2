package memstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// A store for a small machine: at most 50,000 records in 32 MiB. An application
// hands it to the manager that was generated for its session,
// shop.NewSessions(store, runtime.Config{}), and has nothing else to do with it.
func Example() {
	store := memstore.New(memstore.MaxRecords(50_000), memstore.MaxBytes(32<<20))
	defer store.Close()

	// What the manager does with it:
	ctx := context.Background()
	r := runtime.Record{Data: []byte("visits: 1"), Stamp: 1, Expires: time.Now().Add(time.Hour)}
	fmt.Println(store.Create(ctx, "key", r))
	fmt.Println(store.Update(ctx, "key", r, runtime.Record{Data: []byte("visits: 2"), Stamp: 2, Expires: r.Expires}))
	fmt.Println(store.Update(ctx, "key", r, runtime.Record{Data: []byte("visits: 2"), Stamp: 3, Expires: r.Expires}))
	now, err := store.Load(ctx, "key")
	fmt.Println(string(now.Data), err)
	fmt.Println(store.Len(), "record")
	// Output:
	// <nil>
	// <nil>
	// session was changed by another request
	// visits: 2 <nil>
	// 1 record
}
