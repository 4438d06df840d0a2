package runtime

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
)

// node is the context of a request with a session. As a key it takes a manager
// and answers for its own and for another one that uses the same cookie.
type node struct {
	context.Context
	m       *manager
	request interface{ responseWriter() *writer } // a *request[T]
}

func (n *node) Value(key any) any {
	switch key := key.(type) {
	case *manager:
		if key == n.m || key.sent != "" && key.sent == n.m.sent {
			return n
		}
	case anyManager:
		return n
	}
	return n.Context.Value(key)
}

// anyManager is the key of the next node, whatever its manager.
type anyManager struct{}

// around returns the node of the manager around n's, nil for none.
func (n *node) around() *node {
	outer, _ := n.Context.Value(anyManager{}).(*node)
	return outer
}

// errSameCookie is what a request through two managers with one cookie gets.
var errSameCookie = &ConfigError{"Config.Cookie.Name", "two managers of one request use the same cookie, or the same header of a Bearer transport; give each a name of its own"}

// Middleware loads the session of each request, lets handlers find it with Get
// and From, and commits it before the response begins. If the store can't
// answer the error handler does, and next is not called. Requests that
// Config.Skip names go straight to next. The writer that next gets offers what
// the server's offers; the package documentation says when it commits.
func (s *Sessions[T]) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.m.cfg.Skip != nil && s.m.cfg.Skip(r) || !s.m.admits(r) {
			next.ServeHTTP(w, r)
			return
		}
		s.serve(w, r, false, func(w http.ResponseWriter, r *http.Request, _ *request[T]) { next.ServeHTTP(w, r) })
	})
}

// Handler returns a handler that gets the session as a parameter. Under
// Middleware it is the request's; otherwise it is loaded and committed here.
func (s *Sessions[T]) Handler(f func(http.ResponseWriter, *http.Request, *T)) http.Handler {
	return s.handler(f, false)
}

// Optional is Handler for a page that is shown also when the store can't
// answer: f then gets an empty session whose Unavailable is true and whose
// changes are refused. It must not be under Middleware, which answers first.
func (s *Sessions[T]) Optional(f func(http.ResponseWriter, *http.Request, *T)) http.Handler {
	return s.handler(f, true)
}

func (s *Sessions[T]) handler(f func(http.ResponseWriter, *http.Request, *T), optional bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.m.admits(r) {
			s.m.answer(w, r, errNotAdmitted)
			return
		}
		s.serve(w, r, optional, func(w http.ResponseWriter, r *http.Request, q *request[T]) {
			q.conn.used = true
			f(w, r, &q.session)
		})
	})
}

// serve runs f with the request's session.
func (s *Sessions[T]) serve(w http.ResponseWriter, r *http.Request, optional bool, f func(http.ResponseWriter, *http.Request, *request[T])) {
	if outer, ok := r.Context().Value(s.m).(*node); ok {
		if outer.m != s.m {
			s.m.answer(w, r, errSameCookie)
			return
		}
		f(w, r, outer.request.(*request[T]))
		return
	}
	q := new(request[T])
	s.attach(q)
	q.node = node{r.Context(), s.m, q}
	r = r.WithContext(&q.node)
	q.conn.optional = optional
	q.writer.inner, q.writer.conn = w, &q.conn
	q.conn.w, q.conn.r = &q.writer.writer, r
	if err := q.conn.begin(); err != nil {
		if !optional || !errors.Is(err, ErrUnavailable) {
			s.m.answer(w, r, err)
			return
		}
		q.conn.unavailable = true
		s.m.report(r, err, "the store can't answer; the page is shown without a session")
	}
	q.conn.follow()
	defer q.writer.end()
	f(q.writer.wrap(), r, q)
	q.writer.finish()
}

// begin loads the request's session. A token that is none, or whose session is
// gone, leaves a new session: no identifier is taken from a client.
func (c *conn) begin() error {
	if c.m.cfg.Development {
		c.m.watchHost(c.r)
	}
	var err error
	if c.m.parts.Foreign != nil {
		err = c.openForeign()
	} else {
		token := c.m.transport.Token(c.r)
		if token == "" {
			return nil
		}
		err = c.open(c.background(), token)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrCorrupt):
		c.m.report(c.r, err, "a stored session can't be read; the visitor gets a new one")
		fallthrough
	case errors.Is(err, ErrNotFound):
		c.buried = errors.Is(err, errBuried)
		c.stale = !c.buried && c.m.parts.Foreign == nil
		if c.stale && c.m.cfg.Logger.Enabled(c.r.Context(), slog.LevelDebug) {
			c.m.cfg.Logger.Debug("sessiongen: a token that opens no session was refused", slog.String("session", c.m.spec.Name))
		}
		c.startOver()
		return nil
	default:
		return err
	}
}

// startOver empties what a failed load may have filled.
func (c *conn) startOver() {
	b := c.fields.bag()
	for i := range c.fields.Spec().Fields {
		if b.present.has(uint8(i)) {
			c.fields.Read(i, &Reader{})
		}
	}
	b.present, b.extra, c.meta = bits{}, nil, Meta{}
	c.isNew = true
}

func cutComma(list string) (first, rest string) {
	first, rest, _ = strings.Cut(list, ",")
	return strings.TrimSpace(first), rest
}
