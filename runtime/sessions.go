package runtime

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
)

// Sessions manages the sessions of one generated type T: it finds the session
// of a request, hands it to handlers and commits it before the response
// begins. All its methods may be called in parallel.
type Sessions[T any] struct {
	m     *manager
	typed func(*T) Typed
}

// New returns the manager of the sessions in store. Generated code wraps it as
// NewSessions. It returns a [ConfigError] if config or store are set up wrongly.
func New[T any, P interface {
	*T
	Typed
}](store Store, config Config) (*Sessions[T], error) {
	m, err := newManager(store, config, P(new(T)).SessionFields().Spec())
	if err != nil {
		return nil, err
	}
	m.locks.init()
	return &Sessions[T]{m: m, typed: func(s *T) Typed { return P(s) }}, nil
}

// request is what one request with a session needs, in one allocation.
type request[T any] struct {
	conn    conn
	writer  h1Writer
	node    node
	session T
}

func (q *request[T]) responseWriter() *writer { return &q.writer.writer }

// attach joins the session to the manager.
func (s *Sessions[T]) attach(q *request[T]) {
	typed := s.typed(&q.session)
	f := typed.SessionFields()
	q.conn.m, q.conn.fields, q.conn.session, q.conn.isNew = s.m, f, typed, true
	f.bag().conn = &q.conn
}

// Get returns the session of a request, never nil. It panics if the request
// did not come through Middleware, Handler or Optional of this manager, or was
// left out by Config.Skip: without them nothing would be saved. See
// [Sessions.From] for a look that does not panic.
func (s *Sessions[T]) Get(r *http.Request) *T {
	session, ok := s.From(r.Context())
	if !ok {
		panic(fmt.Sprintf("sessiongen: the request has no session %s: wrap its handler in the manager's Middleware or Handler (and see Config.Skip)", s.m.spec.Name))
	}
	return session
}

// From returns the session of the request that ctx belongs to, and whether
// there is one.
func (s *Sessions[T]) From(ctx context.Context) (*T, bool) {
	n, ok := ctx.Value(s.m).(*node)
	if !ok || n.m != s.m {
		return nil, false
	}
	q := n.request.(*request[T])
	q.conn.used = true
	return &q.session, true
}

// connOf returns how session is joined to this manager; nil if it is not.
func (s *Sessions[T]) connOf(session *T) *conn {
	if session == nil {
		return nil
	}
	c := s.typed(session).SessionFields().bag().conn
	if c == nil || c.m != s.m {
		return nil
	}
	return c
}

// Token returns the session's bearer token, for carriers other than the
// configured one, such as a websocket's first message; [Sessions.Open] takes
// it. It is "" before the first commit and for a session loaded by its id.
// Whoever has the token has the session: it belongs in no log.
func (s *Sessions[T]) Token(session *T) string {
	if c := s.connOf(session); c != nil {
		return c.token
	}
	return ""
}

// Open returns the session of a token, without a request, or [ErrNotFound].
func (s *Sessions[T]) Open(ctx context.Context, token string) (*T, error) {
	q := new(request[T])
	s.attach(q)
	if err := q.conn.open(ctx, token); err != nil {
		return nil, err
	}
	return &q.session, nil
}

// Load returns the session with a public id, as [Bag.ID] returned it, without a
// request, or [ErrNotFound]. Its Save stores what is changed.
func (s *Sessions[T]) Load(ctx context.Context, id string) (*T, error) {
	if err := s.m.checkID("Load", id); err != nil {
		return nil, err
	}
	q := new(request[T])
	s.attach(q)
	if err := q.conn.openKey(ctx, id); err != nil {
		return nil, err
	}
	return &q.session, nil
}

// Create stores a new session that f fills, without a request; its token is
// what [Sessions.Token] returns. The session is stored even if f sets nothing.
func (s *Sessions[T]) Create(ctx context.Context, f func(*T) error) (*T, error) {
	if s.m.parts.Foreign != nil {
		return nil, fmt.Errorf("sessiongen: Create: %w", ErrStateless)
	}
	q := new(request[T])
	s.attach(q)
	if f != nil {
		if err := f(&q.session); err != nil {
			return nil, err
		}
	}
	q.conn.always = true
	if err := q.conn.commit(ctx); err != nil {
		return nil, err
	}
	return &q.session, nil
}

// Update applies f to the session with a public id and commits it, merged with
// what requests change meanwhile. If f fails nothing is saved. It returns
// [ErrNotFound] if there is no such session.
func (s *Sessions[T]) Update(ctx context.Context, id string, f func(*T) error) error {
	session, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	if err := f(session); err != nil {
		return err
	}
	return s.connOf(session).commit(ctx)
}

// Destroy ends the session with a public id, or returns [ErrNotFound]. Requests
// in flight do not bring it back. It also ends sessions that this program can't
// read. A sealed session ends if its store has a revocation list, else it is
// [ErrStateless]; ErrNotFound then means that it had been ended before.
func (s *Sessions[T]) Destroy(ctx context.Context, id string) error {
	if err := s.m.checkID("Destroy", id); err != nil {
		return err
	}
	q := new(request[T])
	s.attach(q)
	if s.m.parts.Revoked != nil {
		ctx, cancel := q.conn.limited(ctx)
		defer cancel()
		return q.conn.revoke(ctx, id, q.conn.now()+revocableLife.Milliseconds())
	}
	return q.conn.destroyKey(ctx, id)
}

// List yields every live session of a store that can list, else [ErrNoIndex].
// Its errors are those of [FindBy].
func (s *Sessions[T]) List(ctx context.Context) iter.Seq2[*T, error] {
	lister, ok := s.m.parts.Records.(Lister)
	if !ok {
		return failed[T](fmt.Errorf("sessiongen: List: %w", ErrNoIndex))
	}
	return s.loadAll(ctx, s.m.observedKeys(ctx, lister.List), nil)
}

// loadAll yields the sessions of keys that are still there and pass match.
func (s *Sessions[T]) loadAll(ctx context.Context, keys iter.Seq2[string, error], match func(Fields) bool) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for key, err := range keys {
			if err != nil {
				yield(nil, unavailable(err))
				return
			}
			session, err := s.Load(ctx, key)
			switch {
			case errors.Is(err, ErrNotFound):
				continue
			case err == nil && match != nil && !match(s.typed(session).SessionFields()):
				continue
			}
			if !yield(session, err) {
				return
			}
		}
	}
}

func failed[T any](err error) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) { yield(nil, err) }
}

// checkID is the error of a method that needs a store of records and an id that
// can be one.
func (m *manager) checkID(method, id string) error {
	if m.parts.Records == nil && (m.parts.Revoked == nil || method != "Destroy") {
		return fmt.Errorf("sessiongen: %s: %w", method, ErrStateless)
	}
	if own, ok := m.tokens.(randomTokens); ok && !own.checkKey(id) {
		return ErrNotFound
	}
	return nil
}

// openToken loads the session of a token.
func (c *conn) openToken(ctx context.Context, token string) error {
	if c.m.parts.Sealer != nil {
		return c.openSealed(ctx, token)
	}
	if c.m.parts.Foreign != nil {
		return fmt.Errorf("sessiongen: Open: %w", ErrStateless)
	}
	key, resign, err := c.m.tokens.Key(token)
	if err != nil {
		c.forged = errors.Is(err, ErrNotFound)
		return err
	}
	if err := c.openKey(ctx, key); err != nil {
		return err
	}
	c.token, c.resend = token, resign
	return nil
}

// openKey loads the session under key.
func (c *conn) openKey(ctx context.Context, key string) error {
	rec, err := c.m.load(ctx, key)
	if err != nil {
		return err
	}
	now := c.now()
	if err := c.m.decodeAt(&rec, &c.meta, c.fields, now); err != nil {
		return err
	}
	c.key, c.base, c.stored, c.baseAt, c.isNew = key, rec, true, now, false
	return nil
}
