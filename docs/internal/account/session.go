// Package account holds the session of the documentation's examples.
package account

//go:generate go tool sessiongen

// session is what the examples remember about a visitor.
//
//sessiongen:session
type session struct {
	UserID string `session:"user_id,principal"`
	Device string // what the "my sessions" page shows
	Visits int
	Cart   []Item
	Theme  string   `session:",default=light"`
	Notice string   `session:",flash"`
	State  string   `session:"oauth_state,flash"` // of a login that another server does
	StepUp bool     `session:",ttl=15m"`
	_      struct{} `session:"birthday,drop"`
}

// Item is one line of a cart.
type Item struct {
	SKU string
	Qty int
}
