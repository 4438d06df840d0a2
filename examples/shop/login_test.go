package main

import (
	"strings"
	"testing"
	"time"
)

func TestLogin(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visitor(t)
		v.post("/cart/add", "sku", "jam-heart")
		v.post("/theme", "theme", "dark")
		before := v.cookie()
		v.get("/login").is(200, "/login").has("everybody’s password is " + demoPassword)
		v.login(" Ada ").is(200, "/").has("Welcome, Ada.")
		if v.cookie() == before {
			t.Error("the login kept the session's cookie")
		}
		if got := v.get("/cart").has("Jam heart").find(`data-theme="(\w+)"`); got != "dark" {
			t.Errorf("theme %s after the login, want dark", got)
		}
		v.login("Bob").is(200, "/").has("You are logged in as Ada. Log out to change that.")
		v.get("/login").is(200, "/")
		v.get("/login?back=/sessions").is(200, "/sessions")

		v.post("/logout").is(200, "/").has("You are logged out.", "Log in").hasNot("Ada")
		if got := v.get("/cart").has("There is nothing in it yet.").find(`data-theme="(\w+)"`); got != "dark" {
			t.Errorf("theme %s after the logout, want dark", got)
		}
		v.post("/logout").is(200, "/login?back=/")
		if w.cookie {
			return // a copied cookie opens until it expires
		}
		thief := w.visitor(t)
		thief.get("/")
		for _, stolen := range []string{before, v.cookie() + "x", "nonsense"} {
			thief.steal(stolen)
			thief.get("/cart").hasNot("Jam heart", "Ada")
		}
	})
}

func TestLoginRefuses(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visitor(t)
		for _, name := range []string{"", "   ", strings.Repeat("x", maxName+1), "a\x00b", "a\nb", "\xff"} {
			v.login(name).is(422, "/login").has("Give a name of 1 to 40 letters, digits or signs.")
		}
		for _, password := range []string{"", "Butter", "butter "} {
			p := v.post("/login", "name", `<b>"Ada"`, "password", password, "remember", "yes").
				is(422, "/login").has("That is not the password.").hasNot(`<b>"`)
			if got := p.find(`name="name" value="([^"]*)"`); got != `<b>"Ada"` {
				t.Errorf("the form forgot the name: %s", got)
			}
			p.find(`(name="remember" value="yes" checked)`)
		}
		v.get("/account").is(200, "/login?back=/account")
		v.login(strings.Repeat("ä", maxName)).is(200, "/")
	})
}

// TestLoginGoesBack checks that a login leads to the shop's own pages alone.
func TestLoginGoesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	for back, want := range map[string]string{
		"/cart": "/cart", "/account": "/account", "/sessions/end": "/sessions", "/carts": "/", "": "/",
		"https://evil.example/": "/", "//evil.example": "/", "/\\evil.example": "/", "javascript:alert(1)": "/",
		"/cart/../../evil": "/cart",
	} {
		w.visitor(t).post("/login", "name", "Ada", "password", demoPassword, "back", back).is(200, want)
		w.visitor(t).post("/theme", "theme", "dark", "back", back)
	}
}

// TestLogoutStaysDone uses the cookie of a session that has been logged out.
func TestLogoutStaysDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	v, thief := w.user(t, "Ada"), w.visitor(t)
	stolen := v.cookie()
	thief.steal(stolen)
	thief.get("/sessions").is(200, "/sessions")
	v.post("/logout")
	thief.steal(stolen)
	thief.get("/sessions").is(200, "/login?back=/sessions").hasNot("Ada")
}

func TestStayLoggedIn(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		short, long := w.user(t, "Ada"), w.visitor(t)
		long.post("/login", "name", "Ada", "password", demoPassword, "remember", "yes").is(200, "/")
		short.get("/sessions").has("Ends in 24 hours if not used")
		long.get("/sessions").has("Ends in 30 days if not used")
		w.pass(25 * time.Hour)
		short.get("/sessions").is(200, "/login?back=/sessions")
		long.get("/sessions").is(200, "/sessions")
		w.pass(31 * 24 * time.Hour)
		long.get("/sessions").is(200, "/login?back=/sessions")
	})
}

func TestTheme(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visitor(t)
		check := func(want string) {
			t.Helper()
			if got := v.get("/login").find(`data-theme="(\w+)"`); got != want {
				t.Errorf("theme %s, want %s", got, want)
			}
		}
		check("system")
		v.post("/theme", "theme", "dark", "back", "/cart").is(200, "/cart")
		check("dark")
		for _, theme := range []string{"", "purple", `"><script>`} {
			v.post("/theme", "theme", theme).is(422, "/theme").has("The theme is light, dark or system.").hasNot("<script>")
		}
		check("dark")
		v.post("/theme", "theme", "light").is(200, "/")
		check("light")
		v.post("/theme", "theme", "system")
		check("system")
	})
}
