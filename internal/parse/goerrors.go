package parse

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/sessiongen/sessiongen/internal/model"
)

// What the go command says when it can't load packages is passed on in its own
// words, once, and with its position if it gives one.

// asked returns the error of a load that gave no packages at all.
func (l *loader) asked(err error, patterns []string) error {
	if l.ctx.Err() != nil {
		return l.ctx.Err()
	}
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("loading %s: packages are found by the go command, which is not there; install Go, or add its bin directory to PATH", strings.Join(patterns, " "))
	}
	msg := err.Error()
	if _, said, ok := strings.Cut(msg, "stderr: "); ok && strings.TrimSpace(said) != "" {
		msg = said
	}
	msg = strings.TrimSpace(msg)
	if list := positioned(msg, l.opts.Dir); len(list) > 0 {
		return list.sorted()
	}
	return fmt.Errorf("loading %s: %s; correct that first, which go list shows too", strings.Join(patterns, " "), oneLine(msg))
}

// oneLine is what the go command says in one line: it puts the command that it
// wants to be run on a line of its own.
func oneLine(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\n\t", " "), "\n", "; ")
}

var atLine = regexp.MustCompile(`^(.+?):(\d+)(?::(\d+))?: (.+)$`)

// positioned reads what the go command says about a go.mod or go.work that it
// can't read: a headline, and under it one line an error.
func positioned(msg, dir string) (list Errors) {
	headline, rest, _ := strings.Cut(msg, "\n")
	if !strings.HasPrefix(headline, "go: ") || !strings.HasSuffix(headline, ":") {
		return nil
	}
	for line := range strings.Lines(rest) {
		m := atLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			return nil
		}
		pos := model.Position{File: m[1]}
		if !filepath.IsAbs(pos.File) {
			if abs, err := filepath.Abs(filepath.Join(dir, pos.File)); err == nil {
				pos.File = abs
			}
		}
		pos.Line, _ = strconv.Atoi(m[2])
		pos.Col, _ = strconv.Atoi(m[3])
		list = append(list, Error{pos, m[4]})
	}
	return list
}

// unnamed returns what is wrong with patterns that name no package.
func (l *loader) unnamed(pkgs []*packages.Package, patterns []string) (errs Errors) {
	if len(pkgs) == 0 {
		errs = append(errs, Error{Msg: fmt.Sprintf("%s: no packages match; give a directory, such as ./shop, or ./...", strings.Join(patterns, " "))})
	}
	for _, pkg := range pkgs {
		if len(pkg.GoFiles) > 0 {
			continue
		}
		for _, err := range pkg.Errors {
			if strings.HasPrefix(err.Msg, "# ") {
				continue // the compiler's complaints about a package that we read ourselves
			}
			errs = append(errs, Error{parsePosition(err.Pos), firstLine(err.Msg)})
		}
	}
	if len(errs) > 0 && outsideModules(l.ctx, l.opts) {
		return Errors{{Msg: fmt.Sprintf("%s: no go.mod here or in a directory above: there is no module to look in; change to a module's directory, or run go mod init", strings.Join(patterns, " "))}}
	}
	return errs
}

// outsideModules tells whether the go command finds no go.mod. It is asked only
// when something is wrong, since it takes as long as a small load.
func outsideModules(ctx context.Context, opts Options) bool {
	cmd := exec.CommandContext(ctx, "go", "env", "GOMOD")
	cmd.Dir, cmd.Env = opts.Dir, opts.Env
	out, err := cmd.Output()
	return err == nil && strings.TrimSpace(string(out)) == os.DevNull
}

// firstLine is the beginning of what the go command says, with the lines that
// belong to it: the command that it wants to be run is on one of its own.
func firstLine(s string) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(s), "\n")
	for more := range strings.Lines(rest) {
		if !strings.HasPrefix(more, "\t") {
			break
		}
		line += " " + strings.TrimSpace(more)
	}
	return line
}
