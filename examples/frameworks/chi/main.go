// Chi counts visits under go-chi/chi, whose middleware is net/http's.
package main

import (
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/sessiongen/sessiongen/examples/frameworks/visits"
)

func main() { visits.Run(handler) }

func handler(sessions *visits.Sessions) http.Handler {
	router := chi.NewRouter()
	router.Use(sessions.Middleware)
	router.Get("/visits", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"visits\":%d}\n", sessions.Get(r).AddVisits(1))
	})
	return router
}
