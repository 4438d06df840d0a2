// Package successor has renamed and retyped fields of package owner.
package successor

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Style string `session:",was=look,ttl=10m"`
	Addr  *Addr
	Team  int    `session:",index"`
	Org   string `session:",index"`
	Tone  string `session:",was=hue"`
}

// Addr has a column more than package owner's.
type Addr struct{ Street, City string }
