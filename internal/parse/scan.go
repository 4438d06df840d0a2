package parse

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/tools/go/packages"
)

// scanned is what reading a package's files without parsing them tells.
type scanned struct {
	hit    bool   // a file holds a directive or what looks like one
	output string // the package's output file, if there is one of ours
}

// scan reads the files of all packages; it is what keeps a run over a
// repository with few specs fast, since only the hit packages are type-checked.
func scan(ctx context.Context, pkgs []*packages.Package, output string) ([]scanned, error) {
	out := make([]scanned, len(pkgs))
	next := make(chan int)
	var readers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) { // files come from the page cache, or from a disk that waits
		readers.Go(func() {
			for i := range next {
				out[i] = scanPackage(pkgs[i], output)
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

func scanPackage(pkg *packages.Package, output string) (s scanned) {
	for _, file := range pkg.GoFiles {
		src, err := os.ReadFile(file)
		if err != nil {
			continue // the go command or the parser says it better
		}
		switch generated := hasHeader(src); {
		case generated && filepath.Base(file) == output:
			s.output = file
		case !generated && mayHoldDirective(src):
			s.hit = true
		}
	}
	return s
}

// mayHoldDirective tells whether src has a comment that begins like a
// directive or a near miss of one. It may be wrong, but only by saying yes.
func mayHoldDirective(src []byte) bool {
	for {
		i := bytes.Index(src, []byte("//"))
		if i < 0 {
			return false
		}
		src = src[i+2:]
		word, _ := bytes.CutPrefix(src[:min(len(src), len(tool)+4)], []byte(" "))
		if end := bytes.IndexByte(word, ':'); end > 0 && near(string(word[:end]), tool, 2) {
			return true
		}
	}
}
