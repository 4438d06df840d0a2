package docs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/docs/internal/account"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// quiet is a configuration for examples on plain HTTP that print what they show
// and nothing else.
var quiet = runtime.Config{Development: true, Logger: slog.New(slog.DiscardHandler)}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// visitor is a browser without a screen.
type visitor struct{ cookies []*http.Cookie }

// ask sends a request and keeps the cookies of the answer.
func (v *visitor) ask(h http.Handler, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, c := range v.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if set := w.Result().Cookies(); len(set) > 0 {
		v.cookies = set
	}
	return w
}

func Example_crossSiteRequestForgery() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	mux := http.NewServeMux()
	mux.Handle("POST /cart", sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		s.AppendCart(account.Item{SKU: r.FormValue("sku"), Qty: 1})
	}))
	protection := http.NewCrossOriginProtection()
	handler := protection.Handler(sessions.Middleware(mux))

	r := httptest.NewRequest("POST", "https://shop.example/cart?sku=a", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site") // as browsers say of a form on another site
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 403
}

func Example_singlePageApplication() {
	store := memstore.New()
	sessions, err := account.NewSessions(store, runtime.Config{Cookie: runtime.Cookie{
		SameSite:    http.SameSiteNoneMode, // the page is on another site than its API
		Partitioned: true,                  // one cookie jar for each page that embeds it
	}})
	if err != nil {
		panic(err)
	}
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin("https://app.example"); err != nil {
		panic(err)
	}
	api := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		w.Header().Set("Access-Control-Allow-Origin", "https://app.example") // never "*" or what the request says
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		fmt.Fprint(w, s.AddVisits(1))
	})
	handler := protection.Handler(api)

	w := (&visitor{}).ask(handler, "GET", "https://api.example/visits")
	fmt.Println(strings.Contains(w.Header().Get("Set-Cookie"), "SameSite=None; Partitioned"), w.Body)
	// Output: true 1
}

func Example_websocket() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	upgrade := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		if !s.HasUserID() {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		id := s.ID() // a hash: what a connection keeps of its session
		// conn, err := websocket.Accept(w, r, nil)
		messages := []string{"hello", "bye"}
		for _, text := range messages {
			err := sessions.Update(r.Context(), id, func(s *account.Session) error {
				s.SetNotice(text)
				return nil
			})
			if errors.Is(err, runtime.ErrNotFound) {
				return // logged out meanwhile: close the connection
			}
		}
	})
	w := (&visitor{}).ask(upgrade, "GET", "http://localhost/live")
	fmt.Println(w.Code)
	// Output: 401
}

func Example_backgroundJob() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	jobs := make(chan string, 1) // session ids, safe in any queue
	order := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		s.SetCart(nil)
		jobs <- s.ID()
		w.WriteHeader(http.StatusAccepted)
	})
	worker := func(ctx context.Context, id string) error {
		return sessions.Update(ctx, id, func(s *account.Session) error {
			s.SetNotice("Your order is on its way")
			return nil
		})
	}

	v := &visitor{}
	v.ask(order, "POST", "http://localhost/order")
	fmt.Println(worker(context.Background(), <-jobs))
	// Output: <nil>
}

func Example_accessLog() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	accessLog := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			if s, ok := sessions.From(r.Context()); ok {
				logger.Info("request", "path", r.URL.Path, "known", s.HasUserID()) // "session", s.ID() to follow one visitor
			}
		})
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	handler := sessions.Middleware(accessLog(page)) // inside: outside there is no session yet

	(&visitor{}).ask(handler, "GET", "http://localhost/")
	// Output: level=INFO msg=request path=/ known=false
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func Example_oauthState() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	begin := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		state := runtime.GenerateKey().Reveal() // 256 random bits
		s.SetState(state)
		http.Redirect(w, r, "https://login.example/authorize?state="+state, http.StatusSeeOther)
	})
	callback := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		state, ok, err := s.ClaimState(r.Context()) // of several requests exactly one gets it
		switch {
		case err != nil:
			http.Error(w, "try again", http.StatusServiceUnavailable)
		case !ok || state != r.FormValue("state"):
			http.Error(w, "this login was not begun here", http.StatusBadRequest)
		default:
			s.SetUserID("u1")
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	})

	v := &visitor{}
	to := v.ask(begin, "GET", "http://localhost/login").Header().Get("Location")
	_, state, _ := strings.Cut(to, "state=")
	first := v.ask(callback, "GET", "http://localhost/callback?state="+state)
	again := v.ask(callback, "GET", "http://localhost/callback?state="+state)
	fmt.Println(first.Code, again.Code)
	// Output: 303 400
}

func Example_stepUp() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	confirm := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		if r.FormValue("password") == "correct horse" { // ask your user store
			s.Reauthenticate() // a new id, and both clocks restart
			s.SetStepUp(true)  // lapses after 15 minutes
		}
	})
	secret := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		if !s.StepUp() {
			http.Redirect(w, r, "/confirm", http.StatusSeeOther)
			return
		}
		fmt.Fprint(w, "your orders")
	})

	v := &visitor{}
	before := v.ask(secret, "GET", "http://localhost/orders")
	v.ask(confirm, "POST", "http://localhost/confirm?password=correct+horse")
	after := v.ask(secret, "GET", "http://localhost/orders")
	fmt.Println(before.Code, after.Code, after.Body)
	// Output: 303 200 your orders
}

func Example_cartKeptAtLogin() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	add := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		s.AppendCart(account.Item{SKU: "a", Qty: 1})
	})
	login := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		s.SetUserID("u1") // the id is new, the fields stay
		fmt.Fprint(w, len(s.Cart()))
	})

	v := &visitor{}
	v.ask(add, "POST", "http://localhost/cart")
	fmt.Println(v.ask(login, "POST", "http://localhost/login").Body)
	// Output: 1
}

func Example_keyRotation() {
	oldKey, newKey := runtime.GenerateKey(), runtime.GenerateKey()
	// 1. Every server learns to open what the new key seals.
	first := cookiestore.New(oldKey, newKey)
	// 2. When all of them run that, the new key seals. What the old one sealed is sealed anew when it is read.
	second := cookiestore.New(newKey, oldKey)
	// 3. After Config.AbsoluteTimeout nothing is left of the old key.
	third := cookiestore.New(newKey)

	config := quiet
	config.AllowMissingIndex = true // a cookie can't be found by its user
	v := &visitor{}
	for _, store := range []runtime.Store{first, second, third} {
		sessions := must(account.NewSessions(store, config))
		w := v.ask(sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
			fmt.Fprint(w, s.AddVisits(1))
		}), "GET", "http://localhost/visits")
		fmt.Print(w.Body, " ")
	}
	// Output: 1 2 3
}

func Example_deletingAField() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	must(sessions.Create(context.Background(), func(s *account.Session) error { s.SetVisits(1); return nil }))

	// The spec says: _ struct{} `session:"birthday,drop"`. Each session loses the
	// field with its next write; this writes all of them now.
	n := 0
	for s, err := range sessions.List(context.Background()) {
		if err != nil {
			panic(err)
		}
		s.UpdateVisits(func(n int) int { return n })
		if err := s.Save(context.Background()); err != nil && !errors.Is(err, runtime.ErrDestroyed) {
			panic(err)
		}
		n++
	}
	fmt.Println(n)
	// Output: 1
}

func Example_onePersonsData() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	ctx := context.Background()
	for _, device := range []string{"phone", "laptop"} {
		must(sessions.Create(ctx, func(s *account.Session) error {
			s.SetUserID("u1")
			s.SetDevice(device)
			return nil
		}))
	}

	export := func(w io.Writer, userID string) error {
		for s, err := range sessions.FindByUserID(ctx, userID) {
			if err != nil {
				return err
			}
			if err := json.NewEncoder(w).Encode(s); err != nil { // without redacted fields
				return err
			}
		}
		return nil
	}
	if err := export(io.Discard, "u1"); err != nil {
		panic(err)
	}
	n, err := sessions.DestroyByUserID(ctx, "u1")
	fmt.Println(n, err)
	// Output: 2 <nil>
}

func Example_mySessions() {
	sessions := must(account.NewSessions(memstore.New(), quiet))
	page := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		for other, err := range sessions.FindByUserID(r.Context(), s.UserID()) {
			switch {
			case errors.Is(err, runtime.ErrCorrupt), errors.Is(err, runtime.ErrNewerFormat):
				continue // one that this program can't read does not hide the others
			case err != nil:
				http.Error(w, "try again", http.StatusServiceUnavailable)
				return
			}
			fmt.Fprintln(w, other.Device(), other.ID() == s.ID(), time.Since(other.LastSeen()) < time.Hour)
		}
	})
	login := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		s.SetUserID("u1")
		s.SetDevice("phone")
	})

	v := &visitor{}
	v.ask(login, "POST", "http://localhost/login")
	fmt.Print(v.ask(page, "GET", "http://localhost/me").Body)
	// Output: phone true true
}
