package apps

import (
	"net/http"
	"strconv"

	"github.com/sessiongen/sessiongen/bench/workload"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// Memory is sessiongen over memstore.
func Memory() (*App, error) {
	store := memstore.New()
	a, err := Ours("sessiongen", store, runtime.Config{})
	if err == nil {
		a.Close = func() { store.Close() }
	}
	return a, err
}

// Sealed is sessiongen over cookiestore.
func Sealed() (*App, error) {
	return Ours("sessiongen", cookiestore.New(runtime.GenerateKey()), runtime.Config{})
}

// Ours is sessiongen over store.
func Ours(name string, store runtime.Store, config runtime.Config) (*App, error) {
	sessions, err := workload.NewSessions(store, config)
	if err != nil {
		return nil, err
	}
	handler := func(f func(http.ResponseWriter, *workload.Session)) http.Handler {
		return sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(w, sessions.Get(r)) }))
	}
	a := &App{Name: name, Close: func() {}}
	a.Login = handler(func(w http.ResponseWriter, s *workload.Session) {
		workload.Fill(s)
		answer(w)
	})
	a.Full = handler(func(w http.ResponseWriter, s *workload.Session) {
		use(workload.Sum(s))
		a.between()
		s.AddVisits(1)
		answer(w)
	})
	a.Read = handler(func(w http.ResponseWriter, s *workload.Session) {
		use(workload.Sum(s))
		answer(w)
	})
	a.Logout = handler(func(w http.ResponseWriter, s *workload.Session) {
		s.Destroy()
		answer(w)
	})
	a.Visits = handler(func(w http.ResponseWriter, s *workload.Session) {
		w.Write([]byte(strconv.Itoa(s.Visits())))
	})
	return a, nil
}
