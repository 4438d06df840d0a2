package parse

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// parseDuration is time.ParseDuration with days before the rest: 7d, 1d12h.
// A day has 24 hours: a session knows no calendar.
func parseDuration(text string) (time.Duration, error) {
	sign, rest := time.Duration(1), text
	if strings.HasPrefix(rest, "-") {
		sign, rest = -1, rest[1:]
	}
	number, tail, ok := strings.Cut(rest, "d")
	if !ok {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, badDuration(text)
		}
		return d, nil
	}
	days, err := strconv.ParseUint(number, 10, 32)
	if err != nil || days > math.MaxInt64/uint64(day) {
		return 0, badDuration(text)
	}
	d := time.Duration(days) * day
	if tail != "" {
		more, err := time.ParseDuration(tail)
		if err != nil || strings.HasPrefix(tail, "-") || strings.HasPrefix(tail, "+") || d+more < d {
			return 0, badDuration(text)
		}
		d += more
	}
	return sign * d, nil
}

func badDuration(text string) error {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return fmt.Errorf("%q has no unit; write %ss, %sm, %sh or %sd", text, text, text, text, text)
	}
	return fmt.Errorf("%q is no duration; write one such as 90s, 15m, 12h, 7d or 1d12h", text)
}

// goDuration spells d as a person would, such as 15 * time.Minute.
func goDuration(d time.Duration, pkg string) string {
	if d == 0 {
		return "0"
	}
	for _, unit := range []struct {
		size time.Duration
		name string
	}{
		{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"},
		{time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}, {time.Nanosecond, "Nanosecond"},
	} {
		if d%unit.size == 0 {
			if d == unit.size {
				return pkg + "." + unit.name
			}
			return fmt.Sprintf("%d * %s.%s", d/unit.size, pkg, unit.name)
		}
	}
	panic("unreachable: every duration is a number of nanoseconds")
}
