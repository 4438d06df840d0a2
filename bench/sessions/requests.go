package sessions

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sessiongen/sessiongen/bench/apps"
	"github.com/sessiongen/sessiongen/bench/measure"
	"github.com/sessiongen/sessiongen/bench/table"
)

// requests measures requests in the process, without a network: over memory and
// over a sealed cookie.
func requests(ctx context.Context, s size) ([]row, *table.Table, error) {
	detail := &table.Table{
		Title:   "One request in the process",
		Columns: []string{"request", "library", "time", "bytes", "allocations", "to the limit"},
	}
	memory, err := measureApps(ctx, s, apps.MemoryLimit, apps.SCS, apps.Memory)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := measureApps(ctx, s, apps.SealedLimit, apps.GorillaCookies, apps.Sealed)
	if err != nil {
		return nil, nil, err
	}
	var rows []row
	for _, c := range []struct {
		store, kind, peer string
		results           []measure.Result
		faster, slower    float64 // at least so many times faster than the peer, at most so many times the limit
	}{
		{"memory", "full", "scs", memory["full"], 28, 1.5 / 0.39},
		{"memory", "read", "scs", memory["read"], 28, 0.9 / 0.15},
		{"memory", "anon", "scs", memory["anon"], 0, 0.3 / 0.12},
		{"sealed cookie", "full", "gorilla", sealed["full"], 15, 3.6 / 1.44},
		{"sealed cookie", "read", "gorilla", sealed["read"], 15, 1.8 / 0.72},
	} {
		limit, peer, ours := c.results[0], c.results[1], c.results[2]
		for _, r := range c.results {
			detail.Add(c.store+", "+c.kind, r.Name, table.Nanos(r.Nanos), fmt.Sprintf("%.0f", r.Bytes), fmt.Sprintf("%.0f", r.Allocs), fmt.Sprintf("%.1f", r.Nanos/limit.Nanos))
		}
		bound := fmt.Sprintf("%.1f of limit", c.slower)
		if c.faster > 0 {
			bound = fmt.Sprintf("%.0f times %s, ", c.faster, c.peer) + bound
		}
		rows = append(rows, row{
			what:  c.store + ", " + c.kind,
			limit: table.Nanos(limit.Nanos),
			peer:  fmt.Sprintf("%s %s, %.0f allocations", c.peer, table.Nanos(peer.Nanos), peer.Allocs),
			ours:  fmt.Sprintf("%s, %.0f; %.0f times %s, %.1f of limit", table.Nanos(ours.Nanos), ours.Allocs, peer.Nanos/ours.Nanos, c.peer, ours.Nanos/limit.Nanos),
			bound: bound,
			holds: peer.Nanos >= c.faster*ours.Nanos && ours.Nanos <= c.slower*limit.Nanos,
		})
	}
	return rows, detail, nil
}

// measureApps measures full, read and anon requests of each application.
func measureApps(ctx context.Context, s size, makers ...func() (*apps.App, error)) (map[string][]measure.Result, error) {
	contenders := map[string][]measure.Contender{}
	for _, make := range makers {
		a, err := make()
		if err != nil {
			return nil, err
		}
		defer a.Close()
		client, err := apps.NewClient(a)
		if err != nil {
			return nil, err
		}
		known, unknown := client.Request(), client.Request()
		unknown.Header.Del("Cookie")
		for kind, c := range map[string]struct {
			handler http.Handler
			request *http.Request
		}{"full": {a.Full, known}, "read": {a.Read, known}, "anon": {a.Read, unknown}} {
			contenders[kind] = append(contenders[kind], measure.Contender{Name: a.Name, Run: apps.Repeat(c.handler, c.request)})
		}
	}
	results := map[string][]measure.Result{}
	for kind, c := range contenders {
		results[kind] = measure.InTurns(ctx, s.rounds, s.slice, c...)
	}
	return results, nil
}

// cookies measures the size of the cookies that are sent.
func cookies(_ context.Context, _ size) ([]row, *table.Table, error) {
	length := func(make func() (*apps.App, error)) (int, error) {
		a, err := make()
		if err != nil {
			return 0, err
		}
		defer a.Close()
		w := (&apps.Client{}).Do(a.Login)
		return len(w.Header().Get("Set-Cookie")), nil
	}
	var n [6]int
	for i, make := range []func() (*apps.App, error){apps.SealedLimit, apps.GorillaCookies, apps.Sealed, apps.MemoryLimit, apps.SCS, apps.Memory} {
		var err error
		if n[i], err = length(make); err != nil {
			return nil, nil, err
		}
	}
	bytes := func(n int) string { return fmt.Sprintf("%d B", n) }
	return []row{
		{"Set-Cookie, sealed", bytes(n[0]), "gorilla " + bytes(n[1]), bytes(n[2]), "480 B", n[2] <= 480},
		{"Set-Cookie, id only", bytes(n[3]), "scs " + bytes(n[4]), bytes(n[5]), "130 B", n[5] <= 130},
	}, nil, nil
}
