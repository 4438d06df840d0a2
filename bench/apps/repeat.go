package apps

import (
	"fmt"
	"net/http"
)

// Repeat lets h answer r so many times, anew each time: some libraries change
// the request. It panics where an answer is an error, which would be measured as
// a fast request.
func Repeat(h http.Handler, r *http.Request) func(n int) {
	w, request := &sink{http.Header{}}, new(http.Request)
	return func(n int) {
		for range n {
			clear(w.header)
			*request = *r
			h.ServeHTTP(w, request)
		}
	}
}

// sink is a response that nobody reads.
type sink struct{ header http.Header }

func (w *sink) Header() http.Header         { return w.header }
func (w *sink) Write(p []byte) (int, error) { return len(p), nil }

func (w *sink) WriteHeader(status int) {
	if status >= 400 {
		panic(fmt.Sprintf("a measured request was answered %d", status))
	}
}
