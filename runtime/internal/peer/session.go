// Package peer holds the session that the tests of the bridges to Node programs
// use: it has every type that JSON has no form of its own for.
package peer

import (
	"math/big"
	"net/netip"
	"net/url"
	"time"
)

//go:generate go run ../../../cmd/sessiongen

// session is what Node programs share.
//
//sessiongen:session
type session struct {
	Visits  int
	UserID  string `session:"userId"`
	Admin   bool
	Big     int64
	Huge    uint64
	Small   int8
	Ratio   float64
	Third   float32
	LoginAt time.Time `session:"loginAt"`
	Wait    time.Duration
	Raw     []byte
	Sum     [4]byte
	Cart    []Item
	Home    *Address
	Qty     map[string]int
	Rooms   map[int64]string
	Tags    []string
	Pair    [2]int
	Addr    netip.Addr
	Total   *big.Int
	Link    *url.URL
	Tree    *Node
	Theme   string            `session:",default=light"`
	StepUp  bool              `session:"stepUp,ttl=15m"`
	Secret  string            `session:",redact"`
	Notice  string            `session:",flash"`
	Style   string            `session:",was=look"`
	_       struct{}          `session:"birthday,drop"`
	Extra   map[string]string `session:",rest"`
}

// Item is one line of a cart.
type Item struct {
	Base
	Qty  int
	Opts map[string]bool
	Sent *time.Time `session:"sentAt"`
	memo string     `session:"-"`
}

// Base is embedded.
type Base struct{ SKU string }

// Address is where a purchase goes.
type Address struct {
	Street, City string
	Geo          struct{ Lat, Lon float64 }
}

// Node reaches itself.
type Node struct {
	Name string
	Next *Node
}

// Memo keeps what is not stored in use.
func (i *Item) Memo() *string { return &i.memo }
