package main

import "time"

//go:generate go run ../../cmd/sessiongen

// session is what node/app.js keeps, under the names that it uses.
//
//sessiongen:session
type session struct {
	// Visits counts the pages that the visitor has seen.
	Visits int
	// UserID is who is logged in.
	UserID string `session:"userId"`
	// LoginAt is a Date in Node.
	LoginAt time.Time `session:"loginAt"`
	// Cart is what the visitor is about to buy.
	Cart []Item
}

// Item is one line of the cart.
type Item struct {
	SKU string
	Qty int
}
