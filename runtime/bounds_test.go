package runtime_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestSlowStoreWait(t *testing.T) {
	hang := &hangStore{spyStore: spyStore{Store: newMemory(t)}}
	app := newApp(t, hang, func(c *sess.Config) { c.StoreTimeout = 50 * time.Millisecond })
	br := app.browser()
	br.see(func(s *shop.Session) { s.SetVisits(7) })
	hang.on = true
	var wg sync.WaitGroup
	start := time.Now()
	for range 40 { // one after the other they would take six seconds and more
		wg.Go(func() {
			br.app.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { s.AddVisits(1) }).ServeHTTP(newRecorder(), br.request())
		})
	}
	wg.Wait()
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("the slowest of 40 requests took %v with a store timeout of 50ms", d)
	}
}

type hangStore struct {
	spyStore
	on bool
}

func TestSaveUnderACancelledContext(t *testing.T) {
	failed := 0
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.SetVisits(1) })
	for range 50 {
		br.see(func(s *shop.Session) {
			gone, cancel := context.WithCancel(ctx())
			cancel()
			s.AddVisits(1)
			if s.Save(gone) != nil {
				failed++
			}
		})
	}
	if failed != 0 && failed != 50 {
		t.Errorf("Save with a cancelled context fails %d of 50 times", failed)
	}
}

func (s *hangStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.spyStore.Bind(setup)
	parts.Records = s
	return parts, err
}

func (s *hangStore) Update(ctx context.Context, key string, old, rec sess.Record) error {
	if s.on {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.spyStore.Update(ctx, key, old, rec)
}
