// Package sessions measures the runtime beside its peers and beside code
// written by hand for the same job: fields, codecs, requests, a million sessions
// in memory, their expiry, lost updates, late saves, and whole HTTP servers.
package sessions

import (
	"context"
	"time"

	"github.com/sessiongen/sessiongen/bench/table"
)

// size is how large the measurements are: their tests make them small.
type size struct {
	rounds   int
	slice    time.Duration // of one contender in a round
	records  int           // in memory
	clients  int           // of one session
	adds     int           // of each client
	browsers int           // of the HTTP servers, each with a session of its own
}

var full = size{slice: 60 * time.Millisecond, records: 1_000_000, clients: 64, adds: 50, browsers: 8}

// row is a line of the table. Each cell is as it is printed.
type row struct {
	what, limit, peer, ours, bound string
	holds                          bool
}

// Run measures everything, in so many rounds, 0 for as many as the figures need.
func Run(ctx context.Context, rounds int) ([]table.Table, error) {
	s := full
	s.rounds = rounds
	return run(ctx, s)
}

func run(ctx context.Context, s size) ([]table.Table, error) {
	t := table.Table{
		Title:   "The runtime beside its peers",
		Columns: []string{"what", "limit", "best peer", "ours", "bound", "holds"},
		Notes: []string{
			"The session has eight fields: an int, four strings, three roles, a time, a cart of five items, a bool. Limit is the least code",
			"written by hand that does the job. Full reads all fields, adds a visit and saves; read changes nothing; anon is a visitor without",
			"a session who changes nothing. Times are medians of rounds in which all took turns.",
		},
	}
	var detail []table.Table
	for _, part := range []func(context.Context, size) ([]row, *table.Table, error){
		fields, codecs, requests, cookies, million, expiry, lost, late, servers,
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, more, err := part(ctx, s)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			t.Add(r.what, r.limit, r.peer, r.ours, r.bound, table.Yes(r.holds))
		}
		if more != nil {
			detail = append(detail, *more)
		}
	}
	return append([]table.Table{t}, detail...), nil
}

const none = "-"
