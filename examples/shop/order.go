package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// order is what a user has bought.
type order struct {
	Number int
	At     time.Time
	Lines  []line
	Total  cents
	user   string
	form   string // names the form that it was placed with
}

// orders is the shop's book of orders. It stands for a database: sessions hold
// what belongs to a browser, not what belongs to an account.
type orders struct {
	mu   sync.Mutex
	last int
	book []order // the latest, in the order in which they came
}

// maxOrders is how many orders the book holds; then the oldest go.
const maxOrders = 1000

// place writes an order into the book and returns its number. A form that comes
// twice is one order.
func (o *orders) place(new order) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, old := range o.book {
		if old.user == new.user && old.form == new.form {
			return old.Number
		}
	}
	o.last++
	new.Number = o.last
	if len(o.book) == maxOrders {
		o.book = append(o.book[:0], o.book[1:]...)
	}
	o.book = append(o.book, new)
	return new.Number
}

// of returns a user's orders, the latest first.
func (o *orders) of(user string) (found []order) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.book) - 1; i >= 0; i-- {
		if o.book[i].user == user {
			found = append(found, o.book[i])
		}
	}
	return found
}

// order buys what is in the cart.
func (a *shop) order(w http.ResponseWriter, r *http.Request, s *Session) {
	lines, total := linesOf(s)
	form := r.PostFormValue("form")
	if len(lines) == 0 || form == "" {
		s.SetNotice("There is nothing in the cart to order.")
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return
	}
	// The order comes before the session: should that fail to be saved, the cart
	// is still full, and the form that is sent again is the same order.
	n := a.orders.place(order{At: a.now(), Lines: lines, Total: total, user: s.User(), form: form})
	s.ClearCart()
	s.SetNotice(fmt.Sprintf("Order %d for %v is placed. Nothing is charged, and sadly nothing is baked.", n, total))
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}
