package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
)

// maxQuantity is the most of one item that a cart holds.
const maxQuantity = 99

// line is one item of a cart or an order.
type line struct {
	item
	Quantity int
	Sum      cents
}

// linesOf returns the cart in the catalogue's order, and its total. An item that
// is no longer sold is left out, also if an old session still has it.
func linesOf(s *Session) (lines []line, total cents) {
	cart := s.Cart()
	for _, it := range catalogue {
		if n := min(cart[it.SKU], maxQuantity); n > 0 {
			sum := cents(n) * it.Price
			lines = append(lines, line{it, n, sum})
			total += sum
		}
	}
	return lines, total
}

// countOf returns how many pieces are in the cart.
func countOf(s *Session) (n int) {
	lines, _ := linesOf(s)
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}

// cartPage is what the cart's page shows.
type cartPage struct {
	Lines []line
	Total cents
	Max   int
	Form  string // names the order's form: a double click is one order
}

func (a *shop) showCart(w http.ResponseWriter, r *http.Request, s *Session) {
	lines, total := linesOf(s)
	a.show(w, r, s, http.StatusOK, "cart", "Your cart", cartPage{lines, total, maxQuantity, rand.Text()})
}

// addToCart puts one more of an item into the cart. Parallel adds sum up.
func (a *shop) addToCart(w http.ResponseWriter, r *http.Request, s *Session) {
	it, ok := findItem(r.PostFormValue("sku"))
	switch {
	case !ok:
		a.refuse(w, r, s, http.StatusNotFound, "The shop does not sell that.")
		return
	case s.Cart()[it.SKU] >= maxQuantity:
		s.SetNotice(fmt.Sprintf("%s: more than %d of one kind do not fit into the cart.", it.Name, maxQuantity))
	default:
		s.AddCart(it.SKU, 1)
		s.SetNotice(it.Name + " is in the cart.")
	}
	http.Redirect(w, r, "/#"+it.SKU, http.StatusSeeOther)
}

// changeCart sets how many of an item are in the cart; 0 removes it.
func (a *shop) changeCart(w http.ResponseWriter, r *http.Request, s *Session) {
	it, ok := findItem(r.PostFormValue("sku"))
	if !ok {
		a.refuse(w, r, s, http.StatusNotFound, "The shop does not sell that.")
		return
	}
	n, err := strconv.Atoi(r.PostFormValue("quantity"))
	switch {
	case err != nil || n < 0 || n > maxQuantity:
		a.refuse(w, r, s, http.StatusUnprocessableEntity, fmt.Sprintf("A quantity is a whole number from 0 to %d.", maxQuantity))
		return
	case n == 0:
		s.DeleteCart(it.SKU)
		s.SetNotice(it.Name + " is out of the cart.")
	default:
		s.PutCart(it.SKU, n)
		s.SetNotice(fmt.Sprintf("%s: %d in the cart.", it.Name, n))
	}
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}

func (a *shop) removeFromCart(w http.ResponseWriter, r *http.Request, s *Session) {
	it, ok := findItem(r.PostFormValue("sku"))
	if !ok {
		a.refuse(w, r, s, http.StatusNotFound, "The shop does not sell that.")
		return
	}
	s.DeleteCart(it.SKU)
	s.SetNotice(it.Name + " is out of the cart.")
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}
