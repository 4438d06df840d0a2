package storetest

import (
	"fmt"
	goruntime "runtime"
	"sync"
	"testing"
)

// notes is a testing.TB that keeps what it is told for the first process.
type notes struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (n *notes) Helper()             {}
func (n *notes) Log(...any)          {}
func (n *notes) Logf(string, ...any) {}
func (n *notes) Error(args ...any)   { n.Errorf("%s", fmt.Sprint(args...)) }
func (n *notes) Fatal(args ...any)   { n.Fatalf("%s", fmt.Sprint(args...)) }
func (n *notes) Fail()               { n.Errorf("failed") }
func (n *notes) FailNow()            { n.Fatalf("failed") }
func (n *notes) Fatalf(f string, args ...any) {
	n.Errorf(f, args...)
	goruntime.Goexit()
}

func (n *notes) Errorf(f string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failures = append(n.failures, fmt.Sprintf(f, args...))
}

func (n *notes) Failed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.failures) > 0
}

func (n *notes) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.failures
	n.failures = nil
	return taken
}
