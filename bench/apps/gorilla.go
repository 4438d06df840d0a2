package apps

import (
	"crypto/rand"
	"encoding/gob"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sessiongen/sessiongen/bench/workload"
)

func init() {
	gob.Register([]workload.Item{})
	gob.Register([]string{})
	gob.Register(time.Time{})
}

// GorillaCookies is gorilla/sessions with its CookieStore, signed and sealed.
func GorillaCookies() (*App, error) {
	store := sessions.NewCookieStore(randomKey(32), randomKey(32))
	return gorilla("gorilla/sessions", store), nil
}

// GorillaFiles is gorilla/sessions with its FilesystemStore in dir.
func GorillaFiles(dir string) (*App, error) {
	store := sessions.NewFilesystemStore(dir, randomKey(32))
	store.MaxLength(0)
	return gorilla("gorilla/sessions files", store), nil
}

func randomKey(n int) []byte {
	key := make([]byte, n)
	rand.Read(key)
	return key
}

func gorilla(name string, store sessions.Store) *App {
	a := &App{Name: name, Close: func() {}}
	handler := func(f func(http.ResponseWriter, *http.Request, *sessions.Session)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, _ := store.Get(r, "session") // an error comes with a new session
			f(w, r, s)
		})
	}
	save := func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		if err := s.Save(r, w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w)
	}
	sum := func(s *sessions.Session) (n int) {
		visits, _ := s.Values["visits"].(int)
		user, _ := s.Values["user_id"].(string)
		email, _ := s.Values["email"].(string)
		roles, _ := s.Values["roles"].([]string)
		login, _ := s.Values["login_at"].(time.Time)
		cart, _ := s.Values["cart"].([]workload.Item)
		theme, _ := s.Values["theme"].(string)
		if beta, _ := s.Values["beta"].(bool); beta {
			n++
		}
		return n + visits + len(user) + len(email) + len(roles) + login.Second() + len(cart) + len(theme)
	}
	a.Login = handler(func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		v := workload.Sample()
		for key, value := range map[string]any{
			"visits": v.Visits, "user_id": v.UserID, "email": v.Email, "roles": v.Roles,
			"login_at": v.LoginAt, "cart": v.Cart, "theme": v.Theme, "beta": v.Beta,
		} {
			s.Values[key] = value
		}
		save(w, r, s)
	})
	a.Full = handler(func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		use(sum(s))
		a.between()
		visits, _ := s.Values["visits"].(int)
		s.Values["visits"] = visits + 1
		save(w, r, s)
	})
	a.Read = handler(func(w http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		use(sum(s))
		answer(w)
	})
	a.Logout = handler(func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		s.Options.MaxAge = -1
		save(w, r, s)
	})
	a.Visits = handler(func(w http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		visits, _ := s.Values["visits"].(int)
		w.Write([]byte(strconv.Itoa(visits)))
	})
	return a
}
