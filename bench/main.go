// Bench measures sessiongen beside its peers and prints tables, each with the
// bound that a figure is to keep and whether it does.
//
//	go run . [-markdown] [-rounds n] [-rows n] [part ...]
//
// Without a part it runs all of them. It needs the modules in go.mod, and
// measures best on a machine that does nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/sessiongen/sessiongen/bench/generator"
	"github.com/sessiongen/sessiongen/bench/sessions"
	"github.com/sessiongen/sessiongen/bench/stores"
	"github.com/sessiongen/sessiongen/bench/table"
)

// part is a benchmark that can be asked for by its name.
type part struct {
	name, about string

	run func(ctx context.Context, s settings) ([]table.Table, error)
}

// settings are what the flags say of how to measure.
type settings struct {
	rounds int // 0 for as many as the figures need
	rows   int // of the large tables
}

var parts = []part{
	{"generator", "the command: time and memory of whole runs", inRounds(generator.Run)},
	{"sessions", "the runtime: fields, codecs, requests, memory, lost updates, servers", inRounds(sessions.Run)},
	{"stores", "Redis, PostgreSQL, MariaDB, SQLite: requests, lost updates, large tables", func(ctx context.Context, s settings) ([]table.Table, error) {
		return stores.Run(ctx, s.rounds, s.rows)
	}},
}

// inRounds is a part that needs to know no more than the rounds.
func inRounds(run func(context.Context, int) ([]table.Table, error)) func(context.Context, settings) ([]table.Table, error) {
	return func(ctx context.Context, s settings) ([]table.Table, error) { return run(ctx, s.rounds) }
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	markdown := f.Bool("markdown", false, "print tables as Markdown")
	rounds := f.Int("rounds", 0, "measure `n` times; 0 is as often as the figures need")
	rows := f.Int("rows", stores.Rows, "give the large tables of the stores `n` rows")
	f.Usage = func() {
		fmt.Fprint(stderr, "usage: go run . [flags] [part ...]\n\nThe parts are:\n")
		for _, p := range parts {
			fmt.Fprintf(stderr, "  %s\t%s\n", p.name, p.about)
		}
		fmt.Fprint(stderr, "\nThe flags are:\n")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(f.Args())
	if err != nil {
		return err
	}
	for _, p := range chosen {
		tables, err := p.run(ctx, settings{*rounds, *rows})
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for _, t := range tables {
			show := t.Text
			if *markdown {
				show = t.Markdown
			}
			if err := show(stdout); err != nil {
				return err
			}
		}
	}
	return nil
}

// choose returns the parts of these names, all of them for none.
func choose(names []string) ([]part, error) {
	if len(names) == 0 {
		return parts, nil
	}
	var chosen []part
	for _, name := range names {
		before := len(chosen)
		var known []string
		for _, p := range parts {
			known = append(known, p.name)
			if p.name == name {
				chosen = append(chosen, p)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("no part is called %s; the parts are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}
