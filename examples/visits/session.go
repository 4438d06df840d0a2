package main

//go:generate go run github.com/sessiongen/sessiongen/cmd/sessiongen

// session is what the program remembers about a visitor.
//
//sessiongen:session
type session struct {
	// Visits counts the visitor's requests.
	Visits int
}
