package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A temporary file is named after the file that it becomes and the process that
// writes it: .session_gen.go.PID-RANDOM.tmp. The go command ignores such a
// name, and a later run sees from it whether the file was left by one that was
// killed.

const tempSuffix = ".tmp"

func tempPrefix(path string) string { return "." + filepath.Base(path) + "." }

// createTemp creates a file beside path, with the mode of new files.
func createTemp(path string) (*os.File, error) {
	for range 100 {
		name := fmt.Sprintf("%s%d-%d%s", tempPrefix(path), os.Getpid(), rand.Uint32(), tempSuffix)
		f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fs.ErrExist
}

// sweep removes the temporary files of a path that no process will rename any
// more; it comes before this process writes one, whose number may be that of a
// process in an earlier container. What can't be removed stays: it harms nothing.
func sweep(path string) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if pid, ok := writer(entry.Name(), path); ok && (pid == os.Getpid() || !running(pid)) {
			os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// writer returns the process that wrote a temporary file for path.
func writer(name, path string) (pid int, ok bool) {
	name, isTemp := strings.CutPrefix(name, tempPrefix(path))
	name, hasSuffix := strings.CutSuffix(name, tempSuffix)
	number, random, cut := strings.Cut(name, "-")
	pid, err := strconv.Atoi(number)
	_, err2 := strconv.ParseUint(random, 10, 32)
	return pid, isTemp && hasSuffix && cut && err == nil && err2 == nil && pid > 0
}
