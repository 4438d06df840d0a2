package runtime_test

import (
	"errors"
	"strings"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// TestLongAttributesAreRefused: browsers ignore an attribute whose value is over
// 1024 bytes (RFC 6265bis, section 5.6), and the cookie would have another reach.
func TestLongAttributesAreRefused(t *testing.T) {
	domain := func(n int) string { return strings.Repeat("a.", n)[:2*n-1] }
	for _, c := range []struct {
		cookie  sess.Cookie
		setting string // "" if it is allowed
	}{
		{sess.Cookie{Path: "/" + strings.Repeat("p", 1023)}, ""},
		{sess.Cookie{Path: "/" + strings.Repeat("p", 1024)}, "Config.Cookie.Path"},
		{sess.Cookie{Path: "/" + strings.Repeat("p", 1024), Insecure: true}, "Config.Cookie.Path"},
		{sess.Cookie{Domain: domain(127)}, ""}, // DNS has no longer names
		{sess.Cookie{Domain: domain(513)}, "Config.Cookie.Domain"},
	} {
		_, err := shop.NewSessions(newMemory(t), sess.Config{Cookie: c.cookie})
		var config *sess.ConfigError
		if c.setting == "" && err != nil || c.setting != "" && (!errors.As(err, &config) || config.Setting != c.setting) {
			t.Errorf("a path of %d bytes, a domain of %d: %v", len(c.cookie.Path), len(c.cookie.Domain), err)
		}
	}
}

// TestPrefixesAreOurs: a name that brings a prefix is refused in any case of
// letters, also the prefixes of RFC 6265bis's successor.
func TestPrefixesAreOurs(t *testing.T) {
	for _, prefix := range []string{"__Host-", "__Secure-", "__Http-", "__Host-Http-"} {
		for _, name := range []string{prefix + "session", strings.ToLower(prefix) + "session", strings.ToUpper(prefix) + "session"} {
			for _, insecure := range []bool{false, true} {
				_, err := shop.NewSessions(newMemory(t), sess.Config{Cookie: sess.Cookie{Name: name, Insecure: insecure}})
				var config *sess.ConfigError
				if !errors.As(err, &config) || config.Setting != "Config.Cookie.Name" {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}
