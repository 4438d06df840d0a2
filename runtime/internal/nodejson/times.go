package nodejson

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// maxDate is the last instant of a JavaScript Date, in milliseconds (ECMA-262,
// Time Values and Time Range); the first is as far before 1970.
const maxDate = 8_640_000_000_000_000

// appendTime appends an instant as Date.toJSON does, with more digits where it
// is between two milliseconds, which Date.parse passes over.
func appendTime(b []byte, t time.Time) ([]byte, error) {
	t = t.UTC()
	if sec := t.Unix(); sec > maxDate/1000 || sec < -maxDate/1000 || sec == maxDate/1000 && t.Nanosecond() > 0 {
		return b, errors.New("an instant is beyond what a JavaScript Date can hold, 271821 B.C. to A.D. 275760; keep it in a field of another type")
	}
	b = append(b, '"')
	switch year := t.Year(); {
	case year < 0:
		b = append(append(b, '-'), pad(-year, 6)...)
	case year > 9999:
		b = append(append(b, '+'), pad(year, 6)...)
	default:
		b = append(b, pad(year, 4)...)
	}
	layout := "-01-02T15:04:05.000Z"
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		layout = "-01-02T15:04:05.000000000Z"
	}
	return append(t.AppendFormat(b, layout), '"'), nil
}

func pad(n, width int) string {
	digits := strconv.Itoa(n)
	return strings.Repeat("0", width-len(digits)) + digits
}

// readTime reads an instant: the text of a Date, RFC 3339, or a number of
// milliseconds since 1970, as Date.now returns it.
func readTime(text []byte) (time.Time, bool) {
	if kindOf(text) == '0' {
		ms, ok := readInt(text)
		return time.UnixMilli(ms).UTC(), ok && ms <= maxDate && ms >= -maxDate
	}
	if kindOf(text) != '"' {
		return time.Time{}, false
	}
	s := unquote(text)
	if s == "" || s[0] != '+' && s[0] != '-' {
		t, err := time.Parse(time.RFC3339Nano, s)
		return t.UTC(), err == nil
	}
	// An expanded year has six digits. The calendar repeats every 400 years, so
	// that a year that package time can parse stands in for it.
	if len(s) < 8 || s[7] != '-' {
		return time.Time{}, false
	}
	year, err := strconv.Atoi(s[1:7])
	if err != nil || s == "-000000"+s[7:] {
		return time.Time{}, false
	}
	if s[0] == '-' {
		year = -year
	}
	stand := year%400 + 400
	t, err := time.Parse(time.RFC3339Nano, pad(stand, 4)+s[7:])
	if err != nil {
		return time.Time{}, false
	}
	t = t.UTC()
	t = time.Date(t.Year()+year-stand, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	ms := t.UnixMilli()
	return t, ms <= maxDate && ms >= -maxDate
}

// appendDuration appends milliseconds, JavaScript's unit: a number if a double
// holds it to the nanosecond, so that a Node program that writes it back changes
// nothing, else a string of its digits.
func appendDuration(b []byte, d time.Duration) []byte {
	digits := durationDigits(d)
	if x, err := strconv.ParseFloat(digits, 64); err == nil {
		if again, err := appendFloat(nil, x); err == nil {
			if same, ok := parseDuration(string(again)); ok && same == d {
				return append(b, again...)
			}
		}
	}
	return append(append(append(b, '"'), digits...), '"')
}

// durationDigits returns milliseconds as a decimal number without exponent.
func durationDigits(d time.Duration) string {
	sign, n := "", uint64(d)
	if d < 0 {
		sign, n = "-", -n
	}
	digits := sign + strconv.FormatUint(n/1e6, 10)
	if rest := n % 1e6; rest != 0 {
		digits += "." + strings.TrimRight(pad(int(rest), 6), "0")
	}
	return digits
}

func readDuration(text []byte) (time.Duration, bool) {
	digits, quoted := number(text)
	d, ok := parseDuration(digits)
	return d, ok && (!quoted || string(appendDuration(nil, d)) == string(text))
}

// parseDuration reads a decimal number of milliseconds exactly; one with more
// than six digits behind the point is no whole number of nanoseconds.
func parseDuration(digits string) (time.Duration, bool) {
	mantissa, exp, scaled := strings.Cut(strings.ToLower(digits), "e")
	shift := 6 // nanoseconds
	if scaled {
		n, err := strconv.Atoi(exp)
		if err != nil || n < -30 || n > 30 {
			return 0, false
		}
		shift += n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 40 || len(whole) > 40 {
		return 0, false
	}
	if shift -= len(fraction); shift < 0 {
		all := whole + fraction
		cut := len(all) + shift
		if cut < 0 || strings.Trim(all[cut:], "0") != "" {
			return 0, false
		}
		whole, fraction, shift = all[:cut], "", 0
	}
	text := whole + fraction + strings.Repeat("0", shift)
	if text == "" || text == "-" {
		text += "0"
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(n), err == nil
}
