package runtime

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Transport carries tokens between a client and the manager.
type Transport interface {
	// Token returns the token of a request, "" for none.
	Token(r *http.Request) string
	// Set sends a token that the client shall keep for age.
	Set(w http.ResponseWriter, token string, age time.Duration) error
	// Delete tells the client to forget its token.
	Delete(w http.ResponseWriter)
	// Vary names the request header that carries the token, for caches.
	Vary() string
}

// Bearer returns a Transport for clients that are not browsers: the token
// comes in the request header "Authorization: Bearer TOKEN" (RFC 6750), and a
// new one is sent in the named response header, "Session-Token" if it is "".
// An empty value of it tells the client that its token is void.
func Bearer(responseHeader string) Transport {
	if responseHeader == "" {
		responseHeader = "Session-Token"
	}
	return bearer{http.CanonicalHeaderKey(responseHeader)}
}

type bearer struct{ header string }

func (b bearer) Token(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (b bearer) Set(w http.ResponseWriter, token string, _ time.Duration) error {
	w.Header()[b.header] = []string{token}
	return nil
}

func (b bearer) Delete(w http.ResponseWriter) { w.Header()[b.header] = []string{""} }

func (b bearer) Vary() string { return "Authorization" }

// tooLarge says what is too large, by how much, and the way out.
func tooLarge(what string, n, limit int, wayOut string) error {
	return fmt.Errorf("%w: %s has %d bytes, the limit is %d: %s", ErrTooLarge, what, n, limit, wayOut)
}
