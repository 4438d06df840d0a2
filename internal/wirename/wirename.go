// Package wirename says under which names fields are stored: the generator asks
// it for the names that it writes, and the formats that are read by reflection
// for the same ones.
package wirename

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words splits a Go identifier where a person would: before an upper-case
// letter that follows a lower-case letter or a digit, before the last letter of a run
// of upper-case letters that a lower-case one follows, and at underscores.
// Digits belong to the word before them, a plural s to the initialism before it.
//
//	UserID      User ID
//	HTTPServer2 HTTP Server2
//	UserIDs     User IDs
//	OAuthState  OAuth State
func Words(name string) []string {
	var out []string
	for part := range strings.SplitSeq(name, "_") {
		for part != "" {
			n := firstWord(part)
			out = append(out, part[:n])
			part = part[n:]
		}
	}
	return out
}

// mixed are words that the rule for initialisms would tear apart. The list is
// frozen: a wire name must not change with the generator's version.
var mixed = []string{"OAuth", "IPv4", "IPv6"}

// firstWord returns the length of the first word of s.
func firstWord(s string) int {
	for _, word := range mixed {
		if rest, ok := strings.CutPrefix(s, word); ok && !startsLower(rest) {
			return len(word)
		}
	}
	upper := upperRun(s)
	switch rest := s[upper:]; {
	case upper == 0:
		return lowerRun(s)
	case utf8.RuneCountInString(s[:upper]) == 1:
		return upper + lowerRun(rest)
	case !startsLower(rest): // digits, or the end
		return upper + lowerRun(rest)
	case strings.HasPrefix(rest, "s") && !startsLower(rest[1:]):
		return upper + lowerRun(rest)
	default:
		_, size := utf8.DecodeLastRuneInString(s[:upper])
		return upper - size
	}
}

func upperRun(s string) int {
	return runOf(s, unicode.IsUpper)
}

// lowerRun counts everything but upper-case letters: letters of scripts without case too.
func lowerRun(s string) int {
	return runOf(s, func(r rune) bool { return !unicode.IsUpper(r) })
}

func runOf(s string, in func(rune) bool) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !in(r) }); i >= 0 {
		return i
	}
	return len(s)
}

func startsLower(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) && !unicode.IsUpper(r)
}

// Snake is the wire name of a field that names none: its words in lower
// case, joined by underscores.
func Snake(name string) string {
	return strings.ToLower(strings.Join(Words(name), "_"))
}
