// Package shop holds the session that the README shows.
package shop

//go:generate go tool sessiongen

// session is what the shop remembers about a visitor.
//
//sessiongen:session
type session struct {
	Visits int
	UserID string `session:"user_id,principal"`
	Cart   []Item
	Qty    map[string]int
	Theme  string   `session:",default=light"`
	Notice string   `session:",flash"`
	StepUp bool     `session:",ttl=15m"`
	Token  string   `session:",redact"`
	_      struct{} `session:"birthday,drop"`
}

// Item is one line of a cart.
type Item struct {
	SKU string
	Qty int
}
