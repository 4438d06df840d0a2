package parse

import (
	"cmp"
	"errors"
	"fmt"
	"go/types"
	"math"
	"strconv"
	"strings"
)

// A default is a Go literal of the field's type, but for strings, which need
// no quotes, and durations, which are written as time.ParseDuration and ttl read them:
//
//	string            any text; 'a, b' for one with a comma
//	bool              true, false
//	integers          10, -3, 0xff, 1_000
//	floats            0.5, 1e3
//	time.Duration     15m, 7d
//
// Types over these take the same.

// parseDefault returns the Go expression for text as a value of the basic type.
func parseDefault(text string, basic *types.Basic, sizes int) (string, error) {
	info := basic.Info()
	switch {
	case info&types.IsString != 0:
		return strconv.Quote(text), nil
	case text == "":
		return "", fmt.Errorf("the value is missing; write one of type %s, or remove the option", basic.Name())
	case info&types.IsBoolean != 0:
		if text != "true" && text != "false" {
			return "", fmt.Errorf("%q is no bool; write true or false", text)
		}
		return text, nil
	case info&types.IsInteger != 0:
		return parseIntDefault(text, basic, sizes)
	case info&types.IsFloat != 0:
		return parseFloatDefault(text, basic)
	}
	return "", fmt.Errorf("a %s has no default", basic.Name())
}

// intBits is the size of an integer kind; int and uint have size bits.
func intBits(basic *types.Basic, size int) int {
	switch basic.Kind() {
	case types.Int8, types.Uint8:
		return 8
	case types.Int16, types.Uint16:
		return 16
	case types.Int32, types.Uint32:
		return 32
	case types.Int64, types.Uint64:
		return 64
	}
	return size
}

func parseIntDefault(text string, basic *types.Basic, size int) (string, error) {
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0123456789_") == "" {
		plain := cmp.Or(strings.TrimLeft(digits, "0_"), "0")
		return "", fmt.Errorf("%q begins with 0, which Go reads as octal; write %s, or 0o%s", text, plain, plain)
	}
	bits := intBits(basic, size)
	var err error
	limits := ""
	if basic.Info()&types.IsUnsigned != 0 {
		_, err = strconv.ParseUint(strings.TrimPrefix(text, "+"), 0, bits)
		limits = fmt.Sprintf("0 to %d", uint64(math.MaxUint64)>>(64-bits))
	} else {
		_, err = strconv.ParseInt(text, 0, bits)
		limits = fmt.Sprintf("%d to %d", int64(math.MinInt64)>>(64-bits), int64(math.MaxInt64)>>(64-bits))
	}
	if errors.Is(err, strconv.ErrRange) || err != nil && basic.Info()&types.IsUnsigned != 0 && strings.HasPrefix(text, "-") {
		return "", fmt.Errorf("%s is out of range of %s; write a number from %s", text, basic.Name(), limits)
	}
	if err != nil {
		return "", fmt.Errorf("%q is no %s; write a number such as 10 or 0x1f", text, basic.Name())
	}
	return strings.TrimPrefix(text, "+"), nil
}

func parseFloatDefault(text string, basic *types.Basic) (string, error) {
	bits := 64
	if basic.Kind() == types.Float32 {
		bits = 32
	}
	v, err := strconv.ParseFloat(text, bits)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return "", fmt.Errorf("%s is out of range of %s; write a smaller number", text, basic.Name())
	case err != nil:
		return "", fmt.Errorf("%q is no %s; write a number such as 0.5 or 1e3", text, basic.Name())
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "", fmt.Errorf("%s is no number that Go can write as a constant; write a finite one", text)
	}
	if v == 0 {
		return "0", nil // Go has no constant -0
	}
	return strconv.FormatFloat(v, 'g', -1, bits), nil
}
