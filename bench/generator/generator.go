// Package generator measures the sessiongen command as whole processes, beside
// go list of the same packages and beside other generators.
package generator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/bench/table"
)

// listTime is what go list of one package that imports net/http takes on the
// machine that the bounds are meant for. On another they are scaled by what
// it takes there, in the same rounds.
const listTime = 30 * time.Millisecond

// maxPeak bounds the memory of a run, in bytes.
const maxPeak = 300 << 20

// size is how much is measured.
type size struct {
	rounds    int
	shops     int // packages, each with a spec
	city      int // packages, one with a spec
	few, many int // fields
}

var full = size{rounds: 15, shops: 20, city: 500, few: 20, many: 250}

// Run measures in so many rounds, 0 for the usual number.
func Run(ctx context.Context, rounds int) ([]table.Table, error) {
	s := full
	if rounds > 0 {
		s.rounds = rounds
	}
	return measure(ctx, s)
}

// runs are the contests, by what they show.
type runs struct {
	one, tool, first, edited contest
	shops, city              contest
	few, wide                contest
	peers                    contest
}

func (r *runs) all() []*contest {
	return []*contest{&r.one, &r.tool, &r.first, &r.edited, &r.shops, &r.city, &r.few, &r.wide, &r.peers}
}

func measure(ctx context.Context, s size) (tables []table.Table, err error) {
	w, err := newWorkshop(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var r runs
	if err := r.prepare(ctx, w, s); err != nil {
		return nil, err
	}
	const warmUp = 2
	for i := range warmUp + s.rounds {
		for _, c := range r.all() {
			if err := c.round(ctx, i >= warmUp); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return r.report(s)
}

// prepare writes the modules and says what is run in them.
func (r *runs) prepare(ctx context.Context, w *workshop, s size) error {
	ours := w.tool("sessiongen")
	for _, m := range []struct {
		c     *contest
		name  string
		files map[string]string
		args  []string
		what  string
	}{
		{&r.one, "shop", oneShop(), []string{ours}, "one package that imports net/http"},
		{&r.tool, "tool", oneShop(), []string{"go", "tool", "sessiongen"}, "the same, by way of go tool"},
		{&r.first, "first", oneShop(), []string{ours}, "the same, the output missing"},
		{&r.edited, "edited", oneShop(), []string{ours}, "the same, a field added before"},
		{&r.shops, "shops", shops(s.shops), []string{ours, "./..."}, fmt.Sprintf("%d packages", s.shops)},
		{&r.city, "city", city(s.city), []string{ours, "./..."}, fmt.Sprintf("%d packages, one with a spec", s.city)},
		{&r.few, "few", wide(s.few), []string{ours, "-v"}, fmt.Sprintf("a spec of %d fields", s.few)},
		{&r.wide, "wide", wide(s.many), []string{ours, "-v"}, fmt.Sprintf("a spec of %d fields", s.many)},
	} {
		dir, err := w.module(ctx, m.name, m.files)
		if err != nil {
			return err
		}
		pattern := "."
		if m.args[len(m.args)-1] == "./..." {
			pattern = "./..."
		}
		*m.c = contest{name: m.what, list: program{dir, []string{"go", "list", pattern}}, tools: []program{{dir, m.args}}, dir: dir}
	}
	r.first.change(func(dir string) error {
		if err := os.Remove(filepath.Join(dir, "session_gen.go")); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
	edits := 0
	r.edited.change(func(dir string) error {
		edits++
		spec := strings.Replace(oneShop()["shop.go"], "\tVisits  int\n", fmt.Sprintf("\tVisits  int\n\tEdit%d int\n", edits), 1)
		return write(filepath.Join(dir, "shop.go"), spec)
	})
	dir, err := w.module(ctx, "peers", peers())
	if err != nil {
		return err
	}
	r.peers = contest{name: "peers", list: program{dir, []string{"go", "list", "."}}, tools: []program{
		{dir, []string{w.tool("stringer"), "-type=Kind", "-output=" + w.tool("stringer.out")}},
		{dir, []string{w.tool("moq"), "-out=" + w.tool("moq.out"), ".", "Mailer"}},
		{dir, []string{w.tool("goverter"), "gen", "."}},
	}}
	return nil
}
