package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// opened is a store and what ends it.
type opened struct {
	runtime.Store
	close func() error
}

// stores are what -store chooses from: a store is one function.
var stores = map[string]func() (opened, error){
	"memory": openMemory,
	"cookie": openCookie,
}

// storeNames returns the choices of -store.
func storeNames() string { return strings.Join(slices.Sorted(maps.Keys(stores)), ", ") }

// openStore opens the store that -store names.
func openStore(name string) (opened, error) {
	open, ok := stores[name]
	if !ok {
		return opened{}, fmt.Errorf("-store %s: there is no such store; use one of %s", name, storeNames())
	}
	return open()
}

// openMemory keeps sessions in this process.
func openMemory() (opened, error) {
	store := memstore.New()
	return opened{store, store.Close}, nil
}

// openCookie seals sessions in the cookie, with the key in SESSION_KEY.
func openCookie() (opened, error) {
	key := runtime.GenerateKey()
	if text := os.Getenv("SESSION_KEY"); text != "" {
		var err error
		if key, err = runtime.ParseKey(text); err != nil {
			return opened{}, fmt.Errorf("SESSION_KEY: %w", err)
		}
	} else {
		log.Print("SESSION_KEY is not set: sessions end with this process; make a key with: go tool sessiongen keygen")
	}
	return opened{cookiestore.New(key), func() error { return nil }}, nil
}
