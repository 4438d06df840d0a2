package runtime

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// watchHost warns once of a request in Development that is for another host
// than localhost. Requests that come through no server are a test's.
func (m *manager) watchHost(r *http.Request) {
	if r.Context().Value(http.LocalAddrContextKey) == nil || isLocalhost(r.Host) || m.warned.Swap(true) {
		return
	}
	m.cfg.Logger.Warn("sessiongen: Config.Development is for plain HTTP on localhost, and a request came for another host: leave Development out behind TLS, and set Cookie.Insecure for plain HTTP in a private network",
		slog.String("host", r.Host))
}

// isLocalhost tells whether a Host header names the client's own machine
// (RFC 6761, section 6.3, and the loopback addresses).
func isLocalhost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.Unmap().IsLoopback()
}
