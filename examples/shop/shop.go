package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// shop is the application.
type shop struct {
	sessions  *Sessions
	storeName string
	orders    orders
	now       func() time.Time
}

// newShop returns the shop with its sessions in store.
func newShop(store runtime.Store, storeName string, now func() time.Time) (*shop, error) {
	sessions, err := NewSessions(store, runtime.Config{
		Development:       true, // plain HTTP on localhost; behind TLS leave it out
		AllowMissingIndex: true, // the page of sessions says what the store can't do
		ErrorHandler:      sessionFailed,
		Now:               now,
	})
	if err != nil {
		return nil, err
	}
	return &shop{sessions: sessions, storeName: storeName, now: now}, nil
}

// handler returns the whole shop.
func (a *shop) handler() http.Handler {
	mux := http.NewServeMux()
	anyone := func(pattern string, h page) { mux.Handle(pattern, a.sessions.Handler(a.seen(parsed(h)))) }
	user := func(pattern string, h page) { anyone(pattern, loggedIn(h)) }

	anyone("GET /{$}", a.showCatalogue)
	anyone("GET /visits", a.countVisit)
	anyone("POST /theme", a.setTheme)

	anyone("GET /cart", a.showCart)
	anyone("POST /cart/add", a.addToCart)
	anyone("POST /cart/change", a.changeCart)
	anyone("POST /cart/remove", a.removeFromCart)
	user("POST /cart/order", a.order)

	anyone("GET /login", a.showLogin)
	anyone("POST /login", a.login)
	user("POST /logout", a.logout)

	user("GET /account", a.showAccount)
	user("POST /account/confirm", a.confirm)
	user("POST /account/lock", a.lock)
	user("POST /account/address", a.setAddress)

	user("GET /sessions", a.showSessions)
	user("POST /sessions/end", a.endSession)
	user("POST /sessions/end-others", a.endOthers)
	user("POST /sessions/end-all", a.endAll)

	mux.Handle("GET /static/", static()) // without a session
	anyone("GET /", a.notFound)
	return protect(mux)
}

// page is a handler that gets the session as a parameter.
type page func(http.ResponseWriter, *http.Request, *Session)

// parsed reads the form before h does, so that h never takes an unreadable
// value for an empty one.
func parsed(h page) page {
	return func(w http.ResponseWriter, r *http.Request, s *Session) {
		err := r.ParseForm()
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			showError(w, http.StatusRequestEntityTooLarge, "That was more than a form of this shop can hold.")
		case err != nil:
			showError(w, http.StatusBadRequest, "The form could not be read.")
		default:
			h(w, r, s)
		}
	}
}

// loggedIn sends visitors who have not logged in to the login page.
func loggedIn(h page) page {
	return func(w http.ResponseWriter, r *http.Request, s *Session) {
		if !s.HasUser() {
			http.Redirect(w, r, "/login?back="+backTo(r.URL.Path), http.StatusSeeOther)
			return
		}
		h(w, r, s)
	}
}

// seen notes when a user was here, at most once a minute: a request that only
// reads should not write.
func (a *shop) seen(h page) page {
	return func(w http.ResponseWriter, r *http.Request, s *Session) {
		if now := a.now(); s.HasUser() && now.Sub(s.SeenAt()) >= time.Minute {
			s.SetSeenAt(now)
		}
		h(w, r, s)
	}
}

// sessionFailed answers a request whose session could not be loaded or saved.
// The runtime has logged why.
func sessionFailed(w http.ResponseWriter, _ *http.Request, err error) {
	switch {
	case errors.Is(err, runtime.ErrDestroyed):
		showError(w, http.StatusConflict, "This session was ended or renewed by another request, and keeps nothing of this one. Load the page again.")
	case errors.Is(err, runtime.ErrTooLarge):
		showError(w, http.StatusRequestEntityTooLarge, "That is more than this shop can remember, and it kept nothing of it.")
	default:
		showError(w, http.StatusServiceUnavailable, "The shop can't reach its memory. Try again in a moment.")
	}
}
