// Package newer is the same application's session after that release: a field
// widened, renamed, retyped, dropped, added, and options added.
package newer

import "time"

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Visits  int64
	Style   string   `session:",was=look"`
	Score   []string // was a number
	_       struct{} `session:"secret,drop"`
	Cart    []Item
	Team    string `session:",index"`
	Step    bool   `session:",ttl=15m"`
	User    string `session:",principal"`
	Added   string
	AddedAt time.Time
}

// Item is a line of a cart, with a column more.
type Item struct {
	SKU   string
	Color string
	Qty   int
}
