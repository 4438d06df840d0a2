package parse

import (
	"go/token"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sessiongen/sessiongen/internal/wirename"
)

// lowerCamel is name as the beginning of an unexported identifier: UserID
// becomes userID, SKU sku, HTTPServer httpServer.
func lowerCamel(name string) string {
	w := wirename.Words(name)
	for i := range w {
		if i == 0 {
			w[i] = strings.ToLower(w[i])
		} else {
			w[i] = upperFirst(w[i])
		}
	}
	return strings.Join(w, "")
}

// upperFirst is name with an upper-case first letter.
func upperFirst(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[size:]
}

// exportedName is name as that of an exported field. A letter without case, such
// as one of Chinese, needs one that has it before it.
func exportedName(name string) string {
	if up := upperFirst(name); token.IsExported(up) {
		return up
	}
	return "X" + name
}

// uniqueNames returns stems with the smallest number appended that makes all
// of them free: the names of one declaration's helpers keep together.
func uniqueNames(taken func(string) bool, spell func(number string) []string) []string {
	for n := 1; ; n++ {
		number := ""
		if n > 1 {
			number = itoa(n)
		}
		if names := spell(number); !slices.ContainsFunc(names, taken) {
			return names
		}
	}
}

func startsLower(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) && !unicode.IsUpper(r)
}
