package parse

import (
	"go/token"
	"strings"
	"testing"
	"unicode"

	"github.com/sessiongen/sessiongen/internal/wirename"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, snake, camel string }{
		{"Visits", "visits", "visits"},
		{"UserID", "user_id", "userID"},
		{"ID", "id", "id"},
		{"SKU", "sku", "sku"},
		{"X", "x", "x"},
		{"XAxis", "x_axis", "xAxis"},
		{"HTTPServer2", "http_server2", "httpServer2"},
		{"HTTP2", "http2", "http2"},
		{"MD5Sum", "md5_sum", "md5Sum"},
		{"UserIDs", "user_ids", "userIDs"},
		{"IDsSeen", "ids_seen", "idsSeen"},
		{"URLs", "urls", "urls"},
		{"OAuthState", "oauth_state", "oauthState"},
		{"LastOAuth", "last_oauth", "lastOAuth"},
		{"IPv4", "ipv4", "ipv4"},
		{"IPv6Addr", "ipv6_addr", "ipv6Addr"},
		{"OAuthority", "o_authority", "oAuthority"},
		{"User_ID", "user_id", "userID"},
		{"A_", "a", "a"},
		{"Größe", "größe", "größe"},
		{"ΣSum", "σ_sum", "σSum"},
		{"ÉtatDuJour", "état_du_jour", "étatDuJour"},
		{"X中文", "x中文", "x中文"},
		{"ǅaka", "ǆaka", "ǆaka"},
		{"A1B2", "a1_b2", "a1B2"},
		{"session", "session", "session"},
		{"HTTPSession", "http_session", "httpSession"},
	} {
		if got := wirename.Snake(c.name); got != c.snake {
			t.Errorf("Snake(%s) = %s, want %s", c.name, got, c.snake)
		}
		if got := lowerCamel(c.name); got != c.camel {
			t.Errorf("lowerCamel(%s) = %s, want %s", c.name, got, c.camel)
		}
	}
}

// Whatever the field is called, the names made from it are names.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"UserID", "OAuthState", "ΣSum", "A_B", "İx", "X_", "ℌ", "Ǆ1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !token.IsExported(name) || !token.IsIdentifier(name) {
			return
		}
		if joined := strings.Join(wirename.Words(name), ""); joined != strings.ReplaceAll(name, "_", "") {
			t.Fatalf("words lose letters: %q of %q", joined, name)
		}
		if len(name) <= maxWireName/2 {
			if msg := checkWireName(wirename.Snake(name)); msg != "" && !isOption(wirename.Snake(name)) {
				t.Fatalf("wire name of %s: %s", name, msg)
			}
		}
		camel := lowerCamel(name)
		first := []rune(camel)[0] // a few upper-case letters have no lower-case one
		if !token.IsIdentifier(camel) && !token.IsKeyword(camel) || unicode.ToLower(first) != first {
			t.Fatalf("lowerCamel(%s) = %q", name, camel)
		}
	})
}

func TestClosest(t *testing.T) {
	for got, want := range map[string]string{
		"idx": "index", "Index": "index", "indx": "index", "princpal": "principal", "tll": "ttl", "TTL": "ttl",
		"flsh": "flash", "redacted": "redact", "defualt": "default", "secret": "", "a": "", "xyz": "", "rst": "rest",
		"def": "default", "princ": "principal", "re": "", "in": "index", "": "",
	} {
		if word := Closest(got, optionNames()); word != want {
			t.Errorf("Closest(%s) = %q, want %q", got, word, want)
		}
	}
}

func TestSuggestOption(t *testing.T) {
	for got, want := range map[string]string{
		"primary": "did you mean principal?", "Expire": "did you mean ttl?", "def": "did you mean default?",
		"PRINCIPAL": "did you mean principal?", "cookie": "there are index, principal,",
	} {
		if said := suggestOption(got); !strings.HasPrefix(said, want) {
			t.Errorf("%s: %s; want %s", got, said, want)
		}
	}
	for word, option := range meant {
		if isOption(word) || !isOption(option) {
			t.Errorf("%s stands for %s", word, option)
		}
	}
}
