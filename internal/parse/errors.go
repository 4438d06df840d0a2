package parse

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// Error is one thing that is wrong with the source: what it is, why, and a way out.
type Error struct {
	Pos model.Position // the zero value where no file is to blame
	Msg string
}

// Error returns "file:line:col: msg", the file relative to the working
// directory if it lies below it.
func (e Error) Error() string {
	if e.Pos.File == "" {
		return e.Msg
	}
	if e.Pos.Line == 0 {
		return relative(e.Pos.File) + ": " + e.Msg
	}
	if e.Pos.Col == 0 {
		return fmt.Sprintf("%s:%d: %s", relative(e.Pos.File), e.Pos.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", relative(e.Pos.File), e.Pos.Line, e.Pos.Col, e.Msg)
}

// Errors is everything that is wrong in one run, sorted, each thing once.
type Errors []Error

// Error returns the errors one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the errors by file, line and column, without duplicates. It
// goes by the names that are shown, so that the order is the same wherever the
// module lies.
func (e Errors) sorted() Errors {
	shown := make(map[string]string)
	for _, err := range e {
		shown[err.Pos.File] = relative(err.Pos.File)
	}
	slices.SortFunc(e, func(a, b Error) int {
		return cmp.Or(
			cmp.Compare(shown[a.Pos.File], shown[b.Pos.File]),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Msg, b.Msg),
		)
	})
	return slices.Compact(e)
}

// relative shortens file if it lies below the working directory. The go
// command names files by their real path, so that a working directory reached
// through a symbolic link is tried under both names.
func relative(file string) string {
	wd, err := os.Getwd()
	if err != nil {
		return file
	}
	for _, dir := range []string{wd, realPath(wd)} {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return file
}

func realPath(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}
