package sessions

import (
	"context"
	"fmt"

	"github.com/alexedwards/scs/v2"
	"github.com/gorilla/sessions"

	"github.com/sessiongen/sessiongen/bench/measure"
	"github.com/sessiongen/sessiongen/bench/table"
	"github.com/sessiongen/sessiongen/bench/workload"
)

// byHand is what a typed session is at least: a struct that knows what was set.
type byHand struct {
	visits           int
	present, changed uint64
}

func (s *byHand) get() int { return s.visits }
func (s *byHand) set(n int) {
	s.visits = n
	s.present |= 1
	s.changed |= 1
}

// fields measures reading and setting one field.
func fields(ctx context.Context, s size) ([]row, *table.Table, error) {
	ours, hand := new(workload.Session), new(byHand)
	untyped := sessions.NewSession(nil, "session")
	untyped.Values["visits"] = 0
	manager := scs.New()
	loaded, err := manager.Load(context.Background(), "")
	if err != nil {
		return nil, nil, err
	}
	manager.Put(loaded, "visits", 0)
	r := measure.InTurns(ctx, s.rounds, s.slice,
		measure.Contender{Name: "limit", Run: func(n int) {
			for range n {
				hand.set(hand.get() + 1)
			}
			use(hand.get())
		}},
		measure.Contender{Name: "gorilla/sessions", Run: func(n int) {
			for range n {
				visits, _ := untyped.Values["visits"].(int)
				untyped.Values["visits"] = visits + 1
			}
		}},
		measure.Contender{Name: "scs", Run: func(n int) {
			for range n {
				manager.Put(loaded, "visits", manager.GetInt(loaded, "visits")+1)
			}
		}},
		measure.Contender{Name: "ours", Run: func(n int) {
			for range n {
				ours.SetVisits(ours.Visits() + 1)
			}
			use(ours.Visits())
		}})
	limit, gorilla, other, mine := r[0], r[1], r[2], r[3]
	return []row{{
		what:  "get and set of a field",
		limit: table.Nanos(limit.Nanos),
		peer:  fmt.Sprintf("gorilla %s, scs %s", table.Nanos(gorilla.Nanos), table.Nanos(other.Nanos)),
		ours:  fmt.Sprintf("%s, %.0f allocations", table.Nanos(mine.Nanos), mine.Allocs),
		bound: "1.16 of limit, no allocation",
		holds: mine.Nanos <= 1.16*limit.Nanos && mine.Allocs < 0.5,
	}}, nil, nil
}

// use is given what was read, so that the compiler can't leave the reads out.
func use(n int) {
	if n < 0 {
		panic("there are less than no visits")
	}
}
