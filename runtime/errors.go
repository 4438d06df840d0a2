package runtime

import (
	"errors"
	"fmt"
	"net/http"
)

// Errors of a session. They may be wrapped; callers use errors.Is.
var (
	// ErrDestroyed: another request destroyed or renewed the session meanwhile,
	// so that what this request set is not saved. A client may try again: its
	// next request carries the new token, or none.
	ErrDestroyed = errors.New("session was destroyed or renewed by another request")
	// ErrUnavailable: the store can't answer. It wraps the store's error.
	ErrUnavailable = errors.New("session store can't answer")
	// ErrUnclear: the store failed while it wrote, and another request wrote
	// since, so that nobody can tell whether this write took place.
	ErrUnclear = errors.New("session store failed while it wrote: the outcome is unknown")
	// ErrHeadersSent: what was asked for needs a cookie, and the response has begun.
	ErrHeadersSent = errors.New("session needs a cookie and the response has begun: change it before the first write")
	// ErrNoClient: a login or a renewal needs a new token, and its request's
	// context has ended: the client has gone or has been told that time is up.
	// Nothing is saved, since the new token would reach nobody, and the session
	// that the client has would be gone.
	ErrNoClient = errors.New("session needs a new token and its client has gone: log in or renew while the request's context lives")
	// ErrTooLarge: the record or its cookie is over the limit.
	ErrTooLarge = errors.New("session is too large")
	// ErrEnded: the request that the session belongs to has ended; background
	// work uses Sessions.Update.
	ErrEnded = errors.New("session is used after its request has ended: use Sessions.Update for work in the background")
	// ErrNoManager: the session was not made by a manager and can't be stored.
	ErrNoManager = errors.New("session has no manager: get it from Sessions.Get, Load or Create")
	// ErrStateless: the store keeps sessions in the cookie alone and can't do that.
	ErrStateless = errors.New("session store keeps nothing on the server: use a server-side store such as memstore")
	// ErrNoIndex: the store can't find sessions by an indexed field.
	ErrNoIndex = errors.New("session store has no index: use one that implements Finder, such as memstore")
	// ErrMaxAge: SetMaxAge was called with a duration that is not positive.
	ErrMaxAge = errors.New("session's max age is not positive: use Destroy to end a session")
)

// ConfigError is a mistake in a [Config] or a store's options.
type ConfigError struct {
	Setting string // such as "Config.Cookie.SameSite"
	Reason  string // what is wrong and the way out
}

func (e *ConfigError) Error() string { return "sessiongen: " + e.Setting + ": " + e.Reason }

// unavailable wraps a store's error as ErrUnavailable, unless it is one that
// has a meaning of its own.
func unavailable(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrFull), errors.Is(err, ErrUnavailable):
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// defaultErrorHandler answers with the status that fits err and says no more
// than its name.
func defaultErrorHandler(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrUnclear), errors.Is(err, ErrFull), errors.Is(err, ErrConflict), errors.Is(err, ErrNoClient):
		status = http.StatusServiceUnavailable
	case errors.Is(err, ErrDestroyed):
		status = http.StatusConflict
	}
	http.Error(w, http.StatusText(status), status)
}
