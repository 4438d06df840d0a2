package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestStory goes through the shop in a browser, as a person does, and through
// the page of sessions with two browsers.
func TestStory(t *testing.T) {
	t.Parallel()
	browser := startChromium(t)
	for _, store := range []string{"memory", "cookie"} {
		t.Run(store, func(t *testing.T) {
			w := newWorld(t, store)
			b := newTab(t, browser, w.url, laptop)
			browse(b)
			shopping(b)
			stepUp(b, w)
			if w.cookie {
				b.click("My sessions")
				b.sees("This browser", "What a sealed cookie can’t do")
				b.seesNot("Log out everywhere")
				b.click("Log out")
				b.sees("You are logged out.")
				return
			}
			twoBrowsers(b, newTab(t, browser, w.url, phone))
		})
	}
}

// browse counts visits, changes the theme and walks by keyboard.
func browse(b *tab) {
	b.t.Helper()
	b.open("/")
	b.sees("This is your 1st look into the tin.", "Cart 0")
	b.reload()
	b.sees("This is your 2nd look into the tin.")

	for scheme, dark := range map[string]bool{"dark": true, "light": false} {
		b.prefer(scheme)
		if b.dark() != dark {
			b.t.Errorf("the page does not follow the system's %s", scheme)
		}
	}
	b.click("dark")
	b.at("/")
	if !b.dark() {
		b.t.Error("the page did not become dark")
	}
	b.click("Cart 0")
	if !b.dark() {
		b.t.Error("the next page forgot the theme")
	}
	b.prefer("dark")
	b.click("light")
	b.at("/cart")
	if b.dark() {
		b.t.Error("the page did not become light")
	}
	b.click("system")
	if !b.dark() {
		b.t.Error("the page does not follow the system again")
	}
	b.prefer("light")

	b.open("/")
	b.press(kb.Tab)
	if got := b.focused(); got != "Skip to the content" {
		b.t.Errorf("the first thing that Tab leads to is %q", got)
	}
	b.press(kb.Enter)
	if got := eval[string](b, `document.activeElement.id`); got != "main" {
		b.t.Errorf("the skip link leads to %q", got)
	}
	b.tabTo("Add Vanilla ring to the cart")
	b.run(200, chromedp.KeyEvent(kb.Enter))
	b.sees("Vanilla ring is in the cart.")
}

// shopping fills the cart, logs in on the way and orders.
func shopping(b *tab) {
	b.t.Helper()
	b.click("Add Jam heart to the cart")
	b.at("/#jam-heart")
	b.sees("Jam heart is in the cart.", "Cart 2")
	if title := eval[string](b, `document.title`); !strings.HasPrefix(title, "Jam heart is in the cart.") {
		b.t.Errorf("the title does not say what has happened: %s", title)
	}
	b.reload()
	b.seesNot("Jam heart is in the cart.")

	b.click("Cart 2")
	b.sees("€2.00")
	b.write("Quantity of Jam heart", "3")
	b.click("Change the quantity of Jam heart")
	b.sees("Jam heart: 3 in the cart.", "€4.20", "€4.80")
	b.click("Remove Vanilla ring")
	b.sees("Vanilla ring is out of the cart.")
	b.seesNot("€4.80")

	b.click("Log in to order")
	b.write("Name", "Ada")
	b.write("Password", "margarine")
	b.run(422, click("Log in to the shop"))
	b.sees("That is not the password.")
	if got := b.focused(); got != "password" {
		b.t.Errorf("after a wrong password the focus is on %q", got)
	}
	b.write("Password", demoPassword)
	b.click("Log in to the shop")
	b.at("/cart")
	b.sees("Welcome, Ada.", "€4.20")
	if got := b.focused(); got != "Welcome, Ada." {
		b.t.Errorf("the focus is on %q, not on the notice", got)
	}
	b.click("Place the order")
	b.at("/account")
	b.sees("Order 1 for €4.20 is placed.", "Is it still you?", "Cart 0")
}

// stepUp confirms the password, and again when its time has passed.
func stepUp(b *tab, w *world) {
	b.t.Helper()
	b.seesNot("Where orders go")
	b.write("Password", "margarine")
	b.run(422, click("Confirm"))
	b.sees("That is not the password.")
	b.write("Password", demoPassword)
	b.click("Confirm")
	b.sees("This page stays open for 15 minutes.", "Order 1", "3 × Jam heart", "€4.20")
	b.write("Where orders go", "1 Oven Lane"+kb.Enter+"Bakewell")
	b.click("Keep the address")
	b.sees("The address is kept until you log out.")
	if got := eval[string](b, `document.querySelector("textarea").value`); got != "1 Oven Lane\nBakewell" {
		b.t.Errorf("the address is %q", got)
	}
	w.pass(15 * time.Minute)
	b.reload()
	b.sees("Is it still you?")
	b.seesNot("Where orders go", "Jam heart", "Oven Lane")
}

// login leads to the page of sessions.
func login(b *tab) {
	b.t.Helper()
	b.open("/login?back=/sessions")
	b.write("Name", "Ada")
	b.write("Password", demoPassword)
	b.click("Log in to the shop")
	b.at("/sessions")
}

// twoBrowsers logs a phone out from a laptop, in each of the three ways.
func twoBrowsers(b, other *tab) {
	b.t.Helper()
	both := func(b *tab) {
		b.t.Helper()
		b.sees("Firefox on Linux", "Safari on an iPhone")
		if n := eval[int](b, `document.querySelectorAll(".session").length`); n != 2 {
			b.t.Errorf("the page lists %d sessions, want 2", n)
		}
	}
	other.resize(390, 844)
	login(other)
	both(other)
	b.click("My sessions")
	both(b)
	b.click("Log out Safari on an iPhone")
	b.sees("Safari on an iPhone is logged out.")
	other.reload()
	other.at("/login?back=/sessions")

	login(other)
	b.reload()
	both(b)
	b.click("Log out everywhere else")
	b.sees("1 other session ended. You are logged in here alone.")
	other.reload()
	other.at("/login?back=/sessions")

	login(other)
	other.click("Log out everywhere")
	other.at("/")
	other.sees("You are logged out everywhere: 2 sessions ended.")
	b.reload()
	b.at("/login?back=/sessions")
}

// eachPage shows each page of the shop to see, in a shop with something in it.
func eachPage(t *testing.T, browser context.Context, see func(b *tab, name string)) {
	w := newWorld(t, "memory")
	for _, agent := range []string{desktop, phone} {
		elsewhere := w.visitor(t)
		elsewhere.agent = agent
		elsewhere.login("Ada")
		w.pass(100 * time.Minute)
	}
	b := newTab(t, browser, w.url, laptop)
	b.open("/login")
	see(b, "login")
	b.write("Name", "Ada")
	b.write("Password", "margarine")
	b.run(422, click("Log in to the shop"))
	see(b, "login-wrong")
	b.write("Password", demoPassword)
	b.click("Log in to the shop")
	b.open("/cart")
	see(b, "cart-empty")
	b.open("/")
	b.click("Add Chocolate chip to the cart")
	b.click("Add Ginger star to the cart")
	b.click("Add Jam heart to the cart")
	see(b, "catalogue-notice")
	b.open("/")
	see(b, "catalogue")
	b.click("Cart 3")
	see(b, "cart")
	b.click("Place the order")
	see(b, "confirm")
	b.write("Password", demoPassword)
	b.click("Confirm")
	see(b, "account")
	b.click("My sessions")
	see(b, "sessions")
	b.run(404, chromedp.Navigate(b.base+"/nothing"))
	see(b, "error")

	sealed := newWorld(t, "cookie")
	b = newTab(t, browser, sealed.url, laptop)
	login(b)
	see(b, "sessions-cookie")
}
