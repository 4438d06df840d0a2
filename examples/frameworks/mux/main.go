// Mux counts visits under gorilla/mux, whose middleware is net/http's.
package main

import (
	"fmt"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/sessiongen/sessiongen/examples/frameworks/visits"
)

func main() { visits.Run(handler) }

func handler(sessions *visits.Sessions) http.Handler {
	router := mux.NewRouter()
	router.Use(sessions.Middleware)
	router.HandleFunc("/visits", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"visits\":%d}\n", sessions.Get(r).AddVisits(1))
	}).Methods(http.MethodGet)
	return router
}
