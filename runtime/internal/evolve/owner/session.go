// Package owner is a program whose sessions the packages bystander and
// successor share: its fields lapse, are an index, and have nested types.
package owner

import "time"

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Code  string `session:",ttl=10m"`
	Team  string `session:",index"`
	Look  string `session:",ttl=10m"`
	Addr  *Addr
	Tries int      `session:",ttl=10m"`
	Tags  []string `session:",ttl=10m"`
	Times []time.Time
	Tree  *Node
	Org   string `session:",index"`
	Hue   string
}

// Addr gains a column in package successor.
type Addr struct{ Street string }

// Node reaches itself.
type Node struct {
	V    int
	Next *Node
}
