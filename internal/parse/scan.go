package parse

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"
)

// scanned is what reading a package's files without parsing them tells.
type scanned struct {
	hit     bool     // a file holds a directive or what looks like one
	tests   bool     // a test file in its directory does, or is ours
	outputs []string // the unit's files that are ours, whatever their names
}

// scan reads the files of all packages; it is what keeps a run over a
// repository with few specs fast, since only the hit packages are type-checked.
func scan(ctx context.Context, pkgs []*packages.Package, tests bool) ([]scanned, error) {
	out := make([]scanned, len(pkgs))
	next := make(chan int)
	var readers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) { // files come from the page cache, or from a disk that waits
		readers.Go(func() {
			for i := range next {
				out[i] = scanUnit(pkgs[i])
				out[i].tests = tests && testsCount(packageDir(pkgs[i]))
			}
		})
	}
	for i := range pkgs {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	readers.Wait()
	return out, ctx.Err()
}

func scanUnit(pkg *packages.Package) (s scanned) {
	unit := unitOf(pkg)
	for _, file := range pkg.GoFiles {
		if !unit.holds(file) {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			continue // the go command or the parser says it better
		}
		if hasHeader(src) {
			s.outputs = append(s.outputs, file)
		} else if mayHoldDirective(src) {
			s.hit = true
		}
	}
	return s
}

// testsCount tells whether a directory has a test file that may hold a spec, or
// that is an output of ours.
func testsCount(dir string) bool {
	return slices.ContainsFunc(goFilesIn(dir), func(file string) bool {
		if !strings.HasSuffix(file, testSuffix) {
			return false
		}
		src, err := os.ReadFile(file)
		return err == nil && (hasHeader(src) || mayHoldDirective(src))
	})
}

// goFilesIn returns the Go files of a directory, those too that this load
// leaves out: tests, and files for other systems and tags.
func goFilesIn(dir string) (files []string) {
	if dir == "" {
		return nil
	}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, ".go") && name[0] != '_' && name[0] != '.' && !entry.IsDir() {
			files = append(files, filepath.Join(dir, name))
		}
	}
	return files
}

// longest is how much of a comment is looked at: a line of data may hold
// thousands of what look like comments.
const longest = 1 << 10

// mayHoldDirective tells whether src has a comment that is a directive or a
// near miss of one. It may be wrong, but only by saying yes: it takes the end
// of a string or of another comment for one.
func mayHoldDirective(src []byte) bool {
	for {
		i := bytes.IndexByte(src, '/')
		if i < 0 || i+1 == len(src) {
			return false
		}
		src = src[i:]
		if (src[1] == '/' || src[1] == '*') && longWord(src[2:]) {
			line, _, _ := bytes.Cut(src[:min(len(src), longest)], []byte("\n"))
			if src[1] == '*' {
				if end := bytes.Index(line[2:], []byte("*/")); end >= 0 {
					line = line[:end+4]
				}
			}
			line = bytes.ReplaceAll(line, []byte("\r"), nil) // as go/scanner does
			if _, found, _ := parseDirective(string(line)); found {
				return true
			}
		}
		src = src[1:]
	}
}

// longWord tells whether a comment's first word is long enough for the tool's
// name with two letters missing, and has one of its three s. Most comments end
// their part in the scan here.
func longWord(text []byte) bool {
	text = bytes.TrimLeft(text, blanks+"\r")
	letters, s := 0, false
	for _, c := range text {
		switch c {
		case '\r': // a comment's text has none
			continue
		case ' ', '\t', '\n':
			return s && letters >= len(tool)-2
		case 's', 'S':
			s = true
		}
		if letters++; letters == 2*len(tool) {
			return s
		}
	}
	return s && letters >= len(tool)-2
}
