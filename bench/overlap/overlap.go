// Package overlap shows what becomes of requests of one session that overlap:
// whether updates are lost, and whether a late save brings a session back.
package overlap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sessiongen/sessiongen/bench/apps"
)

// Lost lets clients add visits to one session in parallel, each so many, and
// returns how many are missing.
func Lost(ctx context.Context, server *apps.Server, clients, adds int) (int, error) {
	first := apps.NewBrowser()
	defer first.Close()
	if _, _, err := first.Get(server, "/login", true); err != nil {
		return 0, err
	}
	before, err := first.Visits(server)
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	errs := make([]error, clients)
	for i := range clients {
		wg.Go(func() {
			b := first.Copy()
			defer b.Close()
			for range adds {
				status, body, err := b.Get(server, "/full", false)
				if err == nil && status != 204 {
					err = fmt.Errorf("%s: a request was answered %d %q", server.Name, status, body)
				}
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	after, err := first.Visits(server)
	return clients*adds - (after - before), err
}

// Revived tells whether the session answers after its logout: to the cookie of
// before, or to the one that the late response set.
func Revived(server *apps.Server) (bool, error) {
	slow := apps.NewBrowser()
	defer slow.Close()
	if _, _, err := slow.Get(server, "/login", true); err != nil {
		return false, err
	}
	before := slow.Copy()
	defer before.Close()
	loaded, resume := make(chan struct{}), make(chan struct{})
	server.SetBetween(func() {
		close(loaded)
		<-resume
	})
	done := make(chan error, 1)
	go func() {
		_, _, err := slow.Get(server, "/full", true)
		done <- err
	}()
	select {
	case <-loaded:
	case err := <-done:
		return false, fmt.Errorf("%s: the slow request ended early: %w", server.Name, err)
	case <-time.After(10 * time.Second):
		return false, fmt.Errorf("%s: the slow request does not begin", server.Name)
	}
	_, _, err := before.Get(server, "/logout", false)
	close(resume)
	if err := errors.Join(err, <-done); err != nil {
		return false, err
	}
	server.SetBetween(nil)
	for _, b := range []*apps.Browser{before, slow} {
		// A session of its own that the late request began has one visit.
		if n, err := b.Visits(server); err != nil || n > 1 {
			return n > 1, err
		}
	}
	return false, nil
}
