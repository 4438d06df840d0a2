package runtime

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
)

// writer is the ResponseWriter of a request with a session: it commits the
// session before the response begins, at the first final WriteHeader, Write,
// ReadFrom, Flush or Hijack.
//
// Five types over it offer what the server's writer offers, no more: writer
// itself; flushWriter; h1Writer as HTTP/1 has it; h2Writer as HTTP/2 has it;
// pushWriter as http.TimeoutHandler has it. All have FlushError and Unwrap, so
// that http.ResponseController finds the commit before it finds the server's writer.
type writer struct {
	inner  http.ResponseWriter
	conn   *conn
	began  bool  // the response has begun
	asked  bool  // the handler has asked for the headers
	failed error // the commit failed and the error handler has answered
	// outside are the headers as they were when the handler first asked for
	// them, nil if there were none.
	outside http.Header
	// sent repeats what a commit has told the client about its token.
	sent func(Transport, http.ResponseWriter)
	// within are the writers of other managers, inside of this one, that have
	// told the client something; nil, as for nearly every request, for none.
	within *[]*writer
}

type (
	flushWriter struct{ writer }
	pushWriter  struct{ writer }
	h1Writer    struct{ flushWriter }
	h2Writer    struct{ flushWriter }
)

var (
	_ http.Flusher  = (*flushWriter)(nil)
	_ http.Hijacker = (*h1Writer)(nil)
	_ io.ReaderFrom = (*h1Writer)(nil)
	_ http.Pusher   = (*h2Writer)(nil)
	_ http.Pusher   = (*pushWriter)(nil)
)

// wrap returns the shape of w's writer that fits w.inner.
func (w *h1Writer) wrap() http.ResponseWriter {
	var flushes, hijacks, pushes bool
	for inner := w.inner; inner != nil; {
		_, f := inner.(http.Flusher)
		_, fe := inner.(interface{ FlushError() error })
		_, h := inner.(http.Hijacker)
		_, p := inner.(http.Pusher)
		flushes, hijacks, pushes = flushes || f || fe, hijacks || h, pushes || p
		next, ok := inner.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		inner = next.Unwrap()
	}
	switch {
	case pushes && flushes:
		return (*h2Writer)(w)
	case hijacks:
		return w
	case flushes:
		return &w.flushWriter
	case pushes:
		return (*pushWriter)(&w.flushWriter)
	default:
		return &w.writer
	}
}

// Unwrap lets http.ResponseController reach deadlines and full duplex.
func (w *writer) Unwrap() http.ResponseWriter { return w.inner }

func (w *writer) WriteHeader(status int) {
	if status < 200 && status != http.StatusSwitchingProtocols {
		w.inner.WriteHeader(status) // informational: the response has not begun
		return
	}
	if w.begin() == nil {
		w.inner.WriteHeader(status)
	}
}

func (w *writer) Write(p []byte) (int, error) {
	if err := w.begin(); err != nil {
		return 0, err
	}
	return w.inner.Write(p)
}

func (w *writer) WriteString(s string) (int, error) {
	if err := w.begin(); err != nil {
		return 0, err
	}
	return io.WriteString(w.inner, s)
}

func (w *writer) FlushError() error {
	w.conn.lasts = true
	before := w.began
	if err := w.begin(); err != nil {
		return err
	}
	err := http.NewResponseController(w.inner).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		w.began = before // nothing has left
	}
	return err
}

func (w *flushWriter) Flush() { _ = w.FlushError() }

func (w *h1Writer) ReadFrom(src io.Reader) (int64, error) {
	w.conn.lasts = true
	if err := w.begin(); err != nil {
		return 0, err
	}
	return io.Copy(w.inner, src) // which finds the server's own ReadFrom, and with it sendfile
}

func (w *h1Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.conn.lasts = true
	before, said := w.began, w.sent != nil
	if err := w.begin(); err != nil {
		return nil, nil, err
	}
	conn, buf, err := http.NewResponseController(w.inner).Hijack()
	switch c := w.conn; {
	case err != nil:
		w.began = before // the handler can still answer
	case !said && !before && w.sent != nil && c.m.cfg.Development:
		c.m.cfg.Logger.Warn("sessiongen: the connection was hijacked before its headers left: the session's token is in them, and is sent only if the handler sends them; Save the session first, and hand on w.Header()",
			slog.String("session", c.m.spec.Name), slog.String("path", c.r.URL.Path))
	}
	return conn, buf, err
}

func (w *h2Writer) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *pushWriter) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *writer) push(target string, opts *http.PushOptions) error {
	for inner := w.inner; ; {
		if p, ok := inner.(http.Pusher); ok {
			return p.Push(target, opts)
		}
		next, ok := inner.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return http.ErrNotSupported
		}
		inner = next.Unwrap()
	}
}

// begin commits the session if the response has not begun yet. If that fails
// the error handler answers, and what the handler writes is discarded.
func (w *writer) begin() error {
	if w.began {
		return w.failed
	}
	c := w.conn
	if c.used {
		w.keepPrivate()
	}
	w.repeat() // the handler may have replaced the headers since
	err := c.commit(c.background())
	w.began = true
	if err != nil {
		w.fail(err)
	} else if w.sent != nil {
		w.keepUnshared()
	}
	return w.failed
}

// fail answers with the error handler, in place of the handler's response.
func (w *writer) fail(err error) {
	w.failed = err
	h := w.inner.Header()
	if w.asked { // else what is there comes from outside
		clear(h)
		maps.Copy(h, w.outside)
	}
	w.repeat() // what an early commit said stands
	if w.within != nil {
		for _, other := range *w.within {
			other.repeat()
		}
	}
	if w.conn.used {
		w.keepPrivate()
	}
	w.conn.m.answer(w.inner, w.conn.r, err)
}

// answer lets the error handler answer, and logs what is not the client's doing.
func (m *manager) answer(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, ErrDestroyed) {
		m.report(r, err, "the request was answered by the error handler")
	}
	m.cfg.ErrorHandler(w, r, err)
}

// finish commits what the handler did after the response began, and ends the
// session's life in this request.
func (w *writer) finish() {
	c := w.conn
	if !w.began {
		_ = w.begin() // it has answered if it failed
		return
	}
	if w.failed != nil {
		return
	}
	err := c.commit(c.background())
	if err == nil {
		return
	}
	if c.m.cfg.Development {
		panic(err)
	}
	c.m.report(c.r, err, "a change after the response began is not saved")
}

// end is deferred: the session ends, also with a handler that panics. One that
// aborts its response because its writes failed, as httputil.ReverseProxy does,
// aborts what is discarded already: the error handler's answer is sent.
func (w *writer) end() {
	w.conn.ended.Store(true)
	if w.failed == nil {
		return
	}
	if v := recover(); v != nil && v != http.ErrAbortHandler {
		panic(v)
	}
}

// background is the context of the request's own commits: it keeps the
// request's values, and a client that disconnects does not cancel it.
func (c *conn) background() context.Context {
	if c.m.parts.Local && c.m.cfg.Observer == nil {
		return context.Background()
	}
	return context.WithoutCancel(c.r.Context())
}
