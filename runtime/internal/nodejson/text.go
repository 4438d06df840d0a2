package nodejson

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxSafe is Number.MAX_SAFE_INTEGER: up to it every integer is a JavaScript number.
const maxSafe = 1<<53 - 1

// appendInt appends an integer as JavaScript has it: a number where one holds
// it, else a string of its digits, which BigInt reads.
func appendInt(b []byte, v int64) []byte {
	if -maxSafe <= v && v <= maxSafe {
		return strconv.AppendInt(b, v, 10)
	}
	return append(strconv.AppendInt(append(b, '"'), v, 10), '"')
}

func appendUint(b []byte, v uint64) []byte {
	if v <= maxSafe {
		return strconv.AppendUint(b, v, 10)
	}
	return append(strconv.AppendUint(append(b, '"'), v, 10), '"')
}

// appendFloat appends a number as JSON.stringify does, but for -0, which keeps
// its sign: the shortest digits, with an exponent under 1e-6 and from 1e21 on
// (ECMA-262, Number::toString).
func appendFloat(b []byte, v float64) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return b, errors.New("NaN and the infinities are no JSON; keep them in a field of another type, or clear the field")
	}
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		b = strconv.AppendFloat(b, v, 'e', -1, 64)
		if n := len(b); n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' { // e-07 is e-7
			b[n-2] = b[n-1]
			b = b[:n-1]
		}
		return b, nil
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64), nil
}

const hexDigits = "0123456789abcdef"

// AppendString appends s in quotes as JSON.stringify does: with escapes for
// quotation marks, backslashes, control characters and lone surrogates, and none
// for anything else. A lone surrogate is in s as [unquote] leaves it there. Other
// bytes that are not UTF-8 are an error.
func AppendString(b []byte, s string) ([]byte, error) {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			unit, ok := surrogate(s[i:])
			if !ok {
				return b, errors.New("a string is not UTF-8, and JSON has no other; keep bytes in a []byte")
			}
			b = append(b, s[start:i]...)
			i += 3
			if low, ok := surrogate(s[i:]); ok && unit < 0xdc00 && low >= 0xdc00 {
				b = utf8.AppendRune(b, utf16.DecodeRune(unit, low)) // two halves that came together
				i += 3
			} else {
				b = appendEscape(b, unit)
			}
			start = i
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = appendEscape(b, rune(c))
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"'), nil
}

func appendEscape(b []byte, unit rune) []byte {
	return append(b, '\\', 'u', hexDigits[unit>>12&15], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
}

// surrogate returns the surrogate that s begins with, in the three bytes that
// UTF-8 would have for it if it allowed it.
func surrogate(s string) (rune, bool) {
	if len(s) < 3 || s[0] != 0xed || s[1] < 0xa0 || s[1] > 0xbf || s[2]&0xc0 != 0x80 {
		return 0, false
	}
	return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), true
}

// unquote returns the string that a JSON text, known to be valid, stands for. A
// lone surrogate, which JavaScript's strings may hold and Go's UTF-8 may not,
// becomes the three bytes that UTF-8 would have for it, so that [AppendString]
// writes it as it was.
func unquote(text []byte) string {
	text = text[1 : len(text)-1]
	plain := 0
	for plain < len(text) && text[plain] != '\\' {
		plain++
	}
	if plain == len(text) {
		return string(text)
	}
	out := make([]byte, plain, len(text))
	copy(out, text)
	for i := plain; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		switch c := text[i+1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hexUnit(text[i+2:])
			i += 4
			if utf16.IsSurrogate(r) {
				if r < 0xdc00 && i+3 < len(text) && text[i+2] == '\\' && text[i+3] == 'u' {
					if pair := utf16.DecodeRune(r, hexUnit(text[i+4:])); pair != utf8.RuneError {
						out = utf8.AppendRune(out, pair)
						i += 8
						continue
					}
				}
				out = append(out, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
			} else {
				out = utf8.AppendRune(out, r)
			}
		default:
			out = append(out, c)
		}
		i += 2
	}
	return string(out)
}

// hexUnit reads the four hexadecimal digits of an escape.
func hexUnit(text []byte) (r rune) {
	for _, c := range text[:4] {
		switch {
		case c <= '9':
			c -= '0'
		case c <= 'F':
			c -= 'A' - 10
		default:
			c -= 'a' - 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

// readInt reads a number or, beyond what a JavaScript number holds, a string of
// digits.
func readInt(text []byte) (int64, bool) {
	digits, quoted := number(text)
	v, err := strconv.ParseInt(digits, 10, 64)
	if quoted {
		return v, err == nil && (v > maxSafe || v < -maxSafe) && strconv.FormatInt(v, 10) == digits
	}
	if err == nil {
		return v, true
	}
	x, err := strconv.ParseFloat(digits, 64) // 1e3, or 5.0 by another program
	if err != nil || x != math.Trunc(x) || x < -1<<63 || x >= 1<<63 {
		return 0, false
	}
	return int64(x), true
}

func readUint(text []byte) (uint64, bool) {
	digits, quoted := number(text)
	v, err := strconv.ParseUint(digits, 10, 64)
	if quoted {
		return v, err == nil && v > maxSafe && strconv.FormatUint(v, 10) == digits
	}
	if err == nil {
		return v, true
	}
	x, err := strconv.ParseFloat(digits, 64)
	if err != nil || x != math.Trunc(x) || x < 0 || x >= 1<<64 {
		return 0, false
	}
	return uint64(x), true
}

// number returns the digits of a number, or of a string that may be one.
func number(text []byte) (digits string, quoted bool) {
	if kindOf(text) == '"' {
		return string(text[1 : len(text)-1]), true
	}
	return string(text), false
}

func readFloat(text []byte) (float64, bool) {
	if kindOf(text) != '0' {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(text), 64)
	return v, err == nil
}

// kindOf returns the kind of a value: '"', '{', '[', 't' for both booleans, 'n'
// for null, '0' for a number.
func kindOf(text []byte) byte {
	switch c := text[0]; c {
	case '"', '{', '[', 'n', 't':
		return c
	case 'f':
		return 't'
	default:
		return '0'
	}
}

// mismatch says that a value of some kind does not fit a Go type.
type mismatch struct {
	kind byte
	typ  string
}

func (e *mismatch) Error() string {
	what := map[byte]string{'"': "a string", '{': "an object", '[': "an array", 'n': "null", 't': "a boolean", '0': "a number"}[e.kind]
	return fmt.Sprintf("%s does not fit %s", what, e.typ)
}
