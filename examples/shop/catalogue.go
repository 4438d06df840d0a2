package main

import (
	"fmt"
	"net/http"
)

// cents is an amount of money.
type cents int64

// String returns the amount in euro, such as "€1.20".
func (c cents) String() string { return fmt.Sprintf("€%d.%02d", c/100, c%100) }

// item is something that the shop sells.
type item struct {
	SKU   string // also names its picture
	Name  string
	About string
	Price cents
}

// catalogue is all that the shop sells, in the order in which it is shown.
var catalogue = []item{
	{"vanilla-ring", "Vanilla ring", "Piped by hand, with seeds of a real pod.", 60},
	{"chocolate-chip", "Chocolate chip", "Soft in the middle, dark all the way.", 120},
	{"jam-heart", "Jam heart", "Redcurrant under a window of butter dough.", 140},
	{"sugar-pretzel", "Sugar pretzel", "Coarse sugar that crunches.", 70},
	{"checkerboard", "Checkerboard", "Eight squares of cocoa, eight of vanilla.", 110},
	{"ginger-star", "Ginger star", "With cloves, and icing on every point.", 95},
	{"almond-finger", "Almond finger", "Three almonds each. They are counted.", 85},
	{"sewing-kit", "Sewing kit", "What every tin turns into in the end.", 350},
}

// findItem returns the item with a SKU, and whether the shop sells it.
func findItem(sku string) (item, bool) {
	for _, it := range catalogue {
		if it.SKU == sku {
			return it, true
		}
	}
	return item{}, false
}

// cataloguePage is what the first page shows.
type cataloguePage struct {
	Visits int
	Offers []offer
}

// offer is an item and how many of it are in the cart.
type offer struct {
	item
	InCart int
}

// showCatalogue is the first page. It counts the visit.
func (a *shop) showCatalogue(w http.ResponseWriter, r *http.Request, s *Session) {
	p := cataloguePage{Visits: s.AddVisits(1)}
	for _, it := range catalogue {
		p.Offers = append(p.Offers, offer{it, s.Cart()[it.SKU]})
	}
	a.show(w, r, s, http.StatusOK, "catalogue", "Cookies by the piece", p)
}

// countVisit counts a visit and answers with the sum, for programs.
func (a *shop) countVisit(w http.ResponseWriter, _ *http.Request, s *Session) {
	visits := s.AddVisits(1)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, "{\"visits\":%d}\n", visits)
}
