// Package live has the sessions of expresscompat's tests: those that the recorded
// cases and the live programs in Node use, and some that write from Go what
// other recorded cases hold.
package live

//go:generate go run github.com/sessiongen/sessiongen/cmd/sessiongen

import "time"

// session is shared with the Node programs under testdata/node.
//
//sessiongen:session
type session struct {
	Visits int
	A      int
	B      int
	X      int
	U      map[string]int
	User   string
	Cart   []Item
	Prefs  *Prefs
	Big    int64
	Node   int
	Go     int
}

// Item is a line of the cart.
type Item struct {
	SKU string `session:"sku"`
	Qty int    `session:"qty"`
}

// Prefs are nested.
type Prefs struct {
	Theme string
	Tags  []string
}

// unicode is the recorded case of that name.
//
//sessiongen:session
type unicode struct {
	Name      string
	JP        string `session:"jp"`
	Emoji     string
	RTL       string `session:"rtl"`
	Combining string
}

// control is the recorded case "control characters".
//
//sessiongen:session
type control struct{ Ctl string }

// nested is the recorded case "nested objects".
//
//sessiongen:session
type nested struct {
	User User
	Cart []Item
}

// User is who has logged in.
type User struct {
	ID      int `session:"id"`
	Roles   []string
	Profile Profile
}

// Profile is a user's.
type Profile struct{ Addr Addr }

// Addr is where somebody lives.
type Addr struct {
	City string
	Geo  []float64
}

// number is the recorded case "large and odd numbers".
//
//sessiongen:session
type number struct {
	MaxSafe int64   `session:"maxSafe"`
	Beyond  float64 `session:"beyond"`
	E21     float64 `session:"e21"`
	E20     float64 `session:"e20"`
	Tiny    float64
	Small   float64
	Third   float64
	Negzero float64
	Neg     int
	Max     float64
	Min     float64
	F       float64
	Big53   float64 `session:"big53"`
}

// date is the recorded case "dates become ISO strings".
//
//sessiongen:session
type date struct {
	At      time.Time
	Epoch   time.Time
	Before  time.Time
	Far     time.Time
	Farther time.Time
	Bad     *time.Time
}

// key is the recorded case "integer-like keys are ordered first".
//
//sessiongen:session
type key struct {
	B     int
	Ten   string `session:"10"`
	Two   string `session:"2"`
	A     int
	Minus string `session:"-1"`
	Lead  string `session:"01"`
}

// chip is the recorded case "nested property called cookie".
//
//sessiongen:session
type chip struct{ User map[string]string }

// login is the recorded case "passport-like login".
//
//sessiongen:session
type login struct {
	Passport map[string]string
	ReturnTo string `session:"returnTo"`
	Flash    map[string][]string
}

// blob is the recorded case "about 16 KB".
//
//sessiongen:session
type blob struct{ Blob string }

// other is another program's view of the same sessions: a field that was renamed,
// one that lapses, a flash message and a principal.
//
//sessiongen:session
type other struct {
	Count  int    `session:",was=visits"`
	Code   string `session:",ttl=1h"`
	Notice string `session:",flash"`
	UserID string `session:"user,principal"`
}
