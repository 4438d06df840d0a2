// Package first is an application's session before package before: its fields
// have the wire names that the later versions know as older ones, or drop.
package first

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Other   int
	Tone    string
	Earth   string
	Oldest  string
	Foreign string
}
