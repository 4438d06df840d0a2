package main

//go:generate go tool sessiongen

// session is what Go needs of the session that Express made. What else is in it
// stays as it is.
//
//sessiongen:session
type session struct {
	User string
	Cart []Item
}

// Item is a line of the cart.
type Item struct {
	SKU string `json:"sku" session:"sku"`
	Qty int    `json:"qty" session:"qty"`
}
