package runtime

import (
	"maps"
	"net/http"
	"strings"
)

// Header notes what is set before the handler gets the headers: that stays if
// the error handler answers in its place.
func (w *writer) Header() http.Header {
	h := w.inner.Header()
	if !w.asked {
		w.asked = true
		if len(h) > 0 {
			w.outside = maps.Clone(h)
		}
	}
	return h
}

// told notes what the client was told about its token, for as long as the
// headers can be begun anew, by this writer or by one around it.
func (w *writer) told(again func(Transport, http.ResponseWriter)) {
	if w.sent == nil {
		for n := w.conn.r.Context().(*node).around(); n != nil; n = n.around() {
			outer := n.request.responseWriter()
			if outer.within == nil {
				outer.within = new([]*writer)
			}
			*outer.within = append(*outer.within, w)
		}
	}
	w.sent = again
}

// repeat tells the client again what it was told about its token.
func (w *writer) repeat() {
	if w.sent != nil {
		w.sent(w.conn.m.transport, w.inner)
	}
}

// keepPrivate tells caches that the response is one visitor's.
func (w *writer) keepPrivate() {
	h := w.inner.Header()
	values := &[2]string{w.conn.m.transport.Vary(), "private, no-cache"} // both in one allocation
	if lines := h["Vary"]; len(lines) == 0 {
		h["Vary"] = values[:1:1]
	} else if !listed(lines, values[0]) {
		h["Vary"] = append(lines, values[0])
	}
	if _, set := h["Cache-Control"]; !set {
		h["Cache-Control"] = values[1:2:2]
	}
}

// keepUnshared keeps a response with a token from caches that serve others too,
// also where the handler has said that they may have it: they would hand the
// token to everybody.
func (w *writer) keepUnshared() {
	h := w.inner.Header()
	if lines := h["Cache-Control"]; !listed(lines, "private") && !listed(lines, "no-store") {
		h["Cache-Control"] = []string{"private, no-cache"}
	}
}

// listed tells whether a header of comma-separated names has name, in any case, or "*".
func listed(lines []string, name string) bool {
	for _, line := range lines {
		for line != "" {
			var one string
			one, line = cutComma(line)
			if one == "*" || strings.EqualFold(one, name) {
				return true
			}
		}
	}
	return false
}
