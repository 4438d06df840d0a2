package main

import (
	"strings"
	"sync"
	"testing"
)

func TestCart(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visitor(t)
		v.get("/cart").is(200, "/cart").has("There is nothing in it yet.")
		v.post("/cart/add", "sku", "jam-heart").is(200, "/").has("Jam heart is in the cart.", "1 in the cart")
		v.get("/").hasNot("Jam heart is in the cart.")
		v.post("/cart/add", "sku", "jam-heart").has("2 in the cart")
		v.post("/cart/add", "sku", "sewing-kit")
		v.get("/cart").has("Jam heart €1.40 each", "€2.80", "Sewing kit €3.50 each", "Total €6.30", "Log in to order")
		v.post("/cart/change", "sku", "jam-heart", "quantity", "99").is(200, "/cart").has("Jam heart: 99 in the cart.", "€138.60")
		v.post("/cart/add", "sku", "jam-heart").has("more than 99 of one kind do not fit", "99 in the cart")
		v.post("/cart/remove", "sku", "sewing-kit").is(200, "/cart").has("Sewing kit is out of the cart.").hasNot("€3.50")
		v.post("/cart/change", "sku", "jam-heart", "quantity", "0").has("Jam heart is out of the cart.", "There is nothing in it yet.")
	})
}

func TestCartRefuses(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visitor(t)
		v.post("/cart/change", "sku", "jam-heart", "quantity", "2")
		for _, path := range []string{"/cart/add", "/cart/change", "/cart/remove"} {
			for _, sku := range []string{"", "caviar", "JAM-HEART", "../jam-heart", "<script>"} {
				v.post(path, "sku", sku, "quantity", "1").is(404, path).has("The shop does not sell that.").hasNot("<script>")
			}
		}
		for _, quantity := range []string{"-1", "100", "", "two", "1.5", " 1", "0x1", "99999999999999999999"} {
			v.post("/cart/change", "sku", "jam-heart", "quantity", quantity).
				is(422, "/cart/change").has("A quantity is a whole number from 0 to 99.")
		}
		huge := "sku=jam-heart&quantity=5&more=" + strings.Repeat("x", maxBody)
		v.postBody("/cart/change", huge).is(413, "/cart/change").has("more than a form of this shop can hold")
		v.postBody("/cart/change", "sku=jam-heart&quantity=%zz").is(400, "/cart/change").has("The form could not be read.")
		// What a query says is not a form.
		v.post("/cart/change?sku=jam-heart&quantity=5").is(404, "/cart/change?sku=jam-heart&quantity=5")
		if got := v.inCart(); got != "2" {
			t.Errorf("%s in the cart, want 2", got)
		}
	})
}

// TestParallelAdds presses the button many times at once: on the server no add
// is lost.
func TestParallelAdds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	v := w.visitor(t)
	v.post("/cart/add", "sku", "jam-heart")
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { v.post("/cart/add", "sku", "jam-heart") })
	}
	group.Wait()
	if got := v.inCart(); got != "21" {
		t.Errorf("%s in the cart, want 21", got)
	}
}

func TestOrder(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visitor(t)
		v.post("/cart/change", "sku", "ginger-star", "quantity", "3")
		v.post("/cart/order", "form", "f").is(200, "/login?back=/cart").has("Log in to go on.")
		v.post("/login", "name", "Ada", "password", demoPassword, "back", "/cart").is(200, "/cart").has("Welcome, Ada.", "Total €2.85")
		form := v.get("/cart").find(`name="form" value="([^"]+)"`)
		v.post("/cart/order", "form", form).is(200, "/account").has("Order 1 for €2.85 is placed.", "Is it still you?")
		if got := v.inCart(); got != "0" {
			t.Errorf("%s in the cart after the order", got)
		}
		v.post("/cart/order", "form", form).is(200, "/cart").has("There is nothing in the cart to order.")
		v.post("/cart/change", "sku", "jam-heart", "quantity", "1")
		v.post("/cart/order").is(200, "/cart").has("There is nothing in the cart to order.")
		v.post("/cart/order", "form", "another").has("Order 2 for €1.40 is placed.")
		v.post("/account/confirm", "password", demoPassword).is(200, "/account").
			has("Order 2", "1 × Jam heart €1.40", "Order 1", "3 × Ginger star €2.85")

		other := w.user(t, "Bob")
		other.post("/account/confirm", "password", demoPassword).has("You have not ordered anything yet.")
	})
}

// TestDoubleClickIsOneOrder sends one form twice, as two clicks do.
func TestDoubleClickIsOneOrder(t *testing.T) {
	t.Parallel()
	var o orders
	first := o.place(order{user: "Ada", form: "f"})
	if again := o.place(order{user: "Ada", form: "f"}); again != first || len(o.of("Ada")) != 1 {
		t.Errorf("the form became orders %d and %d", first, again)
	}
	if o.place(order{user: "Bob", form: "f"}) == first {
		t.Error("another user's form is taken for the same")
	}
	for range maxOrders + 5 {
		o.place(order{user: "Eve", form: "", Number: 0, Lines: nil})
		o.place(order{user: "Eve", form: string(rune('a' + o.last)), Lines: nil})
	}
	if n := len(o.book); n != maxOrders {
		t.Errorf("the book holds %d orders, want %d", n, maxOrders)
	}
	if len(o.of("Ada")) != 0 {
		t.Error("the oldest order did not go")
	}
}
