package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sessiongen/sessiongen/internal/parse"
)

// flagError says what the flag package found wrong in the form of all other
// errors: one line, with a way out.
func flagError(f *flag.FlagSet, err error) error {
	said := err.Error()
	if name, ok := strings.CutPrefix(said, "flag provided but not defined: -"); ok {
		var names []string
		f.VisitAll(func(known *flag.Flag) { names = append(names, "-"+known.Name) })
		return fmt.Errorf("unknown flag -%s; %s", name, parse.DidYouMean("-"+name, names))
	}
	if name, ok := strings.CutPrefix(said, "flag needs an argument: -"); ok {
		return fmt.Errorf("flag -%s needs a value; write one after it", name)
	}
	if value, ok := strings.CutPrefix(said, "invalid boolean value "); ok {
		value, _, _ = strings.Cut(value, ":")
		value, name, _ := strings.Cut(value, " for ")
		return fmt.Errorf("flag %s is on or off, and %s is neither; write %s alone", name, value, name)
	}
	return fmt.Errorf("%s: a flag is a dash and a name; see %s -h", said, f.Name())
}

// meantKeygen replaces the error for a package called keygn or the like.
func (c *command) meantKeygen(err error) error {
	const keygen = "keygen"
	p := c.patterns[0]
	if len(c.patterns) > 1 || parse.Closest(p, []string{keygen}) == "" {
		return err
	}
	if _, serr := os.Stat(filepath.Join(c.dir, p)); !errors.Is(serr, os.ErrNotExist) {
		return err
	}
	return fmt.Errorf("unknown package %s; did you mean %s?", p, keygen)
}

// parse parses the flags of args. It tells whether the run is over, and with
// which status: help was asked for, or a flag is wrong.
func (c *command) parse(f *flag.FlagSet, args []string, usage string) (done bool, code int) {
	f.SetOutput(io.Discard) // what is wrong is said in one line
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(c.stderr, usage)
		f.SetOutput(c.stderr)
		f.PrintDefaults()
		return true, same
	case err != nil:
		return true, c.fail(flagError(f, err))
	}
	return false, same
}
