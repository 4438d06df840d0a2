package main

//go:generate go tool sessiongen

// session is what the program remembers about a visitor.
//
//sessiongen:session
type session struct {
	// Visits counts the visitor's requests.
	Visits int
}
