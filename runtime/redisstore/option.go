package redisstore

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// DefaultPrefix is what keys begin with where no option says otherwise.
const DefaultPrefix = "session:"

// maxPrefix bounds the prefix: it is in every key.
const maxPrefix = 64

// Option is a setting of a store.
type Option func(*Store)

type config struct {
	prefix string
	plain  bool

	replicas int // to wait for
	patience time.Duration
}

// Prefix sets what every key begins with; [DefaultPrefix] without the option.
// Applications that share a server and do not share sessions need different ones,
// none of which begins with another: [Store.List] yields what begins with it. It
// is of 1 to 64 printable ASCII characters without spaces and without *, ?, [, ],
// \ and ^, which have a meaning in the server's patterns.
//
// A part in braces is a hash tag, in a cluster: all keys of the prefix "{shop}:"
// are on one of its servers, which then carries the whole load. The store has no
// need of one.
func Prefix(prefix string) Option {
	return func(s *Store) {
		if reason := badPrefix(prefix); reason != "" {
			s.fail("Prefix", "%q %s; use letters, digits and a colon at the end, as in %q", prefix, reason, DefaultPrefix)
			return
		}
		s.config.prefix = prefix
	}
}

func badPrefix(prefix string) string {
	switch {
	case prefix == "":
		return "is empty, so that the sessions would be mixed with all else on the server"
	case len(prefix) > maxPrefix:
		return fmt.Sprintf("is longer than %d bytes", maxPrefix)
	}
	for _, r := range prefix {
		if r <= ' ' || r > '~' || strings.ContainsRune(`*?[]\^`, r) {
			return fmt.Sprintf("has the character %q", r)
		}
	}
	return ""
}

// maxPatience is under the time for which a client waits for an answer, which is
// three seconds where its options say nothing else.
const maxPatience = 2 * time.Second

// Wait has each write that changes or ends a session wait, in the same round trip,
// until so many replicas have it too (the server's WAIT), for at most a time of 1
// millisecond to 2 seconds. A master that fails then takes no such write with it,
// as long as a replica that has it takes over. Without the option, what the last
// moments before a failover changed may be lost: see the package comment.
//
// If the time passes, the write stands and the request is answered, only later:
// WAIT can't take a write back. Have the servers refuse writes while they have no
// replicas, with min-replicas-to-write and min-replicas-max-lag. Neither a touch nor
// an index entry is waited for. While a cluster moves slots, some writes are not.
func Wait(replicas int, patience time.Duration) Option {
	return func(s *Store) {
		if replicas < 1 {
			s.fail("Wait", "%d is no number of replicas to wait for; pass a positive one, or leave the option out", replicas)
			return
		}
		if patience < time.Millisecond || patience > maxPatience {
			s.fail("Wait", "%v is no time to wait: it is not from 1ms to %v; pass 100*time.Millisecond, say", patience, maxPatience)
			return
		}
		s.config.replicas, s.config.patience = replicas, patience
	}
}

// Plain is for packages that bring a [runtime.Format] of their own and share the
// records with programs that are not ours, such as express-session with
// connect-redis. A record is then the bytes alone, under the prefix and the key
// without anything between:
//
//   - the key's time to live is the record's only expiry, and Load returns it;
//   - Update, Touch and Delete recognise the old record by its bytes;
//   - Touch sends those, and moves the time to live;
//   - there is no Finder and no Lister, since nothing tells the keys apart from
//     others.
//
// Such a package binds the store, and returns its Parts with Format and Tokens set.
func Plain() Option {
	return func(s *Store) { s.config.plain = true }
}

// fail notes what is wrong with an option, for Bind.
func (s *Store) fail(option, reason string, args ...any) {
	s.err = errors.Join(s.err, &runtime.ConfigError{Setting: "redisstore." + option, Reason: fmt.Sprintf(reason, args...)})
}
