package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// manager is what Sessions[T] does for every T.
type manager struct {
	cfg       Config
	spec      *Spec
	parts     Parts
	records   Records // of the sessions, or of those that have ended
	tokens    Tokens
	transport Transport
	sender    Sender // the transport, if it looks at request and session
	cookie    string // the bare cookie name
	sent      string // the name under which the transport is told apart from another manager's
	locks     locks
	reported  sync.Map    // fields whose misfit was logged
	warned    atomic.Bool // of a request in Development that is not for localhost
}

func newManager(store Store, cfg Config, spec *Spec) (*manager, error) {
	given := cfg
	cfg, err := cfg.normalised()
	if err != nil {
		return nil, err
	}
	if v := reflect.ValueOf(store); store == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, &ConfigError{"store", "is nil; use memstore.New()"}
	}
	m := &manager{cfg: cfg, spec: spec, cookie: cfg.Cookie.Name, transport: cfg.Transport}
	if m.cookie == "" {
		m.cookie = "session"
	}
	if err := checkTransport(given); err != nil {
		return nil, err
	}
	if m.transport == nil {
		cookies, err := newCookies(cfg.Cookie)
		if err != nil {
			return nil, err
		}
		m.transport, m.sent = cookies, "cookie "+cookies.name
	}
	if b, ok := m.transport.(bearer); ok {
		m.sent = "header " + b.header
	}
	m.parts, err = store.Bind(Setup{Spec: spec, Cookie: m.cookie, Now: cfg.Now, Logger: cfg.Logger})
	if err != nil {
		return nil, err
	}
	if err := m.checkPolicy(given); err != nil {
		return nil, err
	}
	if c, ok := m.transport.(*cookies); ok && cfg.Cookie.Insecure && !cfg.Development {
		cfg.Logger.Warn("sessiongen: the session cookie is sent over plain HTTP too: use Cookie.Insecure in private networks only, and Development on localhost", slog.String("cookie", c.name))
	}
	m.parts.Local = m.parts.Local && m.parts.NotBefore == nil || m.parts.Sealer != nil && !m.revocable() // a sealer alone has nothing to wait for
	if m.records = m.parts.Records; m.records == nil {
		m.records = m.parts.Revoked
	}
	if cfg.Observer != nil && m.records != nil {
		m.records = observedRecords{m, m.records}
	}
	n := 0
	for _, offered := range []bool{m.parts.Records != nil, m.parts.Sealer != nil, m.parts.Foreign != nil} {
		if offered {
			n++
		}
	}
	if n != 1 {
		return nil, &ConfigError{"store", fmt.Sprintf("%T offers %d of Records, Sealer and Foreign; it must offer exactly one", store, n)}
	}
	if m.revocable() && m.parts.Sealer == nil {
		return nil, &ConfigError{"store", fmt.Sprintf("%T offers Revoked or NotBefore without a Sealer; records on the server are ended by Delete", store)}
	}
	if m.revocable() && m.parts.Format != nil {
		return nil, &ConfigError{"store", fmt.Sprintf("%T offers Revoked or NotBefore with a Format, whose sessions have no id; use cookiestore", store)}
	}
	if m.tokens = m.parts.Tokens; m.tokens == nil {
		m.tokens = randomTokens{m.cookie}
	}
	if _, ok := m.parts.Records.(Finder); !ok && !spec.index.empty() && !cfg.AllowMissingIndex {
		for i := range spec.index.all() {
			return nil, &ConfigError{"store", fmt.Sprintf("%T can't find sessions by field %s of %s; use a store that implements Finder, such as memstore, or set Config.AllowMissingIndex", store, spec.Fields[i].Name, spec.Name)}
		}
	}
	return m, nil
}

// checkTransport finds settings that a transport of the application's own leaves
// without effect, and a header that is none.
func checkTransport(cfg Config) error {
	if cfg.Transport == nil {
		return nil
	}
	if rest := cfg.Cookie; rest != (Cookie{Name: rest.Name}) {
		return &ConfigError{"Config.Transport", "carries the token, so that Config.Cookie has no effect but for its Name; unset the rest of it, or Transport"}
	}
	if b, ok := cfg.Transport.(bearer); ok {
		if probe := (&http.Cookie{Name: b.header}); probe.Valid() != nil { // both are tokens of RFC 9110
			return &ConfigError{"Config.Transport", strconv.Quote(b.header) + " is no name of a header; name one without spaces, as in runtime.Bearer(\"Session-Token\")"}
		}
	}
	return nil
}

// bound returns the context of one call of the store. A store in this process
// needs none; another one is not cancelled by a client that disconnects, but
// by the time limit.
func (m *manager) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.parts.Local {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, m.cfg.StoreTimeout)
}

// load returns the live record under key. [errBuried] tells that it was
// renewed or destroyed a moment ago.
func (m *manager) load(ctx context.Context, key string) (Record, error) {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	rec, err := m.records.Load(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return rec, err
	case err != nil:
		return rec, unavailable(err)
	case m.parts.Format == nil && isTombstone(rec.Data):
		return rec, errBuried
	}
	return rec, nil
}

// errBuried is ErrNotFound with a tombstone.
var errBuried = fmt.Errorf("%w: it was renewed or destroyed a moment ago", ErrNotFound)

// decode fills meta and f from rec, whose expiry is the store's where it knows
// one. It returns ErrNotFound if the session has expired.
func (m *manager) decode(rec *Record, meta *Meta, f Fields) error {
	return m.decodeAt(rec, meta, f, m.cfg.Now().UnixMilli())
}

// decodeAt is decode as of now, which decides what has lapsed.
func (m *manager) decodeAt(rec *Record, meta *Meta, f Fields, now int64) (err error) {
	if m.parts.Format != nil {
		err = m.parts.Format.Decode(rec.Data, meta, f)
	} else {
		err = decode(rec.Data, meta, f, now, m.misfit)
	}
	if err != nil {
		return err
	}
	if !rec.Expires.IsZero() {
		meta.Expires = rec.Expires.UnixMilli()
	}
	if meta.Expires != 0 && meta.Expires <= now || meta.Deadline != 0 && meta.Deadline <= now {
		return errExpired
	}
	return nil
}

// misfit logs once a process and field that a stored value does not fit.
func (m *manager) misfit(field uint8, err error) {
	if _, again := m.reported.LoadOrStore(field, true); !again {
		m.cfg.Logger.Warn("sessiongen: a stored value does not fit its field and counts as absent; it stays stored until the field is set",
			slog.String("session", m.spec.Name), slog.String("field", m.spec.Fields[field].Name), slog.String("reason", kindOf(err)))
	}
}

// kindOf says what is wrong with a value without saying the value.
func kindOf(err error) string {
	if errors.Is(err, errMalformed) {
		return "it is out of range or malformed"
	}
	if reason, ok := err.(misfitError); ok {
		return string(reason)
	}
	return fmt.Sprintf("%T", err)
}

// encode returns the bytes of f, checked against the limit.
func (m *manager) encode(base []byte, meta *Meta, f Fields, dirty bits) (data []byte, err error) {
	if m.parts.Format != nil {
		var refused error
		if err = catch(func() { data, refused = m.parts.Format.Encode(nil, base, meta, f) }); err == nil {
			err = refused
		}
	} else {
		data, err = encode(base, meta, f, dirty, m.cfg.Now().UnixMilli())
	}
	if err == nil && len(data) > m.cfg.MaxRecordBytes {
		err = tooLarge("the record", len(data), m.cfg.MaxRecordBytes, "keep less in the session or raise Config.MaxRecordBytes")
	}
	if err != nil {
		return nil, fmt.Errorf("session %s: %w", m.spec.Name, err)
	}
	return data, nil
}

// record returns the record to store for data.
func (m *manager) record(data []byte, meta *Meta, index []IndexEntry) Record {
	rec := Record{Data: data, Stamp: meta.Stamp, Index: index}
	if meta.Expires != 0 {
		rec.Expires = time.UnixMilli(meta.Expires)
	}
	return rec
}

// report logs an error that no response can tell any more.
func (m *manager) report(r *http.Request, err error, what string) {
	attrs := []any{slog.String("session", m.spec.Name), slog.Any("error", err)}
	if r != nil {
		attrs = append(attrs, slog.String("method", r.Method), slog.String("path", r.URL.Path))
	}
	m.cfg.Logger.Error("sessiongen: "+what, attrs...)
}
