package runtime

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"
)

// Store keeps sessions. Bind is called once, by [New], with what the store may
// need to know; a store that is badly configured says so in Bind's error.
//
// One interface fits every way in which sessions are kept, because a store says
// in [Parts] what it offers and the runtime does the rest:
//   - memory, Redis, Valkey, SQL: [Records], whose update is conditional;
//   - a sealed cookie, also fastify-secure-session's: a [Sealer]; the latter with
//     a [Format] that writes its JSON;
//   - express-session on Redis: [Records] with a JSON [Format], [Tokens] that
//     sign and verify "s:id.signature" and put the key's prefix before the id, and
//     a [Policy] that stores, touches and sends as express-session does;
//   - any gorilla/sessions store: a [Foreign], which is given request and response.
type Store interface {
	Bind(Setup) (Parts, error)
}

// Setup is what a store is told about the manager that it will serve.
type Setup struct {
	Spec   *Spec            // the generated session
	Cookie string           // the cookie's bare name, without "__Host-"; it separates the purposes of one key
	Now    func() time.Time // the manager's clock
	Logger *slog.Logger     // the manager's; it gets neither tokens nor values
}

// Parts is what a store offers. Exactly one of Records, Sealer and Foreign is set.
type Parts struct {
	Records Records // records on the server
	Sealer  Sealer  // the whole session in the token
	Foreign Foreign // a store with requests, responses and cookies of its own

	// Revoked, beside a Sealer, is where the ids of sessions that have ended are
	// kept until their last cookie expires, so that no copy opens; nil for
	// nowhere. NotBefore, beside a Sealer, is asked for each session that opens:
	// one that began before the instant that it returns is gone, as after
	// [ErrNotFound]; the zero time is no such instant. An error of either makes
	// the request fail.
	Revoked   Records
	NotBefore func(ctx context.Context, session Typed) (time.Time, error)

	Format Format // how a session becomes bytes; nil for the runtime's MessagePack record
	Tokens Tokens // tokens and keys; nil for 256 random bits, hashed for the key

	// Policy is what another program that shares the sessions decides; nil for
	// what Config says.
	Policy *Policy

	// Local tells that Records, or Revoked, answers from this process, without input or
	// output: no context with a time limit is made for it, and no tombstone
	// outlives the process.
	Local bool
}

// Record is one stored session. Its Data is immutable: neither a store nor the
// runtime changes it once it was handed over, so that it can be shared.
type Record struct {
	Data []byte
	// Stamp is the writer's random mark, new with each write but a touch. A
	// store keeps it beside Data or reads it from there with [RecordStamp].
	Stamp uint64
	// Expires is when the record is gone; zero for never.
	Expires time.Time
	// Index is what the record can be found by. In Create and Update it replaces
	// all of the key's entries, except that nil leaves them as they are; a
	// Load need not return it. In an old record it is what the runtime knows of
	// the entries that stand now, for stores that must remove them one by one.
	Index []IndexEntry
}

// IndexEntry is one value by which sessions are found: a field's wire name and
// a hash of the value, of fixed length and without the value itself.
type IndexEntry struct {
	Field string
	Sum   [32]byte
}

// Records is a store of records by key. Its methods may be called in parallel.
// An error that none of the named ones is in means that the store can't answer;
// the request then fails, it never goes on as a new visitor.
type Records interface {
	// Load returns the record under key, or [ErrNotFound] if there is none or
	// it has expired.
	Load(ctx context.Context, key string) (Record, error)
	// Create stores a record under a new key, or returns [ErrExists].
	Create(ctx context.Context, key string, new Record) error
	// Update replaces old, which it recognises by Stamp (or by Data), by new.
	// It returns [ErrConflict] if another record is there now, and
	// [ErrNotFound] if there is none or it has expired; it never creates one.
	Update(ctx context.Context, key string, old, new Record) error
	// Touch moves the expiry of old alone, under the same conditions as Update.
	Touch(ctx context.Context, key string, old Record, expires time.Time) error
	// Delete removes old, or whatever is there if old is the zero Record. It
	// returns [ErrNotFound] if there is no record, [ErrConflict] if it is another.
	Delete(ctx context.Context, key string, old Record) error
}

// Finder is implemented by Records that keep an index.
type Finder interface {
	// Find yields the keys under which entry stands. It may yield keys whose
	// record has gone or has changed meanwhile; the runtime looks.
	Find(ctx context.Context, entry IndexEntry) iter.Seq2[string, error]
}

// Lister is implemented by Records that can tell all their keys.
type Lister interface {
	List(ctx context.Context) iter.Seq2[string, error]
}

// Tokens makes tokens, what a client carries, and the keys of their records.
// express-session's: New makes an id and the token "s:id.signature"; Key checks
// the signature against every secret and returns the prefix and the id.
type Tokens interface {
	New() (token, key string, err error)
	// Key returns the key of a token, and whether the token shall be sent anew
	// because an old secret signed it. A token that is not one is [ErrNotFound].
	Key(token string) (key string, resign bool, err error)
}

// Sealer turns a session's bytes into a token and back.
type Sealer interface {
	// Seal appends the token that holds data to dst.
	Seal(dst, data []byte) ([]byte, error)
	// Open returns what token holds, and whether it shall be sealed anew
	// because an old key sealed it. A token that it can't open is [ErrNotFound].
	Open(token string) (data []byte, reseal bool, err error)
}

// Foreign is a store that reads requests and writes responses itself, such as
// any gorilla/sessions store: it has no bytes and no compare-and-set. The
// runtime merges into what a second Load returns, under a lock of this process.
type Foreign interface {
	// Load fills f, and m as far as it knows, from the request's session, or
	// returns [ErrNotFound].
	Load(r *http.Request, m *Meta, f Fields) error
	// Save stores f and sets what cookies it needs; with renew under a new id,
	// and the old one is void.
	Save(w http.ResponseWriter, r *http.Request, m *Meta, f Fields, renew bool) error
	// Delete ends the session and its cookie.
	Delete(w http.ResponseWriter, r *http.Request) error
	// Key tells sessions apart for the lock: the session's id, or what stands
	// for it in the request.
	Key(r *http.Request) string
}

// Format turns a session into bytes and back where the bytes are shared with
// programs that are not ours.
type Format interface {
	// Decode fills m and f from data. Fields go through [Fields.Pointer] and
	// [SetPresent]; a value that does not fit its field leaves it absent, by
	// [SetMisfit]; when a field lapses is told by [SetLapse].
	Decode(data []byte, m *Meta, f Fields) error
	// Encode appends m and f to dst, and what base, the bytes that the session
	// was loaded from, holds and f does not know. [Present], [Misfit] and [Lapse]
	// say what is to be written of a field.
	Encode(dst, base []byte, m *Meta, f Fields) ([]byte, error)
}

// Meta is what a record says beside the fields. Times are Unix milliseconds.
type Meta struct {
	Stamp    uint64 // the writer's mark; in a sealed session its id
	Created  int64
	Expires  int64 // the idle timeout or the deadline, whichever comes first; 0 for never
	Deadline int64 // the absolute deadline; 0 for never
	Idle     int64 // the idle timeout, a duration; 0 for never
	MaxAge   bool  // Idle was set by SetMaxAge

	// Shared is what a Format reads and writes beside the rest; nil for nothing.
	// It is comparable and never changed in place: an edit puts another value there.
	Shared any
}

// SetPresent notes whether field i of f has a value; a Format calls it for each
// field that it has filled through [Fields.Pointer].
func SetPresent(f Fields, i int, present bool) {
	if present {
		f.bag().present.set(uint8(i))
	} else {
		f.bag().present.unset(uint8(i))
	}
}

// Errors of a store. Stores return them bare or wrapped; callers use errors.Is.
var (
	// ErrNotFound: there is no such session: never created, expired, or gone.
	ErrNotFound = errors.New("session not found")
	// ErrExists: Create found a record under the key.
	ErrExists = errors.New("session exists already")
	// ErrConflict: another record than the expected one is under the key.
	ErrConflict = errors.New("session was changed by another request")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("session store is closed")
	// ErrFull: the store is at its bound and its policy refuses new sessions.
	ErrFull = errors.New("session store is full")
)
