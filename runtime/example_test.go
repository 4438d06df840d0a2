package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// A handler finds the session in its request and uses the generated accessors.
func Example() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /visits", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		fmt.Fprintln(w, "visits:", s.AddVisits(1))
	})
	app := sessions.Middleware(mux)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/visits", nil))
	fmt.Print(w.Body)
	fmt.Println(w.Result().Cookies()[0].Name)
	// Output:
	// visits: 1
	// __Host-session
}

// A job that outlives its request keeps the session's id, not the session.
func ExampleSessions_Update() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
	if err != nil {
		panic(err)
	}
	done := make(chan error)
	handler := sessions.Handler(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		s.SetTheme("dark")
		id := s.ID()
		go func() {
			time.Sleep(time.Millisecond) // the job
			done <- sessions.Update(context.Background(), id, func(s *shop.Session) error {
				s.SetNotice("Your export is ready")
				return nil
			})
		}()
		w.WriteHeader(http.StatusAccepted) // commits the session, so that the job finds it
	})
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/export", nil))
	fmt.Println(<-done)
	// Output: <nil>
}

// Log out everywhere else, after a password was changed.
func ExampleExcept() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	login := func(s *shop.Session) error { s.SetUserID("u1"); return nil }
	for range 3 {
		if _, err := sessions.Create(ctx, login); err != nil {
			panic(err)
		}
	}
	here, err := sessions.Create(ctx, login)
	if err != nil {
		panic(err)
	}
	n, err := sessions.DestroyByUserID(ctx, "u1", runtime.Except(here))
	fmt.Println(n, err)
	// Output: 3 <nil>
}

// A page that works without a session, too, when the store can't answer.
func ExampleSessions_Optional() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
	if err != nil {
		panic(err)
	}
	page := sessions.Optional(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		if s.Unavailable() {
			fmt.Fprintln(w, "Welcome. Your cart can't be shown right now.")
			return
		}
		fmt.Fprintln(w, "Welcome. In your cart:", len(s.Cart()))
	})
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Print(w.Body)
	// Output: Welcome. In your cart: 0
}

// A client that is not a browser carries the token in a header.
func ExampleBearer() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{Transport: runtime.Bearer("")})
	if err != nil {
		panic(err)
	}
	app := sessions.Handler(func(w http.ResponseWriter, _ *http.Request, s *shop.Session) {
		fmt.Fprintln(w, s.AddVisits(1))
	})
	first := httptest.NewRecorder()
	app.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+first.Header().Get("Session-Token"))
	second := httptest.NewRecorder()
	app.ServeHTTP(second, r)
	fmt.Print(second.Body)
	// Output: 2
}

// A one-time code is claimed: of many parallel requests exactly one gets it.
func ExampleClaim() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	s, err := sessions.Create(ctx, func(s *shop.Session) error { s.SetNotice("oauth-state"); return nil })
	if err != nil {
		panic(err)
	}
	other, err := sessions.Load(ctx, s.ID()) // as a second request has it
	if err != nil {
		panic(err)
	}
	state, ok, err := s.ClaimNotice(ctx)
	fmt.Printf("%q %v %v\n", state, ok, err)
	state, ok, err = other.ClaimNotice(ctx)
	fmt.Printf("%q %v %v\n", state, ok, err)
	// Output:
	// "oauth-state" true <nil>
	// "" false <nil>
}

// A change that comes after the session was destroyed is refused.
func ExampleErrDestroyed() {
	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	slow, err := sessions.Create(ctx, func(s *shop.Session) error { s.SetUserID("u1"); return nil })
	if err != nil {
		panic(err)
	}
	if err := sessions.Destroy(ctx, slow.ID()); err != nil { // the logout
		panic(err)
	}
	slow.AddVisits(1)
	fmt.Println(errors.Is(slow.Save(ctx), runtime.ErrDestroyed))
	// Output: true
}
