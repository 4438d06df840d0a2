// Package visits holds the session of the programs beside it: the same page
// under chi, gorilla/mux, Echo and Gin. Each of them is, or serves, an
// http.Handler, so that none needs an adapter.
package visits

//go:generate go tool sessiongen

// session is what the programs remember about a visitor.
//
//sessiongen:session
type session struct {
	// Visits counts the visitor's requests.
	Visits int
}
