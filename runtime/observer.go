package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Observer is told what a manager does, to count and time it; see
// [Config].Observer. Package otelsession implements it with OpenTelemetry.
//
// Observe is called in the goroutine of the request, as soon as the operation
// has ended, and by many of them in parallel: it must not block. What it is told
// never contains an id, a token, a key, a value or the text of an error.
type Observer interface {
	Observe(ctx context.Context, e Event)
}

// ObserverFunc is a function as an [Observer].
type ObserverFunc func(ctx context.Context, e Event)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, e Event) { f(ctx, e) }

// Beginner is an [Observer] that is also told when an operation begins, to trace
// it. The context that Begin returns, ctx or one made from it, is that of the
// operation: Observe gets it, and so do the store and the operations inside this
// one. An operation that has begun always ends, also by a panic. A commit that
// finds nothing to do is not begun.
type Beginner interface {
	Observer
	Begin(ctx context.Context, session string, op Op) context.Context
}

// Event is one operation that has ended. Later releases may add fields,
// operations and outcomes.
type Event struct {
	Session  string        // the generated type, as in "shop.Session"
	Op       Op            // what was done
	Outcome  Outcome       // how it ended
	Duration time.Duration // how long it took, with the operations inside it
	// Retries is how often a commit found that another one came first, and was
	// merged with it and tried again.
	Retries int
}

// Op is what a manager did.
type Op string

// The operations on a session. Each has those on the store inside it.
const (
	// OpOpen looks up the session of a token. Its outcomes are [OK], [OldKey],
	// [Forged], [NotFound], [Expired], [Ended], [Corrupt], [NewerFormat] and
	// those of a store that can't answer. A request without a token opens
	// nothing, and neither does one whose store is a [Foreign].
	OpOpen Op = "open"
	// OpCommit stores what a request changed, or refuses it. One request may
	// commit several times, by Save. Where nothing was changed there is no
	// commit; an expiry that is moved is OpTouch or OpSeal alone.
	OpCommit Op = "commit"
	// OpSeal seals a session into a token: [OK], [OldKey] if it was opened
	// by an old key and has a token of the first one now, or [TooLarge].
	OpSeal Op = "seal"
)

// The calls of a store; of a store of sealed sessions those of its revocation list.
const (
	// OpLoad is Records.Load, also before a commit that is tried again.
	OpLoad Op = "load"
	// OpCreate is Records.Create.
	OpCreate Op = "create"
	// OpUpdate is Records.Update.
	OpUpdate Op = "update"
	// OpTouch is Records.Touch.
	OpTouch Op = "touch"
	// OpDelete ends a session for good, by Destroy or because it has got a new
	// token: a tombstone takes its place, or an entry in the revocation list is
	// made, or Records.Delete removes it.
	OpDelete Op = "delete"
	// OpFind is Finder.Find or Lister.List, to the last key that was asked for,
	// without the time that was spent on the keys.
	OpFind Op = "find"
)

// Outcome is how an operation ended.
type Outcome string

// The outcomes. Those from [Failed] on are for somebody to look at.
const (
	// OK: it was done.
	OK Outcome = "ok"
	// OldKey: it was done, and the token was made with a key or a secret that is
	// not the first of its keyring. Once no token of it is opened any more, for
	// as long as a session may live, the key can be removed.
	OldKey Outcome = "old_key"
	// Forged: the token is none of ours, or not any more: malformed, changed, or
	// made with an unknown key.
	Forged Outcome = "forged"
	// NotFound: there is no such session: never created, or so long expired or
	// ended that nothing tells of it. In a revocation list it means that the
	// session lives.
	NotFound Outcome = "not_found"
	// Expired: the session was not used for its idle timeout, or its deadline
	// has passed. Stores that remove such records themselves say NotFound.
	Expired Outcome = "expired"
	// Ended: the session was destroyed or renewed by another request. A commit
	// that would have brought it back was refused ([ErrDestroyed]).
	Ended Outcome = "ended"
	// Exists: there is a record under the new key.
	Exists Outcome = "exists"
	// Conflict: another request wrote first. A commit tries again, and has this
	// outcome only when it gave up ([ErrConflict]).
	Conflict Outcome = "conflict"
	// Late: a change came after the response had begun and needed a cookie
	// ([ErrHeadersSent]), or after its request had ended ([ErrEnded]).
	Late Outcome = "late"
	// ClientGone: a new token would have reached nobody ([ErrNoClient]).
	ClientGone Outcome = "client_gone"
	// TooLarge: the record or the cookie is over its limit ([ErrTooLarge]).
	TooLarge Outcome = "too_large"
	// Invalid: a value can't be stored, or a method was misused.
	Invalid Outcome = "invalid"
	// Corrupt: the record is none ([ErrCorrupt]).
	Corrupt Outcome = "corrupt"
	// NewerFormat: a newer release wrote the record ([ErrNewerFormat]).
	NewerFormat Outcome = "newer_format"
	// Full: the store is at its bound ([ErrFull]).
	Full Outcome = "full"
	// Timeout: the store did not answer in time.
	Timeout Outcome = "timeout"
	// Unclear: the store failed while it wrote, and nobody can tell whether the
	// write took place ([ErrUnclear]).
	Unclear Outcome = "unclear"
	// Failed: the store can't answer.
	Failed Outcome = "failed"
	// Panicked: the store, a marshaler or the application's function panicked.
	Panicked Outcome = "panicked"
)

// Failure tells whether the outcome is for somebody to look at: a store that
// can't answer or is full, data that can't be read or stored, a mistake in the
// application. What clients, expiry and parallel requests bring about is none.
func (o Outcome) Failure() bool {
	switch o {
	case OK, OldKey, Forged, NotFound, Expired, Ended, Exists, Conflict, ClientGone:
		return false
	}
	return true
}

// Why a session is not found.
var (
	errExpired = fmt.Errorf("%w: it has expired", ErrNotFound)
	errOver    = fmt.Errorf("%w: it was ended", ErrNotFound)
)

// outcomeOf tells how an operation ended that returned err; other is the outcome
// of an error that has no name.
func outcomeOf(err error, other Outcome) Outcome {
	if err == nil {
		return OK
	}
	for _, known := range outcomes {
		if errors.Is(err, known.err) {
			return known.outcome
		}
	}
	return other
}

// outcomes are the errors with a name, the more exact ones first.
var outcomes = []struct {
	err     error
	outcome Outcome
}{
	{errBuried, Ended}, {errOver, Ended}, {errExpired, Expired},
	{ErrUnclear, Unclear}, {ErrFull, Full}, {context.DeadlineExceeded, Timeout}, {os.ErrDeadlineExceeded, Timeout}, {ErrUnavailable, Failed},
	{ErrDestroyed, Ended}, {ErrNotFound, NotFound}, {ErrExists, Exists}, {ErrConflict, Conflict},
	{ErrHeadersSent, Late}, {ErrEnded, Late}, {ErrNoClient, ClientGone}, {ErrTooLarge, TooLarge},
	{ErrNewerFormat, NewerFormat}, {ErrCorrupt, Corrupt},
}

// watch is an operation under way. Its zero value tells nobody.
type watch struct {
	m     *manager
	ctx   context.Context
	op    Op
	start time.Time
}

// watch begins an operation, if there is an observer, and returns its context.
func (m *manager) watch(ctx context.Context, op Op) (watch, context.Context) {
	o := m.cfg.Observer
	if o == nil {
		return watch{}, ctx
	}
	if b, ok := o.(Beginner); ok {
		ctx = b.Begin(ctx, m.spec.Name, op)
	}
	return watch{m, ctx, op, time.Now()}, ctx
}

// end tells the observer how the operation ended.
func (w watch) end(outcome Outcome, retries int) {
	if w.m != nil {
		w.m.cfg.Observer.Observe(w.ctx, Event{w.m.spec.Name, w.op, outcome, time.Since(w.start), retries})
	}
}

// watched does an operation that the observer is told of, also of its panic. The
// error of f that has no name is the outcome other.
func (m *manager) watched(ctx context.Context, op Op, other Outcome, f func(context.Context) error) error {
	w, ctx := m.watch(ctx, op)
	outcome := Panicked
	defer func() { w.end(outcome, 0) }()
	err := f(ctx)
	outcome = outcomeOf(err, other)
	return err
}
