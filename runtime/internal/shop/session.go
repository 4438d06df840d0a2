// Package shop holds the session that the runtime's own tests use; it has every kind of field.
package shop

import (
	"fmt"
	"strings"
	"time"
)

//go:generate go run ../../../cmd/sessiongen

// session is what the shop remembers about a visitor.
//
//sessiongen:session
type session struct {
	// Visits counts the pages that the visitor has seen.
	Visits int
	UserID string `session:"user_id,principal"`
	Team   string `session:",index"`
	// Cart is what the visitor is about to buy.
	Cart    []Item
	Roles   []string
	Qty     map[string]int
	Labels  map[string]string
	Theme   string   `session:",default=light"`
	Limit   int64    `session:",default=10"`
	Notice  string   `session:",flash"`
	Notices []string `session:",flash"`
	StepUp  bool     `session:",ttl=15m"`
	Tries   int      `session:",ttl=1h"`
	Secret  string   `session:",redact"`
	LoginAt time.Time
	Address *Address
	Style   string            `session:",was=look"`
	_       struct{}          `session:"birthday,drop"`
	Extra   map[string]string `session:",rest"`
	Code    Code
	Tree    *Node
}

// Code has a codec of its own, which refuses some values.
type Code string

// MarshalText fails for a code with a space.
func (c Code) MarshalText() ([]byte, error) {
	if strings.Contains(string(c), " ") {
		return nil, fmt.Errorf("code %q has a space", string(c))
	}
	return []byte(strings.ToUpper(string(c))), nil
}

// UnmarshalText reads what MarshalText wrote.
func (c *Code) UnmarshalText(text []byte) error {
	*c = Code(strings.ToLower(string(text)))
	return nil
}

// Node is a type that reaches itself.
type Node struct {
	Name string
	Next *Node
}

// Item is one line of a cart.
type Item struct {
	SKU   string
	Qty   int
	Cents int64
}

// Address is where a purchase goes.
type Address struct {
	Street string
	City   string
}
