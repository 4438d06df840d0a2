package apps

import (
	"io"
	"net"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/log"
	"github.com/gofiber/fiber/v3/middleware/session"

	"github.com/sessiongen/sessiongen/bench/workload"
)

// Fiber is the application over gofiber/fiber's session middleware and its
// memory storage, on fiber's own server.
type Fiber struct {
	app *fiber.App

	// Between is that of [App].
	Between func()
}

// NewFiber returns the application; it serves once Serve is called.
func NewFiber() *Fiber {
	log.SetOutput(io.Discard)
	f := &Fiber{app: fiber.New()}
	f.app.Use(session.New())
	sum := func(s *session.Middleware) (n int) {
		visits, _ := s.Get("visits").(int)
		user, _ := s.Get("user_id").(string)
		email, _ := s.Get("email").(string)
		roles, _ := s.Get("roles").([]string)
		login, _ := s.Get("login_at").(time.Time)
		cart, _ := s.Get("cart").([]workload.Item)
		theme, _ := s.Get("theme").(string)
		if beta, _ := s.Get("beta").(bool); beta {
			n++
		}
		return n + visits + len(user) + len(email) + len(roles) + login.Second() + len(cart) + len(theme)
	}
	handle := func(path string, do func(c fiber.Ctx, s *session.Middleware) error) {
		f.app.Get(path, func(c fiber.Ctx) error { return do(c, session.FromContext(c)) })
	}
	handle("/login", func(c fiber.Ctx, s *session.Middleware) error {
		v := workload.Sample()
		s.Set("visits", v.Visits)
		s.Set("user_id", v.UserID)
		s.Set("email", v.Email)
		s.Set("roles", v.Roles)
		s.Set("login_at", v.LoginAt)
		s.Set("cart", v.Cart)
		s.Set("theme", v.Theme)
		s.Set("beta", v.Beta)
		return c.SendStatus(fiber.StatusNoContent)
	})
	handle("/full", func(c fiber.Ctx, s *session.Middleware) error {
		use(sum(s))
		if f.Between != nil {
			f.Between()
		}
		visits, _ := s.Get("visits").(int)
		s.Set("visits", visits+1)
		return c.SendStatus(fiber.StatusNoContent)
	})
	handle("/read", func(c fiber.Ctx, s *session.Middleware) error {
		use(sum(s))
		return c.SendStatus(fiber.StatusNoContent)
	})
	handle("/logout", func(c fiber.Ctx, s *session.Middleware) error {
		if err := s.Destroy(); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	})
	handle("/visits", func(c fiber.Ctx, s *session.Middleware) error {
		visits, _ := s.Get("visits").(int)
		return c.SendString(strconv.Itoa(visits))
	})
	return f
}

// Serve answers the connections of l until Close is called.
func (f *Fiber) Serve(l net.Listener) error {
	return f.app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true})
}

// Close ends Serve.
func (f *Fiber) Close() error { return f.app.ShutdownWithTimeout(time.Second) }
