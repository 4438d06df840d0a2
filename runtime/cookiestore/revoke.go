package cookiestore

import (
	"context"
	"fmt"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// RevokeIn returns a store that seals as s does and notes in list which sessions
// have ended, as the package comment describes under "Ending sessions". The list
// is any store that keeps records on the server:
//
//	cookiestore.New(keys...).RevokeIn(memstore.New(memstore.RejectWhenFull()))
//
// Every process that opens the sessions needs the same list: memstore is one for
// a single process, and for as long as it runs. A list that forgets lets ended
// sessions live again, so that a memstore needs RejectWhenFull, and a server no
// eviction of keys. One list may serve several managers.
//
// Wrong lists are a [runtime.ConfigError] of the manager's constructor.
func (s *Store) RevokeIn(list runtime.Store) *Store {
	next := *s
	next.list, next.revokes = list, true
	return &next
}

// NotBefore returns a store that seals as s does and asks f about each session
// that opens, with or without a list: a session that began before the instant
// that f returns is gone, and its request that of a new visitor. A session
// begins when it is first stored, when a principal is set and with
// Reauthenticate. The zero time ends nothing.
//
//	store := cookiestore.NotBefore(cookiestore.New(keys...),
//		func(ctx context.Context, s *shop.Session) (time.Time, error) {
//			if !s.HasUserID() {
//				return time.Time{}, nil
//			}
//			return users.PasswordChangedAt(ctx, s.UserID())
//		})
//
// A handler that changes the password sets the principal again, or calls
// Reauthenticate, after it has stored the instant: its own session stays. Times
// are compared to the millisecond, so that an instant must not be rounded up.
//
// f is called with the request's values in ctx, for at most Config.StoreTimeout,
// and by many requests in parallel; it must not change the session. Its errors
// fail the request as a store's outage does ([runtime.ErrUnavailable]), but for
// [runtime.ErrNotFound], which ends the session: the user is no more. A session
// type other than the manager's is a [runtime.ConfigError] of the constructor.
func NotBefore[T any, P interface {
	*T
	runtime.Typed
}](s *Store, f func(ctx context.Context, session *T) (time.Time, error)) *Store {
	next := *s
	next.spec = P(new(T)).SessionFields().Spec()
	next.notBefore = func(ctx context.Context, session runtime.Typed) (time.Time, error) {
		return f(ctx, (*T)(session.(P)))
	}
	if f == nil {
		next.notBefore = nil
	}
	return &next
}

// bindRevocation adds to parts what ends sessions.
func (s *Store) bindRevocation(parts *runtime.Parts, setup runtime.Setup) error {
	wrong := func(setting, reason string, args ...any) error {
		return &runtime.ConfigError{Setting: "cookiestore." + setting, Reason: fmt.Sprintf(reason, args...)}
	}
	if s.spec != nil {
		switch {
		case s.notBefore == nil:
			return wrong("NotBefore", "the function is nil; leave the call out if nothing ends sessions")
		case s.spec != setup.Spec:
			return wrong("NotBefore", "the function looks at a %s, the manager's sessions are %s; take that type", s.spec.Name, setup.Spec.Name)
		}
		parts.NotBefore = s.notBefore
	}
	if !s.revokes {
		return nil
	}
	if s.list == nil {
		return wrong("RevokeIn", "the list is nil; pass a store such as memstore.New(memstore.RejectWhenFull()), or leave the call out")
	}
	list, err := s.list.Bind(setup)
	if err != nil {
		return fmt.Errorf("cookiestore.RevokeIn: %w", err)
	}
	if list.Records == nil || list.Format != nil {
		return wrong("RevokeIn", "%T keeps no records of ours; pass a store that does, such as memstore", s.list)
	}
	if forgets, ok := s.list.(interface{ Evicts() bool }); ok && forgets.Evicts() {
		return wrong("RevokeIn", "%T removes entries to make room, which would let ended sessions live again; pass one that refuses instead, as memstore.New(memstore.RejectWhenFull()) does", s.list)
	}
	parts.Revoked, parts.Local = list.Records, list.Local
	return nil
}
