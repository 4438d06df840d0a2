package main

import "time"

//go:generate go tool sessiongen

// session is what the shop remembers about a visitor.
//
//sessiongen:session
type session struct {
	// Visits counts how often the visitor has looked into the tin.
	Visits int
	// Cart is how many of each item, by its SKU, the visitor wants.
	Cart map[string]int
	// Theme is light, dark or system.
	Theme string `session:",default=system"`
	// Notice is what the next page says, once.
	Notice string `session:",flash"`

	// User is the name that the visitor has logged in with.
	User string `session:",principal"`
	// Browser tells the user's sessions apart, such as "Firefox on Linux".
	Browser string
	// LoginAt is when the user logged in.
	LoginAt time.Time
	// SeenAt is when the user was here last, to the minute.
	SeenAt time.Time
	// ConfirmedAt is when the password was last asked for again. It lapses, and
	// with it the way to past orders and the address.
	ConfirmedAt time.Time `session:",ttl=15m"`
	// Address is where orders go. It is never printed or logged.
	Address string `session:",redact"`
}
