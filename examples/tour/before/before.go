// Package before is the untyped code that the README compares with.
package before

import (
	"fmt"
	"net/http"
)

type session struct{ Values map[string]any }

type store interface {
	Get(r *http.Request, name string) (*session, error)
	Save(r *http.Request, w http.ResponseWriter, s *session) error
}

// Visits is a handler on a map[string]any session.
func Visits(store store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, _ := store.Get(r, "session")
		visits, _ := s.Values["vists"].(int) // a typo: always 0, and nobody says so
		s.Values["visits"] = visits + 1      // two requests at once: one visit is lost
		store.Save(r, w, s)                  // forget it, or write first, and nothing is saved
		fmt.Fprintln(w, visits+1)
	}
}
