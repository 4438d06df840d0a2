package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"slices"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// maxListed is how many sessions the page shows.
const maxListed = 50

// sessionsPage is what the page of the user's sessions shows.
type sessionsPage struct {
	Entries []entry
	More    bool // there are more than the page shows
	NoIndex bool // the store knows no session but the request's
}

// entry is a session of the user as the page shows it.
type entry struct {
	ID, Browser          string
	Here                 bool
	LoggedIn, Seen, Ends string
	seenAt               time.Time
}

// showSessions lists the user's sessions, this one first. A sealed cookie is
// known to its browser alone: there the page says what it can't do.
func (a *shop) showSessions(w http.ResponseWriter, r *http.Request, s *Session) {
	p := sessionsPage{Entries: []entry{a.entryOf(s, true)}}
	for other, err := range a.sessions.FindByUser(r.Context(), s.User()) {
		if p.NoIndex = errors.Is(err, runtime.ErrNoIndex); p.NoIndex {
			break
		}
		if errors.Is(err, runtime.ErrCorrupt) || errors.Is(err, runtime.ErrNewerFormat) {
			continue // one that can't be read does not hide the others
		}
		if err != nil {
			a.cantReach(w, r, s, err)
			return
		}
		if p.More = len(p.Entries) == maxListed; p.More {
			break
		}
		if other.ID() != s.ID() {
			p.Entries = append(p.Entries, a.entryOf(other, false))
		}
	}
	slices.SortStableFunc(p.Entries[1:], func(x, y entry) int { return y.seenAt.Compare(x.seenAt) })
	a.show(w, r, s, http.StatusOK, "sessions", "My sessions", p)
}

func (a *shop) entryOf(s *Session, here bool) entry {
	now := a.now()
	e := entry{
		ID: s.ID(), Browser: s.Browser(), Here: here, seenAt: s.SeenAt(),
		LoggedIn: ago(now.Sub(s.LoginAt())), Seen: ago(now.Sub(s.SeenAt())),
	}
	if end := s.ExpiresAt(); !end.IsZero() {
		e.Ends = in(end.Sub(now))
	}
	return e
}

// endSession ends one of the user's sessions. The id comes from a form, so that
// it may be anybody's: whose it is decides.
func (a *shop) endSession(w http.ResponseWriter, r *http.Request, s *Session) {
	id := r.PostFormValue("id")
	if id == s.ID() {
		a.logout(w, r, s)
		return
	}
	other, err := a.sessions.Load(r.Context(), id)
	if err == nil && other.User() != s.User() {
		err = runtime.ErrNotFound
	}
	if err == nil {
		err = a.sessions.Destroy(r.Context(), id)
	}
	switch {
	case errors.Is(err, runtime.ErrNotFound):
		s.SetNotice("That session has already ended.")
	case err != nil:
		a.cantReach(w, r, s, err)
		return
	default:
		s.SetNotice(other.Browser() + " is logged out.")
	}
	http.Redirect(w, r, "/sessions", http.StatusSeeOther)
}

// endOthers is "log out everywhere else".
func (a *shop) endOthers(w http.ResponseWriter, r *http.Request, s *Session) {
	n, err := a.sessions.DestroyByUser(r.Context(), s.User(), runtime.Except(s))
	if err != nil {
		a.cantReach(w, r, s, err)
		return
	}
	s.SetNotice(fmt.Sprintf("%s ended. You are logged in here alone.", plural(n, "other session")))
	http.Redirect(w, r, "/sessions", http.StatusSeeOther)
}

// endAll is "log out everywhere", this browser too.
func (a *shop) endAll(w http.ResponseWriter, r *http.Request, s *Session) {
	n, err := a.sessions.DestroyByUser(r.Context(), s.User())
	if err != nil {
		a.cantReach(w, r, s, err)
		return
	}
	leave(s, fmt.Sprintf("You are logged out everywhere: %s ended.", plural(n, "session")))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// cantReach answers when the store could not reach other sessions, or never can.
func (a *shop) cantReach(w http.ResponseWriter, r *http.Request, s *Session, err error) {
	if errors.Is(err, runtime.ErrNoIndex) || errors.Is(err, runtime.ErrStateless) {
		a.refuse(w, r, s, http.StatusNotImplemented, "Sessions in sealed cookies can't be ended from another browser.")
		return
	}
	log.Printf("%s %s: %v", r.Method, r.URL.Path, err)
	sessionFailed(w, r, err)
}
