package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/bench/stores"
	"github.com/sessiongen/sessiongen/bench/table"
)

// The dispatcher runs what is asked for, in that order, and all for nothing.
func TestRun(t *testing.T) {
	old := parts
	t.Cleanup(func() { parts = old })
	one := func(name string) part {
		return part{name, "", func(_ context.Context, s settings) ([]table.Table, error) {
			if s.rounds != 3 {
				return nil, errors.New("wrong rounds")
			}
			if s.rows != stores.Rows && s.rows != 500 {
				return nil, errors.New("wrong rows")
			}
			return []table.Table{{Title: "of " + name, Columns: []string{"x"}}}, nil
		}}
	}
	parts = []part{one("first"), one("second")}
	for _, c := range []struct{ args, want, err string }{
		{args: "-rounds 3", want: "of first\n\nx  \n\nof second\n\nx  \n\n"},
		{args: "-rounds 3 -markdown second", want: "### of second\n\n| x   |\n| --- |\n\n"},
		{args: "-rounds 3 second first", want: "of second\n\nx  \n\nof first\n\nx  \n\n"},
		{args: "-rounds 3 third", err: "no part is called third; the parts are first, second"},
		{args: "-rounds 3 -rows 500 first", want: "of first\n\nx  \n\n"},
		{args: "-rounds 3 -rows 400 first", err: "first: wrong rows"},
		{args: "-rounds 2 first", err: "first: wrong rounds"},
	} {
		var out, errs strings.Builder
		err := run(t.Context(), strings.Fields(c.args), &out, &errs)
		switch {
		case (err != nil) != (c.err != "") || err != nil && err.Error() != c.err:
			t.Errorf("%s: %v, want %s", c.args, err, c.err)
		case err == nil && out.String() != c.want:
			t.Errorf("%s: %q, want %q", c.args, out.String(), c.want)
		}
	}
}
