package sessions

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sessiongen/sessiongen/bench/apps"
	"github.com/sessiongen/sessiongen/bench/overlap"
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
		n, err := overlap.Lost(ctx, server, s.clients, s.adds)
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
		alive, err := overlap.Revived(server)
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
