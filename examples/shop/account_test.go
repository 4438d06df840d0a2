package main

import (
	"strings"
	"testing"
	"time"
)

func TestStepUp(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		stranger := w.visitor(t)
		stranger.get("/account").is(200, "/login?back=/account")
		for _, path := range []string{"/account/confirm", "/account/lock", "/account/address"} {
			stranger.post(path, "password", demoPassword, "address", "Here").is(200, "/login?back=/account")
		}
		stranger.login("Eve")
		stranger.get("/account").has("Is it still you?") // what came before the login opens nothing

		v := w.user(t, "Ada")
		v.get("/account").is(200, "/account").has("Is it still you?").hasNot("Where orders go")
		v.post("/account/confirm", "password", "margarine").is(422, "/account/confirm").has("That is not the password.").hasNot("Where orders go")
		v.post("/account/address", "address", "1 Early Lane").is(403, "/account/address").has("Is it still you?")
		before := v.cookie()
		v.post("/account/confirm", "password", demoPassword).is(200, "/account").
			has("This page stays open for 15 minutes.", "You confirmed just now.").hasNot("Early Lane")
		if v.cookie() == before {
			t.Error("the confirmation kept the session's cookie")
		}

		w.pass(15*time.Minute - 20*time.Second)
		v.get("/account").has("You confirmed 15 minutes ago.", "Where orders go")
		w.pass(20 * time.Second)
		v.get("/account").has("Is it still you?").hasNot("Where orders go")
		v.post("/account/address", "address", "1 Late Lane").is(403, "/account/address")

		v.post("/account/confirm", "password", demoPassword).has("Where orders go").hasNot("Late Lane")
		v.post("/account/lock").is(200, "/").has("Orders and address are locked.")
		v.get("/account").has("Is it still you?")
	})
}

func TestAddress(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		v := w.user(t, "Ada")
		v.post("/account/confirm", "password", demoPassword)
		v.post("/account/address", "address", " 1 Oven Lane\r\nBakewell </textarea><b> ").is(200, "/account").
			has("The address is kept until you log out.", "1 Oven Lane Bakewell </textarea><b>")
		long := strings.Repeat("ö", maxAddress)
		v.post("/account/address", "address", long+"ö").is(422, "/account/address").has("An address has at most 200 characters.", long+"ö")
		v.post("/account/address", "address", "\xff").is(422, "/account/address")
		v.get("/account").has("1 Oven Lane")
		v.post("/account/address", "address", long).is(200, "/account").has(long)
		v.post("/account/address", "address", "").is(200, "/account").has("The address is forgotten.").hasNot(long)
	})
}
