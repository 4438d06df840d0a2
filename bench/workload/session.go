// Package workload is the session that every measurement uses: eight fields of
// usual kinds and sizes, as a spec, as a plain struct and as sample values.
package workload

import "time"

//go:generate go run github.com/sessiongen/sessiongen/cmd/sessiongen

// session is what the measured applications remember about a visitor.
//
//sessiongen:session
type session struct {
	Visits  int
	UserID  string
	Email   string
	Roles   []string
	LoginAt time.Time
	Cart    []Item
	Theme   string
	Beta    bool
}
