package workload

import "time"

//go:generate go tool msgp -file sample.go -o sample_msgp.go -tests=false -io=false

// Record is the session as a plain struct, for codecs and limits written by hand.
type Record struct {
	Visits  int       `msg:"visits"`
	UserID  string    `msg:"user_id"`
	Email   string    `msg:"email"`
	Roles   []string  `msg:"roles"`
	LoginAt time.Time `msg:"login_at"`
	Cart    []Item    `msg:"cart"`
	Theme   string    `msg:"theme"`
	Beta    bool      `msg:"beta"`
}

// Item is one line of a cart.
type Item struct {
	SKU   string `msg:"sku"`
	Qty   int    `msg:"qty"`
	Cents int64  `msg:"cents"`
}

// Sample returns the values that are stored: 36 characters of user id, three
// roles, five items.
func Sample() Record {
	return Record{
		Visits:  41,
		UserID:  "0b9f3c52-7f0e-4a53-9a29-3f0c3f1f2a11",
		Email:   "ada@example.com",
		Roles:   []string{"admin", "editor", "viewer"},
		LoginAt: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC),
		Cart: []Item{
			{"SKU-10001", 1, 1999}, {"SKU-10002", 2, 2499}, {"SKU-10003", 3, 999}, {"SKU-10004", 1, 12900}, {"SKU-10005", 5, 450},
		},
		Theme: "dark",
		Beta:  true,
	}
}

// Fill sets every field of s to the sample's value.
func Fill(s *Session) {
	r := Sample()
	s.SetVisits(r.Visits)
	s.SetUserID(r.UserID)
	s.SetEmail(r.Email)
	s.SetRoles(r.Roles)
	s.SetLoginAt(r.LoginAt)
	s.SetCart(r.Cart)
	s.SetTheme(r.Theme)
	s.SetBeta(r.Beta)
}

// Sum reads all eight fields of s, so that no read can be left out.
func Sum(s *Session) int {
	n := s.Visits() + len(s.UserID()) + len(s.Email()) + len(s.Roles()) + s.LoginAt().Second() + len(s.Cart()) + len(s.Theme())
	if s.Beta() {
		n++
	}
	return n
}

// Sum reads all eight fields of r.
func (r *Record) Sum() int {
	n := r.Visits + len(r.UserID) + len(r.Email) + len(r.Roles) + r.LoginAt.Second() + len(r.Cart) + len(r.Theme)
	if r.Beta {
		n++
	}
	return n
}
