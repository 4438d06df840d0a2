// Package stores measures the stores that need a server or a file, beside those
// of other libraries on the same server: requests, lost updates, late saves, and
// a large table. A server that is not there is left out, with a note.
package stores

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sessiongen/sessiongen/bench/apps"
	"github.com/sessiongen/sessiongen/bench/measure"
	"github.com/sessiongen/sessiongen/bench/overlap"
	"github.com/sessiongen/sessiongen/bench/table"
)

// Rows is how many rows the large tables get if nobody says.
const Rows = 1_000_000

// size is how large the measurements are: their tests make them small.
type size struct {
	rounds  int
	slice   time.Duration // of one contender in a round
	clients int           // of one session
	adds    int           // of each client
	rows    int           // of a large table
	looks   int           // look-ups in it
	expired int           // rows of one sweep
}

// backend is a server, or a file, with the applications that keep their
// sessions there.
type backend struct {
	name  string
	limit *apps.App // nil for none
	peers []*apps.App
	ours  *apps.App

	// bound is how much of the limit's time ours may take, or of the fastest
	// peer's if there is no limit.
	bound float64

	close func() error
}

// errMissing says that a server is not there, and what to install.
type errMissing struct{ what, install string }

func (e *errMissing) Error() string { return "No " + e.what + ": " + e.install + "." }

// Run measures everything, in so many rounds, 0 for as many as the figures need,
// and with tables of so many rows.
func Run(ctx context.Context, rounds, rows int) ([]table.Table, error) {
	if rows < 100 {
		return nil, fmt.Errorf("%d rows are too few: a hundredth of them is measured too, so that it needs 100", rows)
	}
	return run(ctx, size{rounds: rounds, slice: 150 * time.Millisecond, clients: 64, adds: 50, rows: rows, looks: 2000, expired: 5000})
}

func run(ctx context.Context, s size) ([]table.Table, error) {
	t := table.Table{
		Title:   "Stores beside those of other libraries",
		Columns: []string{"store, request", "limit", "peers", "ours", "ratio", "bound", "holds"},
		Notes: []string{
			"Full reads all fields, adds a visit and saves; read changes nothing. Limit is GET, and for a full request a compare-and-set by",
			"EVALSHA, written by hand. Times are medians of rounds in which all took turns, of one client in the process. The program pins",
			"nothing to a core; taskset does, also the Redis server that it starts. The ratio is that to the limit, or to the fastest",
			"peer, of which none compares before it sets.",
		},
	}
	races := table.Table{
		Title:   "Requests that overlap",
		Columns: []string{"store, what", "peers", "ours", "bound", "holds"},
	}
	large := largeTable(s)
	for _, open := range []func(context.Context) (*backend, error){openRedis, openPostgres, openMariaDB, openSQLite} {
		b, err := open(ctx)
		var missing *errMissing
		if errors.As(err, &missing) {
			t.Notes = append(t.Notes, missing.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		err = b.measure(ctx, s, &t)
		if err == nil {
			err = b.overlaps(ctx, s, &races)
		}
		if err = errors.Join(err, b.close()); err != nil {
			return nil, fmt.Errorf("%s: %w", b.name, err)
		}
	}
	for _, open := range []func(context.Context) (*database, error){largePostgres, largeSQLite} {
		d, err := open(ctx)
		var missing *errMissing
		if errors.As(err, &missing) {
			continue // the note is there already
		}
		if err != nil {
			return nil, err
		}
		err = d.measure(ctx, s, &large)
		if err = errors.Join(err, d.close()); err != nil {
			return nil, fmt.Errorf("a large table of %s: %w", d.name, err)
		}
	}
	return []table.Table{t, races, large}, nil
}

// measure measures full and read requests.
func (b *backend) measure(ctx context.Context, s size, t *table.Table) error {
	all := append([]*apps.App{}, b.peers...)
	if b.limit != nil {
		all = append(all, b.limit)
	}
	all = append(all, b.ours)
	var full, read []measure.Contender
	for _, a := range all {
		c, err := apps.NewClient(a)
		if err != nil {
			return err
		}
		before, err := c.Count(a)
		if err != nil {
			return err
		}
		apps.Repeat(a.Full, c.Request())(1)
		if after, err := c.Count(a); err != nil {
			return err
		} else if after != before+1 {
			return fmt.Errorf("%s: a full request made %d visits of %d", a.Name, after, before)
		}
		full = append(full, measure.Contender{Name: a.Name, Run: apps.Repeat(a.Full, c.Request())})
		read = append(read, measure.Contender{Name: a.Name, Run: apps.Repeat(a.Read, c.Request())})
	}
	for _, kind := range []struct {
		name       string
		contenders []measure.Contender
	}{{"full", full}, {"read", read}} {
		r := measure.InTurns(ctx, s.rounds, s.slice, kind.contenders...)
		if err := ctx.Err(); err != nil {
			return err
		}
		peers, limit, base := "", "-", r[0].Nanos
		for i := range b.peers {
			if i > 0 {
				peers += ", "
			}
			peers += r[i].Name + " " + table.Nanos(r[i].Nanos)
			base = min(base, r[i].Nanos)
		}
		bound := fmt.Sprintf("%.2f of the peer", b.bound)
		if b.limit != nil {
			base = r[len(b.peers)].Nanos
			limit, bound = table.Nanos(base), fmt.Sprintf("%.2f of limit", b.bound)
		}
		ours := r[len(r)-1].Nanos
		t.Add(b.name+", "+kind.name, limit, peers, table.Nanos(ours), fmt.Sprintf("%.2f", ours/base), bound, table.Yes(ours <= b.bound*base))
	}
	return nil
}

// overlaps measures lost updates and late saves. What fails at a peer is shown,
// not an error.
func (b *backend) overlaps(ctx context.Context, s size, t *table.Table) error {
	var lost, late [2]string // of peers and ours
	for i, a := range append(append([]*apps.App{}, b.peers...), b.ours) {
		ours := i == len(b.peers)
		server, err := apps.Serve(a)
		if err != nil {
			return err
		}
		n, errLost := overlap.Lost(ctx, server, s.clients, s.adds)
		alive, errLate := false, error(nil)
		if ctx.Err() == nil {
			alive, errLate = overlap.Revived(server)
		}
		if err := errors.Join(server.Close(), ctx.Err()); err != nil {
			return err
		}
		if err := errors.Join(errLost, errLate); err != nil && ours {
			return err
		}
		lostCell, lateCell := fmt.Sprint(n), map[bool]string{true: "alive", false: "dead"}[alive]
		if errLost != nil {
			lostCell = "requests fail"
		}
		if errLate != nil {
			lateCell = "requests fail"
		}
		if ours {
			lost[1], late[1] = lostCell, lateCell
			continue
		}
		if i > 0 {
			lost[0], late[0] = lost[0]+", ", late[0]+", "
		}
		lost[0] += a.Name + " " + lostCell
		late[0] += a.Name + " " + lateCell
	}
	t.Add(fmt.Sprintf("%s, %d clients x %d adds, lost", b.name, s.clients, s.adds), lost[0], lost[1], "0", table.Yes(lost[1] == "0"))
	t.Add(b.name+", logout, then a late save", late[0], late[1], "dead", table.Yes(late[1] == "dead"))
	return nil
}
