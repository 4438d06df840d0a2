package expresscompat

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/nodejson"
)

// Store is a [runtime.Store] of sessions that are express-session's.
type Store struct {
	o       Options
	client  redis.UniversalClient
	inner   runtime.Store // where there is no client
	records runtime.Records
	sign    signer
	tokens  *transport
}

// New returns the store of the sessions that express-session keeps in Redis with
// connect-redis. The client is the application's, to be closed by it; one for a
// cluster or a ring will do. What is wrong with the options is told when the
// store gets its manager.
func New(client redis.UniversalClient, o Options) *Store { return &Store{o: o, client: client} }

// Over returns the store of sessions with express-session's cookies and JSON in
// any store that keeps records on the server, such as memstore: what its
// MemoryStore is in Node, or a session store of one's own. The options of
// connect-redis that are about Redis, DisableTouch, DisableTTL, TTLFor and
// ScanCount, have no effect.
func Over(inner runtime.Store, o Options) *Store { return &Store{o: o, inner: inner} }

// Bind checks the options and returns the store's parts.
func (s *Store) Bind(setup runtime.Setup) (runtime.Parts, error) {
	var parts runtime.Parts
	o := &s.o
	if err := o.normalise(); err != nil {
		return parts, err
	}
	if err := nodejson.CheckSpec(setup.Spec, reserved...); err != nil {
		return parts, fmt.Errorf("expresscompat: express-session drops some names when it loads a session: %w", err)
	}
	switch {
	case s.inner != nil:
		var err error
		if parts, err = s.inner.Bind(setup); err != nil {
			return parts, err
		}
		if parts.Records == nil || parts.Format != nil || parts.Tokens != nil || parts.Policy != nil {
			return parts, &runtime.ConfigError{Setting: "expresscompat.Over", Reason: fmt.Sprintf("%T keeps no plain records on the server; use memstore, redisstore or sqlstore", s.inner)}
		}
	case s.client == nil || reflect.ValueOf(s.client).Kind() == reflect.Pointer && reflect.ValueOf(s.client).IsNil():
		return parts, &runtime.ConfigError{Setting: "expresscompat.New", Reason: "the client is nil; use redis.NewClient"}
	default:
		parts.Records = &records{s.client, o, setup.Now}
	}
	s.records = parts.Records
	s.sign = signer{o}
	s.tokens = &transport{o: o, sign: s.sign, logger: setup.Logger, now: setup.Now}
	if c := o.Cookie; o.CookieFor == nil && (strings.EqualFold(string(c.SameSite), "none") || c.Partitioned == True) && c.Secure != SecureTrue && c.Secure != SecureAuto {
		setup.Logger.Warn("sessiongen: browsers drop a session cookie with SameSite=None or Partitioned that is not Secure: set Options.Cookie.Secure", slog.String("cookie", o.Name))
	}
	parts.Format = format{o, setup.Now}
	parts.Tokens = s.sign
	parts.Policy = &runtime.Policy{
		Transport: s.tokens,
		Cookie:    o.Name,
		Start: func(r *http.Request, m *runtime.Meta, now int64) {
			c := o.newCookie(o.cookieFor(r), o.secure(r), now)
			m.Idle, m.Shared = c.idle(), c
		},
		Admit:     o.admits,
		SaveNew:   o.SaveUninitialized,
		SaveRead:  o.Resave,
		TouchRead: !o.DisableTouch && !o.DisableTTL,
		Resend:    o.Rolling,
		ResendChanged: func(m *runtime.Meta) bool {
			c := cookieIn(m)
			return c.Persistent
		},
		IgnoreSame: true,
	}
	return parts, nil
}

// Unset is what "req.session = null" is in Node, by Options.Unset: the session is
// destroyed, or this request's part in it ends and nothing of it is stored.
func (s *Store) Unset(session runtime.Typed) {
	if s.o.Unset == UnsetDestroy {
		destroy(session)
	} else {
		runtime.Abandon(session)
	}
}

// Regenerate is what req.session.regenerate is in Node: the session ends, and a
// new and empty one with a new id is stored and sent, even if nothing is set. To
// keep the data under a new id, use the session's Renew.
func (s *Store) Regenerate(session runtime.Typed) {
	destroy(session)
	runtime.StoreEmpty(session)
}

// destroy calls the method that every generated session has from its Bag.
func destroy(session runtime.Typed) {
	if d, ok := session.(interface{ Destroy() }); ok {
		d.Destroy()
	}
}

// errUnbound is what the methods of a store without manager return.
var errUnbound = errors.New("expresscompat: the store has no manager yet: hand it to NewSessions first")

// IDs yields the ids of all stored sessions: connect-redis's ids. The manager's
// List yields the sessions, as its all does, and List and Destroy of the manager
// take an id with the prefix before it.
func (s *Store) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lister, ok := s.records.(runtime.Lister)
		if !ok {
			err := errUnbound
			if s.records != nil {
				err = fmt.Errorf("expresscompat: %w", runtime.ErrNoIndex)
			}
			yield("", err)
			return
		}
		for key, err := range lister.List(ctx) {
			if !yield(strings.TrimPrefix(key, s.o.Prefix), err) {
				return
			}
		}
	}
}

// Len returns how many sessions are stored: connect-redis's length.
func (s *Store) Len(ctx context.Context) (int, error) {
	n := 0
	for _, err := range s.IDs(ctx) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Clear removes all sessions: connect-redis's clear. It logs everybody out, also
// those of the programs that share the prefix.
func (s *Store) Clear(ctx context.Context) error {
	for id, err := range s.IDs(ctx) {
		if err == nil {
			err = s.records.Delete(ctx, s.o.Prefix+id, runtime.Record{})
		}
		if err != nil && !errors.Is(err, runtime.ErrNotFound) {
			return err
		}
	}
	return nil
}

// Explain says why a request has no session, or nil if it has one: for the day on
// which two programs are put beside each other and one does not see what the
// other has stored. The error contains neither the cookie nor its secrets.
func (s *Store) Explain(ctx context.Context, r *http.Request) error {
	if s.records == nil {
		return errUnbound
	}
	if !s.o.admits(r) {
		return fmt.Errorf("the request's path does not begin with the cookie's, %q: this store gives it no session; mount the middleware below it, or set Options.Cookie.Path", s.o.cookieFor(r).Path)
	}
	token := s.tokens.Token(r)
	if token == "" {
		return fmt.Errorf("the request has no cookie %q: the other side has another name, path or domain, or its cookie is for TLS alone; compare the option name and cookie", s.o.Name)
	}
	if !strings.HasPrefix(token, "s:") {
		return fmt.Errorf("the cookie %q is none of express-session's, which begin with \"s:\": something else uses its name; set Options.Name", s.o.Name)
	}
	key, _, err := s.sign.Key(token)
	if err != nil {
		return fmt.Errorf("the signature of the cookie %q fits none of the %d secrets: the other side signs with another one; list its first secret too", s.o.Name, len(s.o.Secrets))
	}
	rec, err := s.records.Load(ctx, key)
	if errors.Is(err, runtime.ErrNotFound) {
		return fmt.Errorf("the cookie is good, and there is no record with the prefix %q: the session has expired or was destroyed, or the other side uses another prefix or another database of Redis; compare its option prefix and its client's url: %w", s.o.Prefix, err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", runtime.ErrUnavailable, err)
	}
	_, _, err = format{o: &s.o}.parse(rec.Data)
	return err
}
