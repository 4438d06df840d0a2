package docs

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/sessiongen/sessiongen/docs/internal/account"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// The lines of coming-from-node.md about a session in a handler.
func Example_nodeSession() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	ctx := context.Background()
	item, text, d := account.Item{SKU: "a"}, "Bye", time.Hour
	h := sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		s.AddVisits(1)
		s.AppendCart(item)
		s.Cart()[0].Qty = 2
		s.SetTheme("dark")
		fmt.Println(s.Visits(), s.HasTheme(), s.Theme())
		s.ClearTheme()
		s.SetNotice(text)
		fmt.Println(s.TakeNotice())
		s.SetMaxAge(90 * 24 * time.Hour)
		s.Touch()
		if err := s.Save(ctx); err != nil {
			panic(err)
		}
		if err := s.Reload(ctx); err != nil {
			panic(err)
		}
		s.Renew()
		s.SetMaxAge(d)
		for name := range s.All() {
			fmt.Print(name, " ")
		}
		fmt.Println(s.ID() != sessions.Token(s), s.ExpiresAt().IsZero())
	}))
	v := &visitor{}
	v.ask(h, "GET", "http://localhost/")
	end := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		s.Destroy()
		s.SetNotice("Bye")
	})
	v.ask(end, "POST", "http://localhost/logout")
	// Output:
	// 1 true dark
	// Bye
	// visits cart true false
}

// The lines about stores, keys and options.
func Example_nodeOptions() {
	ctx, h := context.Background(), func(http.ResponseWriter, *http.Request, *account.Session) {}
	for _, config := range []runtime.Config{
		{Cookie: runtime.Cookie{Name: "sid"}},
		{IdleTimeout: time.Hour, AbsoluteTimeout: 24 * time.Hour},
		{IdleTimeout: runtime.Never, AbsoluteTimeout: runtime.Never},
		{Cookie: runtime.Cookie{NonPersistent: true}},
		{Cookie: runtime.Cookie{Path: "/app", Domain: "shop.example"}},
		{Cookie: runtime.Cookie{SameSite: http.SameSiteStrictMode}},
		{Cookie: runtime.Cookie{Partitioned: true}},
		{Development: true, Logger: quiet.Logger},
	} {
		sessions := must(account.NewSessions(memstore.New(), config))
		sessions.Optional(h)
		s := must(sessions.Create(ctx, nil))
		id := s.ID()
		f := func(s *account.Session) error { s.SetTheme("dark"); return nil }
		must(sessions.Load(ctx, id))
		must(0, sessions.Update(ctx, id, f))
		must(sessions.Open(ctx, sessions.Token(s)))
		for s, err := range sessions.List(ctx) {
			must(s, err)
			must(0, sessions.Destroy(ctx, s.ID()))
		}
		must(sessions.Create(ctx, f))
	}

	os.Setenv("SESSION_KEY", runtime.GenerateKey().Reveal())
	key, err := runtime.ParseKey(os.Getenv("SESSION_KEY"))
	if err != nil {
		panic(err)
	}
	newKey, oldKey := key, runtime.GenerateKey()
	secret, salt := "a secret of at least thirty-two bytes", "sixteen bytes..."
	derived, err := runtime.DeriveKey(secret, salt)
	if err != nil {
		panic(err)
	}
	for _, store := range []runtime.Store{
		cookiestore.New(key), cookiestore.New(newKey, oldKey), cookiestore.New(derived),
	} {
		must(account.NewSessions(store, runtime.Config{AllowMissingIndex: true}))
	}
	fmt.Println("ok")
	// Output: ok
}
