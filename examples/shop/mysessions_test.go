package main

import (
	"bytes"
	"regexp"
	"testing"
	"time"
)

// idOf returns the id of the session that the page lists as here, or not.
func idOf(p *seen, here bool) string {
	p.t.Helper()
	for _, m := range regexp.MustCompile(`(?s)<li class="card session([^"]*)">.*?name="id" value="([^"]+)".*?</li>`).FindAllStringSubmatch(p.body, -1) {
		if (m[1] == " here") == here {
			return m[2]
		}
	}
	p.t.Fatalf("no such session in the list:\n%s", p.text())
	return ""
}

func TestMySessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	w.visitor(t).get("/sessions").is(200, "/login?back=/sessions")

	home, away := w.user(t, "Ada"), w.visitor(t)
	away.agent = phone
	away.login("Ada")
	stranger := w.user(t, "Bob")
	w.pass(5 * time.Minute)
	page := home.get("/sessions").is(200, "/sessions").
		has("Firefox on Linux This browser Logged in 5 minutes ago, last seen just now. Ends in 24 hours if not used.",
			"Safari on an iPhone Logged in 5 minutes ago, last seen 5 minutes ago.")
	if here, there := idOf(page, true), idOf(away.get("/sessions"), true); idOf(page, false) != there || here == there {
		t.Errorf("the page lists %s and %s, the other browser is %s", here, idOf(page, false), there)
	}
	stranger.get("/sessions").has("Firefox on Linux").hasNot("iPhone")

	// Nobody ends what is not theirs.
	id := idOf(page, false)
	for _, wrong := range []string{id, "", "nonsense", id + "x", id[1:]} {
		stranger.post("/sessions/end", "id", wrong).is(200, "/sessions").has("That session has already ended.")
	}
	away.get("/sessions").is(200, "/sessions")

	home.post("/sessions/end", "id", id).is(200, "/sessions").has("Safari on an iPhone is logged out.").hasNot("Ends in 24 hours if not used. Log out Safari")
	away.get("/sessions").is(200, "/login?back=/sessions")
	home.post("/sessions/end", "id", id).has("That session has already ended.")
	home.post("/sessions/end", "id", idOf(home.get("/sessions"), true)).is(200, "/").has("You are logged out.")
	home.get("/sessions").is(200, "/login?back=/sessions")
}

func TestLogOutElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	home, away, third, stranger := w.user(t, "Ada"), w.user(t, "Ada"), w.user(t, "Ada"), w.user(t, "Bob")
	home.post("/sessions/end-others").is(200, "/sessions").has("2 other sessions ended. You are logged in here alone.")
	for _, out := range []*visitor{away, third} {
		out.get("/sessions").is(200, "/login?back=/sessions")
	}
	home.get("/sessions").is(200, "/sessions")
	home.post("/sessions/end-others").has("0 other sessions ended.")

	away.login("Ada")
	home.post("/sessions/end-all").is(200, "/").has("You are logged out everywhere: 2 sessions ended.")
	for _, out := range []*visitor{home, away} {
		out.get("/sessions").is(200, "/login?back=/sessions")
	}
	stranger.get("/sessions").is(200, "/sessions")
}

func TestManySessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	v := w.user(t, "Ada")
	for range maxListed + 2 {
		w.user(t, "Ada")
	}
	page := v.get("/sessions").has("There are more sessions than this page shows.")
	if n := len(regexp.MustCompile(`<li class="card session`).FindAllString(page.body, -1)); n != maxListed {
		t.Errorf("the page lists %d sessions, want %d", n, maxListed)
	}
	idOf(page, true)
}

// TestUnreadableSessionHidesNoOther: one that another release of the shop wrote
// is missing from the page, and "log out everywhere else" ends it too.
func TestUnreadableSessionHidesNoOther(t *testing.T) {
	t.Parallel()
	w, store := newBroken(t)
	home, third := w.user(t, "Ada"), w.user(t, "Ada")
	away := w.visitor(t)
	away.agent = phone
	away.login("Ada")
	home.get("/sessions").has("Safari on an iPhone")
	for _, v := range []*visitor{away, third} {
		id := idOf(v.get("/sessions"), true)
		old, err := store.Store.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		next := old
		next.Data = bytes.Clone(old.Data)
		if next.Stamp++; v == away {
			next.Data[0]++ // the version of the format
		} else {
			next.Data = next.Data[:40]
		}
		if err := store.Store.Update(t.Context(), id, old, next); err != nil {
			t.Fatal(err)
		}
	}
	last := w.user(t, "Ada")
	page := last.get("/sessions").is(200, "/sessions").has("This browser").hasNot("iPhone")
	if n := len(regexp.MustCompile(`<li class="card session`).FindAllString(page.body, -1)); n != 2 {
		t.Errorf("the page lists %d sessions, want the two that can be read", n)
	}
	last.post("/sessions/end-others").has("3 other sessions ended.")
}

// TestMySessionsInCookies checks that the page promises nothing that a sealed
// cookie can't keep.
func TestMySessionsInCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "cookie")
	v := w.user(t, "Ada")
	w.user(t, "Ada")
	page := v.get("/sessions").is(200, "/sessions").
		has("What a sealed cookie can’t do", "Firefox on Linux This browser").hasNot("Log out everywhere", "/sessions/end")
	if n := len(regexp.MustCompile(`<li class="card session`).FindAllString(page.body, -1)); n != 1 {
		t.Errorf("the page lists %d sessions, want 1", n)
	}
	for _, path := range []string{"/sessions/end", "/sessions/end-others", "/sessions/end-all"} {
		v.post(path, "id", "nonsense").is(501, path).has("Sessions in sealed cookies can't be ended from another browser.")
	}
	v.get("/sessions").is(200, "/sessions")
	v.post("/logout").has("You are logged out.")
}
