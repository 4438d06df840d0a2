// Package visit holds the session with which storetest tests a store through the
// runtime: a field of each way in which parallel requests merge.
package visit

//go:generate go run ../../../../cmd/sessiongen

// session is what a storm of requests leaves.
//
//sessiongen:session
type session struct {
	// Visits is only added to.
	Visits int
	// UserID is who is logged in.
	UserID string `session:"user_id,principal"`
	// Log is only appended to.
	Log []string
	// Counts is added to under each key.
	Counts map[string]int
	// Marks has a key put by each request.
	Marks map[string]string
	// Theme is set, and so is Team, by other requests.
	Theme string
	Team  string
}
