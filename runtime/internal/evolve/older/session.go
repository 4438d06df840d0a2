// Package older is an application's session before a release that changes it.
package older

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Visits int32
	Look   string
	Score  int
	Secret string
	Cart   []Item
	Team   string
	Step   bool
	User   string
}

// Item is a line of a cart.
type Item struct {
	SKU string
	Qty int
}
