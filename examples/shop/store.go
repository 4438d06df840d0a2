package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// opened is a store and what ends it.
type opened struct {
	runtime.Store
	kind    string // the choice without its address, which may hold a password
	address string // as errors may show it, "" for none
	form    string // of the address
	close   func() error
}

// refused adds to an error of the store's first use which one it is, and the way out.
func (o opened) refused(err error) error {
	if o.address == "" {
		return err
	}
	return fmt.Errorf("-store %s: %w; write %s, where the server runs", o.address, err, o.form)
}

// choices are what -store takes: an engine is one function, which gets all that
// -store says.
var choices = []struct {
	scheme, form string
	open         func(string) (opened, error)
}{
	{"memory", "memory", openMemory},
	{"cookie", "cookie", openCookie},
	{"sqlite", "sqlite:FILE", openSQLite},
	{"redis", redisForm, openRedis},
	{"rediss", "rediss://... (TLS)", openRedis},
	{"postgres", postgresForm, openPostgres},
	{"mysql", mysqlForm, openMySQL},
}

// storeForms returns the forms of -store.
func storeForms() string {
	forms := make([]string, len(choices))
	for i, c := range choices {
		forms[i] = c.form
	}
	return strings.Join(forms, ", ")
}

// openStore opens the store that -store names. Redis is asked whether it answers
// when the store is bound.
func openStore(choice string) (opened, error) {
	scheme, address, _ := strings.Cut(choice, ":")
	for _, c := range choices {
		if c.scheme != scheme || address != "" && c.scheme == c.form {
			continue
		}
		store, err := c.open(choice)
		store.kind = c.scheme
		return store, err
	}
	return opened{}, fmt.Errorf("-store %s: there is no such store; use one of %s", scheme, storeForms())
}

// openMemory keeps sessions in this process.
func openMemory(string) (opened, error) {
	store := memstore.New()
	return opened{Store: store, close: store.Close}, nil
}

// openCookie seals sessions in the cookie, with the key in SESSION_KEY.
func openCookie(string) (opened, error) {
	key := runtime.GenerateKey()
	if text := os.Getenv("SESSION_KEY"); text != "" {
		var err error
		if key, err = runtime.ParseKey(text); err != nil {
			return opened{}, fmt.Errorf("SESSION_KEY: %w", err)
		}
	} else {
		log.Print("SESSION_KEY is not set: sessions end with this process; make a key with: go tool sessiongen keygen")
	}
	return opened{Store: cookiestore.New(key), close: func() error { return nil }}, nil
}

// parseAddress reads the URL of a server. Its errors hold no part of the URL, which
// may be one of the password.
func parseAddress(choice, form string) (*url.URL, error) {
	scheme, _, _ := strings.Cut(choice, ":")
	u, err := url.Parse(choice)
	switch {
	case err != nil:
		return nil, fmt.Errorf("-store %s: what follows is not a URL; write %s, and characters of a password that are neither letters nor digits as %%XX", scheme, form)
	case u.Hostname() == "":
		return nil, fmt.Errorf("-store %s: the URL names no host; write %s", scheme, form)
	}
	return u, nil
}

// shown returns an address as errors may show it: without password and settings.
func shown(u *url.URL) string {
	s := u.Scheme + "://"
	if name := u.User.Username(); name != "" {
		s += name + "@"
	}
	return s + u.Host + u.Path
}

// startTime bounds how long the program waits for a server when it starts.
const startTime = 20 * time.Second

func starting() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startTime)
}

// closeAll calls each of what has to be closed, in order.
func closeAll(closers ...func() error) func() error {
	return func() (err error) {
		for _, c := range closers {
			err = errors.Join(err, c())
		}
		return err
	}
}
