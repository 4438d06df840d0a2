// Tour is the program that the README shows: a visit counter, login, logout
// and a page of an account's sessions.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/sessiongen/sessiongen/examples/tour/shop"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

func main() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{Development: true})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /visits", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)            // *shop.Session, never nil
		fmt.Fprintln(w, s.AddVisits(1)) // s.Visits(), s.SetVisits(n)
	})
	mux.Handle("POST /login", sessions.Handler( // the session as a parameter
		func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.SetUserID("u1") // a principal: new id, clocks restart
			s.SetNotice("Welcome back")
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}))
	mux.Handle("POST /logout", sessions.Handler(
		func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			s.Destroy()
			s.SetNotice("Bye")
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}))
	mux.Handle("POST /logout-everywhere-else", sessions.Handler(
		func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			n, err := sessions.DestroyByUserID(r.Context(), s.UserID(), runtime.Except(s))
			if err != nil {
				http.Error(w, "try again", http.StatusServiceUnavailable)
				return
			}
			s.SetNotice(fmt.Sprintf("%d other sessions ended", n))
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}))
	mux.Handle("GET /{$}", sessions.Handler(
		func(w http.ResponseWriter, r *http.Request, s *shop.Session) {
			notice := s.TakeNotice() // reading removes it: before the first write
			fmt.Fprintln(w, notice, s.UserID(), s.Theme())
		}))

	log.Fatal(http.ListenAndServe("localhost:8080", sessions.Middleware(mux)))
}
