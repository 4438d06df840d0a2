package storetest_test

import (
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
	"github.com/sessiongen/sessiongen/runtime/storetest"
)

// In a test of the store's package, t is the test's own.
func ExampleRun() {
	t := new(testing.T)

	storetest.Run(t, func(tb testing.TB, place string) runtime.Store {
		s := memstore.New() // a store elsewhere takes place as its prefix or table
		tb.Cleanup(func() { s.Close() })
		return s
	}, storetest.Exact())
}
