// Package after is the session of package before in the release that changes it.
package after

import (
	"math/big"
	"net/netip"
)

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Other int

	Added    string
	_        struct{} `session:"dropped,drop"`
	Style    string   `session:",was=look"`
	Back     string   `session:",was=back_again"`
	Hue      string   `session:"color"`
	Skin     string   `session:"surface"`
	_        struct{} `session:"skin,drop"`
	Shade    string
	Ground   string
	_        struct{} `session:"earth,drop"`
	Left     string   `session:",was=right"`
	Cover    string   `session:",was=blanket"`
	Reused   string
	_        struct{} `session:"foreign,drop"`
	Int8     int
	Uint32   int64
	Float32  float64
	Int32    float64
	Plain    *string
	Addr     []byte
	Big      string
	Array    []byte
	List     []int
	Counts   map[int]float32
	Fixed    []string
	Lines    []*Line
	Int64    int8
	Signed   uint
	Uint64   int64
	Float64  float32
	Long     float64
	Maybe    int
	Slice    [2]string
	Number   big.Int
	Raw      netip.Addr
	Changed  string
	Ints     []string
	Pair     [3]int
	Truth    map[string]bool
	At       int64
	Real     int
	Four     [5]byte
	Team     int64 `session:",index"`
	Org      int64 `session:",index"`
	Grown    Grown
	Shrunk   []Shrunk
	Wide     map[string]Wide
	Narrow   Narrow
	Other2   Retyped
	Indexed  string `session:",index"`
	Bare     string
	User     string `session:",principal"`
	Notice   string `session:",flash"`
	Seen     string
	Token    string `session:",redact"`
	Lapses   string `session:",ttl=10m"`
	Lasts    string
	Sooner   string `session:",ttl=5m"`
	Theme    string `session:",default=light"`
	Language string
}

// Line is stored in tables.
type Line struct{ N int }

// Grown has a column more.
type Grown struct {
	A int
	B string
}

// Shrunk has a column less.
type Shrunk struct{ A int }

// Wide has a column widened.
type Wide struct{ A int }

// Narrow has a column narrowed.
type Narrow struct {
	A int8
	B string
}

// Retyped has a column retyped.
type Retyped struct {
	A bool
	B string
}
