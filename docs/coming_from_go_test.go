package docs

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sessiongen/sessiongen/docs/internal/account"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// The lines of coming-from-go.md that coming-from-node.md does not have too.
func Example_goSession() {
	store, config := memstore.New(), quiet
	sessions := must(account.NewSessions(store, config))
	ctx, n, d, v := context.Background(), 3, time.Hour, "dark"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		fmt.Println(s.IsNew(), s.Visits())
		s.SetVisits(n)
		s.SetTheme(v)
		s.SetMaxAge(24 * time.Hour)
		s.SetMaxAge(d)
		if err := s.Save(ctx); err != nil {
			panic(err)
		}
		id, token := s.ID(), sessions.Token(s)
		must(sessions.Open(ctx, token))
		must(sessions.Load(ctx, id))
		must(0, sessions.Destroy(ctx, id))
	})
	(&visitor{}).ask(sessions.Middleware(mux), "GET", "http://localhost/")

	key, oldKey := runtime.GenerateKey(), runtime.GenerateKey()
	must(account.NewSessions(cookiestore.New(key, oldKey), runtime.Config{AllowMissingIndex: true}))
	must(account.NewSessions(memstore.New(), runtime.Config{Transport: runtime.Bearer("")}))
	// Output: true 0
}
