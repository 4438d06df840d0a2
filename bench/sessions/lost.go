package sessions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/sessiongen/sessiongen/bench/apps"
	"github.com/sessiongen/sessiongen/bench/table"
)

// serverSide are the applications that keep sessions on the server, as HTTP
// servers. Calling end closes them.
func serverSide() (servers []*apps.Server, end func() error, err error) {
	dir, err := os.MkdirTemp("", "gorilla-sessions")
	if err != nil {
		return nil, nil, err
	}
	end = func() error {
		var errs []error
		for _, s := range servers {
			errs = append(errs, s.Close())
		}
		return errors.Join(append(errs, os.RemoveAll(dir))...)
	}
	add := func(s *apps.Server, err error) error {
		if err == nil {
			servers = append(servers, s)
		}
		return err
	}
	for _, make := range []func() (*apps.App, error){apps.Memory, apps.SCS, func() (*apps.App, error) { return apps.GorillaFiles(dir) }} {
		a, err := make()
		if err == nil {
			err = add(apps.Serve(a))
		}
		if err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	if err := add(apps.ServeFiber(apps.NewFiber())); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return servers, end, nil
}

// lost measures how many of the adds of parallel clients on one session are lost.
func lost(ctx context.Context, s size) ([]row, *table.Table, error) {
	servers, end, err := serverSide()
	if err != nil {
		return nil, nil, err
	}
	var peers string
	var ours int
	for i, server := range servers {
		n, err := storm(ctx, server, s)
		if err != nil {
			return nil, nil, errors.Join(err, end())
		}
		switch {
		case i == 0:
			ours = n
		case i > 1:
			peers += ", "
			fallthrough
		default:
			peers += fmt.Sprintf("%s %d", server.Name, n)
		}
	}
	total := s.clients * s.adds
	return []row{{
		what:  fmt.Sprintf("%d clients x %d adds of one session, lost of %d", s.clients, s.adds, total),
		limit: none, peer: peers, ours: fmt.Sprint(ours), bound: "0", holds: ours == 0,
	}}, nil, end()
}

// storm lets clients add visits in parallel and returns how many are missing.
func storm(ctx context.Context, server *apps.Server, s size) (int, error) {
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
	errs := make([]error, s.clients)
	for i := range s.clients {
		wg.Go(func() {
			b := first.Copy()
			defer b.Close()
			for range s.adds {
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
	return s.clients*s.adds - (after - before), err
}

// late measures whether a session that was logged out comes back by the save of
// a request that was in flight.
func late(context.Context, size) ([]row, *table.Table, error) {
	servers, end, err := serverSide()
	if err != nil {
		return nil, nil, err
	}
	var peers string
	ours := ""
	for i, server := range servers {
		alive, err := revived(server)
		if err != nil {
			return nil, nil, errors.Join(err, end())
		}
		word := map[bool]string{true: "alive", false: "dead"}[alive]
		switch {
		case i == 0:
			ours = word
		case i > 1:
			peers += ", "
			fallthrough
		default:
			peers += server.Name + " " + word
		}
	}
	return []row{{what: "logout, then a late save", limit: none, peer: peers, ours: ours, bound: "dead", holds: ours == "dead"}}, nil, end()
}

// revived tells whether the session answers after its logout: to the cookie of
// before, or to the one that the late response set.
func revived(server *apps.Server) (bool, error) {
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
