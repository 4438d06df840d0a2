package expresscompat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/expresscompat"
	"github.com/sessiongen/sessiongen/runtime/expresscompat/internal/live"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// redisSite is a store on Redis with its manager.
func redisSite(t *testing.T, client redis.UniversalClient, o expresscompat.Options) (*expresscompat.Store, *live.Sessions) {
	t.Helper()
	o.Secrets = []string{"s"}
	store := expresscompat.New(client, o)
	sessions, err := live.NewSessions(store, runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return store, sessions
}

func create(t *testing.T, sessions *live.Sessions, f func(*live.Session)) *live.Session {
	t.Helper()
	s, err := sessions.Create(t.Context(), func(s *live.Session) error {
		if f != nil {
			f(s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestConnectRedis has what connect-redis's own tests ask for.
func TestConnectRedis(t *testing.T) {
	t.Run("defaults", func(t *testing.T) {
		client, _ := privateRedis(t)
		_, sessions := redisSite(t, client, expresscompat.Options{})
		s := create(t, sessions, visit)
		if !strings.HasPrefix(s.ID(), "sess:") || client.TTL(t.Context(), s.ID()).Val() != 24*time.Hour {
			t.Errorf("%s lives %v", s.ID(), client.TTL(t.Context(), s.ID()).Val())
		}
	})
	t.Run("life of a session", func(t *testing.T) {
		_, prefix, client := sharedRedis(t)
		store, sessions := redisSite(t, client, expresscompat.Options{Prefix: prefix, TTL: 90 * time.Second})
		ctx := t.Context()
		ttl := func(s *live.Session) time.Duration { return client.TTL(ctx, s.ID()).Val() }
		s := create(t, sessions, visit)
		if got := ttl(s); got < 80*time.Second || got > 90*time.Second {
			t.Errorf("lives %v", got)
		}
		got, err := sessions.Load(ctx, s.ID())
		if err != nil || got.Visits() != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		expresscompat.EditCookie(got, func(c *expresscompat.Cookie) { c.MaxAge, c.Persistent = time.Hour, true })
		got.Touch()
		if err := got.Save(ctx); err != nil || ttl(s) < 59*time.Minute {
			t.Errorf("after a touch it lives %v, %v", ttl(s), err)
		}
		create(t, sessions, nil)
		if n, err := store.Len(ctx); n != 2 || err != nil {
			t.Errorf("%d sessions, %v", n, err)
		}
		var ids []string
		for id, err := range store.IDs(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, prefix+id)
		}
		if len(ids) != 2 || !slices.Contains(ids, s.ID()) {
			t.Errorf("ids %q", ids)
		}
		n := 0
		for each, err := range sessions.List(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			n += each.Visits()
		}
		if n != 1 {
			t.Errorf("all sessions have %d visits", n)
		}
		if err := sessions.Destroy(ctx, s.ID()); err != nil || client.Exists(ctx, s.ID()).Val() != 0 {
			t.Errorf("destroyed: %v", err)
		}
		if err := store.Clear(ctx); err != nil {
			t.Error(err)
		}
		if n, err := store.Len(ctx); n != 0 || err != nil {
			t.Errorf("after Clear %d sessions, %v", n, err)
		}
	})
	t.Run("a thousand keys", func(t *testing.T) {
		_, prefix, client := sharedRedis(t)
		store, _ := redisSite(t, client, expresscompat.Options{Prefix: prefix + "[a*?]\\", ScanCount: 10})
		pipe := client.Pipeline()
		for i := range 1000 {
			pipe.Set(t.Context(), fmt.Sprintf("%s[a*?]\\%d", prefix, i), "{}", time.Minute)
			pipe.Set(t.Context(), fmt.Sprintf("%sab\\%d", prefix, i), "{}", time.Minute) // of another prefix
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := store.Len(t.Context()); n != 1000 || err != nil {
			t.Errorf("%d keys, %v", n, err)
		}
		for range store.IDs(t.Context()) {
			break // and no more is asked
		}
	})
	t.Run("an end that has passed", func(t *testing.T) {
		_, prefix, client := sharedRedis(t)
		_, sessions := redisSite(t, client, expresscompat.Options{Prefix: prefix})
		s := create(t, sessions, visit)
		expresscompat.EditCookie(s, func(c *expresscompat.Cookie) { c.MaxAge, c.Persistent = -time.Second, true })
		visit(s)
		if err := s.Save(t.Context()); err != nil || client.Exists(t.Context(), s.ID()).Val() != 0 {
			t.Errorf("it is still there: %v", err)
		}
	})
	t.Run("TTLFor always wins", func(t *testing.T) {
		_, prefix, client := sharedRedis(t)
		_, sessions := redisSite(t, client, expresscompat.Options{Prefix: prefix, Cookie: expresscompat.CookieOptions{MaxAge: time.Hour},
			TTLFor: func(record []byte) time.Duration {
				if !strings.Contains(string(record), `"visits":1`) {
					t.Errorf("record %s", record)
				}
				return 10 * time.Second
			}})
		if got := client.TTL(t.Context(), create(t, sessions, visit).ID()).Val(); got != 10*time.Second {
			t.Errorf("lives %v", got)
		}
	})
	t.Run("for ever", func(t *testing.T) {
		_, prefix, client := sharedRedis(t)
		_, sessions := redisSite(t, client, expresscompat.Options{Prefix: prefix, DisableTTL: true})
		s := create(t, sessions, visit)
		visit(s)
		s.Touch()
		if err := s.Save(t.Context()); err != nil || client.TTL(t.Context(), s.ID()).Val() != -1 {
			t.Errorf("lives %v, %v", client.TTL(t.Context(), s.ID()).Val(), err)
		}
	})
}

// An answer that was lost is not followed by a second write of the client's own:
// an add is never applied twice.
func TestLostAnswer(t *testing.T) {
	server := testserver.StartRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: 3, ReadTimeout: 300 * time.Millisecond})
	defer client.Close()
	loser := &answerLoser{}
	client.AddHook(loser)
	_, sessions := redisSite(t, client, expresscompat.Options{})
	s := create(t, sessions, visit)
	loser.lose = true
	visit(s)
	if err := s.Save(t.Context()); err != nil {
		t.Errorf("the outcome is looked up: %v", err)
	}
	if got := client.Get(t.Context(), s.ID()).Val(); !strings.HasSuffix(got, `"visits":2}`) {
		t.Errorf("stored %s", got)
	}
	if loser.writes != 1 {
		t.Errorf("%d writes", loser.writes)
	}
	// An outage is no new visitor.
	server.Kill()
	if _, err := sessions.Load(context.Background(), s.ID()); !errors.Is(err, runtime.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// unlisted is a store that can't list.
type unlisted struct{ s *memstore.Store }

func (u unlisted) Bind(runtime.Setup) (runtime.Parts, error) {
	return runtime.Parts{Records: struct{ runtime.Records }{u.s}, Local: true}, nil
}

// answerLoser loses the answer of a write.
type answerLoser struct {
	recorder
	lose   bool
	writes int
}

func (l *answerLoser) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if name := cmd.Name(); l.lose && err == nil && (name == "eval" || name == "evalsha") {
			l.writes++
			err = errors.New("connection reset")
			cmd.SetErr(err)
		}
		return err
	}
}

// A cluster has the record and its script on one server.
func TestManyServers(t *testing.T) {
	a, b := testserver.StartRedis(t), testserver.StartRedis(t)
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": a.Addr, "b": b.Addr}})
	defer ring.Close()
	store, sessions := redisSite(t, ring, expresscompat.Options{})
	for range 20 {
		s := create(t, sessions, visit)
		visit(s)
		if err := s.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := store.Len(t.Context()); n != 20 || err != nil {
		t.Errorf("%d sessions, %v", n, err)
	}
	if err := store.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	if n, _ := store.Len(t.Context()); n != 0 {
		t.Errorf("%d sessions after Clear", n)
	}
}

// A store whose manager is not there yet, or that can't list, says so.
func TestListErrors(t *testing.T) {
	store := expresscompat.New(anyClient(t), expresscompat.Options{Secrets: []string{"s"}})
	if _, err := store.Len(t.Context()); err == nil {
		t.Error("without a manager")
	}
	if err := store.Explain(t.Context(), new(http.Request)); err == nil {
		t.Error("without a manager")
	}
	memory := memstore.New()
	defer memory.Close()
	store = expresscompat.Over(unlisted{memory}, expresscompat.Options{Secrets: []string{"s"}})
	if _, err := live.NewSessions(store, runtime.Config{}); err != nil {
		t.Fatal(err)
	}
	if err := store.Clear(t.Context()); !errors.Is(err, runtime.ErrNoIndex) {
		t.Errorf("got %v", err)
	}
}
