package apps

import (
	"context"
	"net/http"
	"strconv"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/sessiongen/sessiongen/bench/workload"
)

// SCS is alexedwards/scs over its memory store.
func SCS() (*App, error) {
	store := memstore.New()
	return scsOver("scs", store, store.StopCleanup), nil
}

func scsOver(name string, store scs.Store, closeStore func()) *App {
	m := scs.New()
	m.Store = store
	a := &App{Name: name, Close: closeStore}
	handler := func(f func(http.ResponseWriter, context.Context)) http.Handler {
		return m.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(w, r.Context()) }))
	}
	sum := func(ctx context.Context) (n int) {
		roles, _ := m.Get(ctx, "roles").([]string)
		cart, _ := m.Get(ctx, "cart").([]workload.Item)
		if m.GetBool(ctx, "beta") {
			n++
		}
		return n + m.GetInt(ctx, "visits") + len(m.GetString(ctx, "user_id")) + len(m.GetString(ctx, "email")) +
			len(roles) + m.GetTime(ctx, "login_at").Second() + len(cart) + len(m.GetString(ctx, "theme"))
	}
	a.Login = handler(func(w http.ResponseWriter, ctx context.Context) {
		v := workload.Sample()
		m.Put(ctx, "visits", v.Visits)
		m.Put(ctx, "user_id", v.UserID)
		m.Put(ctx, "email", v.Email)
		m.Put(ctx, "roles", v.Roles)
		m.Put(ctx, "login_at", v.LoginAt)
		m.Put(ctx, "cart", v.Cart)
		m.Put(ctx, "theme", v.Theme)
		m.Put(ctx, "beta", v.Beta)
		answer(w)
	})
	a.Full = handler(func(w http.ResponseWriter, ctx context.Context) {
		use(sum(ctx))
		a.between()
		m.Put(ctx, "visits", m.GetInt(ctx, "visits")+1)
		answer(w)
	})
	a.Read = handler(func(w http.ResponseWriter, ctx context.Context) {
		use(sum(ctx))
		answer(w)
	})
	a.Logout = handler(func(w http.ResponseWriter, ctx context.Context) {
		if err := m.Destroy(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w)
	})
	a.Visits = handler(func(w http.ResponseWriter, ctx context.Context) {
		w.Write([]byte(strconv.Itoa(m.GetInt(ctx, "visits"))))
	})
	return a
}
