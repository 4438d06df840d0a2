package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/redisstore"
)

// TestPlain: records of a foreign format are bare bytes under bare keys, known by
// what they hold and ended by the key's time to live.
func TestPlain(t *testing.T) {
	client := connect(t, testserver.Redis(t))
	prefix := place(t, client)
	parts, err := redisstore.New(client, redisstore.Prefix(prefix), redisstore.Plain()).Bind(runtime.Setup{})
	must(t, err)
	records := parts.Records
	if _, ok := records.(runtime.Finder); ok {
		t.Error("it has an index, which nothing would keep")
	}
	if _, ok := records.(runtime.Lister); ok {
		t.Error("it lists keys, which may be anybody's")
	}
	want := func(what string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	record := func(data string, lives time.Duration) runtime.Record {
		r := runtime.Record{Data: []byte(data)}
		if lives > 0 {
			r.Expires = time.Now().Add(lives)
		}
		return r
	}
	// stored wants data under the key, as another program sees it, and its end.
	stored := func(what, data string, lives time.Duration) {
		t.Helper()
		if got := client.Get(ctx, prefix+"id").Val(); got != data {
			t.Errorf("%s: %q is stored, want %q", what, got, data)
		}
		r, err := records.Load(ctx, "id")
		if err != nil || string(r.Data) != data {
			t.Errorf("%s: Load %q, %v", what, r.Data, err)
		}
		if left := time.Until(r.Expires); r.Expires.IsZero() != (lives == 0) || lives > 0 && (left < lives-time.Minute || left > lives+time.Second) {
			t.Errorf("%s: it lives for %v, want %v", what, left, lives)
		}
	}
	one, two := record(`{"cookie":{},"n":1}`, time.Hour), record(`{"cookie":{},"n":2}`, 2*time.Hour)
	_, err = records.Load(ctx, "id")
	want("Load of nothing", err, runtime.ErrNotFound)
	want("Update of nothing", records.Update(ctx, "id", one, two), runtime.ErrNotFound)
	want("Touch of nothing", records.Touch(ctx, "id", one, one.Expires), runtime.ErrNotFound)
	want("Delete of nothing", records.Delete(ctx, "id", one), runtime.ErrNotFound)
	want("Delete of nothing at all", records.Delete(ctx, "id", runtime.Record{}), runtime.ErrNotFound)
	must(t, records.Create(ctx, "id", one))
	stored("Create", string(one.Data), time.Hour)
	want("Create again", records.Create(ctx, "id", two), runtime.ErrExists)
	must(t, records.Touch(ctx, "id", one, time.Now().Add(3*time.Hour)))
	stored("Touch", string(one.Data), 3*time.Hour)
	must(t, records.Update(ctx, "id", one, two))
	stored("Update", string(two.Data), 2*time.Hour)
	must(t, records.Update(ctx, "id", one, two)) // sent a second time: it is done
	want("Update of what was", records.Update(ctx, "id", one, record("3", time.Hour)), runtime.ErrConflict)
	want("Touch of what was", records.Touch(ctx, "id", one, time.Now()), runtime.ErrConflict)
	want("Delete of what was", records.Delete(ctx, "id", one), runtime.ErrConflict)
	stored("after conflicts", string(two.Data), 2*time.Hour)
	must(t, records.Touch(ctx, "id", two, time.Time{}))
	stored("Touch for ever", string(two.Data), 0)
	binary := record("\x00\r\n\xff", 0)
	must(t, records.Update(ctx, "id", two, binary))
	stored("binary", string(binary.Data), 0)
	must(t, records.Delete(ctx, "id", binary))
	want("Delete a second time", records.Delete(ctx, "id", binary), runtime.ErrNotFound)
	must(t, records.Create(ctx, "id", record("x", 30*time.Millisecond)))
	until(t, "end a record", func() bool { _, err := records.Load(ctx, "id"); return errors.Is(err, runtime.ErrNotFound) })
	must(t, records.Create(ctx, "id", one))
	must(t, records.Delete(ctx, "id", runtime.Record{}))
	must(t, client.HSet(ctx, prefix+"id", "a", "b").Err())
	_, err = records.Load(ctx, "id")
	wantError(t, "a key of another type", err, "choose a prefix of your own")
}

// TestForeignRecords: the runtime's own store refuses what has no header, and says
// what to use.
func TestForeignRecords(t *testing.T) {
	client := connect(t, testserver.Redis(t))
	store := redisstore.New(client, redisstore.Prefix(place(t, client)))
	must(t, bind(store))
	for _, r := range []runtime.Record{{}, {Data: []byte("{}")}, {Data: make([]byte, 40), Stamp: 1}} {
		wantError(t, "Create", store.Create(ctx, "key", r), "redisstore.Plain")
		wantError(t, "Update", store.Update(ctx, "key", r, r), "redisstore.Plain")
	}
}
