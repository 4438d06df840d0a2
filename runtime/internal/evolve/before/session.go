// Package before is an application's session before a release that changes it
// in every way that there is, a field for each; package after is the release.
package before

import (
	"math/big"
	"net/netip"
	"time"
)

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Other int // what both versions write

	Removed  string
	Found    string `session:",index"` // removed too
	Dropped  string
	Look     string
	Back     string `session:"back_again,was=back"`
	Hue      string
	Skin     string
	Shade    string `session:",was=tone"`
	Ground   string `session:",was=earth"`
	Left     string
	Right    string
	Cover    string
	_        struct{} `session:"reused,drop"`
	_        struct{} `session:"oldest,drop"`
	Int8     int8
	Uint32   uint32
	Float32  float32
	Int32    int32
	Plain    string
	Addr     netip.Addr
	Big      big.Int
	Array    [4]byte
	List     []int8
	Counts   map[int8]uint8
	Fixed    [2]string
	Lines    []Line
	Int64    int64
	Signed   int
	Uint64   uint64
	Float64  float64
	Long     int64
	Maybe    *int
	Slice    []string
	Number   string
	Raw      []byte
	Changed  int
	Ints     []int
	Pair     [2]int
	Truth    map[string]int
	At       time.Time
	Real     float64
	Four     [4]byte
	Team     uint32 `session:",index"`
	Org      int32  `session:",index"`
	Grown    Grown
	Shrunk   []Shrunk
	Wide     map[string]Wide
	Narrow   Narrow
	Other2   Retyped
	Indexed  string
	Bare     string `session:",index"`
	User     string
	Notice   string
	Seen     string `session:",flash"`
	Token    string
	Lapses   string
	Lasts    string `session:",ttl=10m"`
	Sooner   string `session:",ttl=10m"`
	Theme    string
	Language string `session:",default=en"`
}

// Line is stored in tables, by value here and by pointer in package after.
type Line struct{ N int }

// Grown gains a column.
type Grown struct{ A int }

// Shrunk loses a column.
type Shrunk struct {
	A int
	B string
}

// Wide has a column widened.
type Wide struct{ A int8 }

// Narrow has a column narrowed.
type Narrow struct {
	A int
	B string
}

// Retyped has a column retyped.
type Retyped struct {
	A int
	B string
}
