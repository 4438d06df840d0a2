// Package testserver finds servers for tests, or starts private ones.
//
// A test that only talks to a server takes the one that an environment variable
// names, the one at the engine's standard address on this machine, or a private
// one, in this order; without any it is skipped, saying what to install. A test
// that kills, pauses or fills its server always gets a private one, on a free
// port and in a directory of its own, which ends with the test.
//
// Where SESSIONGEN_TEST_SERVERS is "required", as in CI, what would be skipped
// fails.
package testserver

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Missing skips the test for want of what, which install brings, or fails it
// where servers are required.
func Missing(t testing.TB, what, install string) {
	t.Helper()
	const format = "no %s: %s"
	if os.Getenv("SESSIONGEN_TEST_SERVERS") == "required" {
		t.Fatalf(format, what, install)
	}
	t.Skipf(format, what, install)
}

// Program returns the path of the first of names that is on the PATH or in one
// of the directories of patterns, "" for none.
func Program(names []string, patterns ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		for _, pattern := range patterns {
			found, _ := filepath.Glob(filepath.Join(pattern, name))
			for i := len(found) - 1; i >= 0; i-- { // the newest version, as names sort
				if path, err := exec.LookPath(found[i]); err == nil {
					return path
				}
			}
		}
	}
	return ""
}

// FreeAddr returns an address of this machine on which nothing listens.
func FreeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Listens tells whether something accepts connections at addr.
func Listens(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
