// Package recorded holds the session that the recorded cookies of other programs
// are read into: what their data has, as far as it has one type.
package recorded

import "time"

//go:generate go run ../../../../cmd/sessiongen

// session is what the recorded programs kept.
//
//sessiongen:session
type session struct {
	Visits int
	UserID string `session:"userId"`
	Name   string
	Jp     string
	Emoji  string
	Rtl    string
	Blob   string
	A      float64
	B      float64
	C      float64
	D      float64
	E      float64
	F      float64
	G      *float64
	H      *float64
	I      float64
	N      int64
	Ok     int
	At     time.Time
	Bad    *time.Time
	Arr    []*int
	U      *Unicode
	Cart   *Cart
	Two    int `session:"2"`
	Ten    int `session:"10"`
}

// Cart is a nested object.
type Cart struct {
	N int `json:"n"`
}

// Unicode is another one.
type Unicode struct {
	N string `json:"n"`
	L []int  `json:"l"`
}
