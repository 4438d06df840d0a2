package parse

import (
	"go/constant"
	"go/token"
	"go/types"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestDefault(t *testing.T) {
	for _, c := range []struct {
		kind       types.BasicKind
		text, want string
		err        string
	}{
		{types.String, "light", `"light"`, ""},
		{types.String, "", `""`, ""},
		{types.String, "a\"b\n", `"a\"b\n"`, ""},
		{types.Bool, "true", "true", ""},
		{types.Bool, "1", "", "write true or false"},
		{types.Bool, "", "", "the value is missing"},
		{types.Int, "10", "10", ""},
		{types.Int, "+10", "10", ""},
		{types.Int, "-10", "-10", ""},
		{types.Int, "0x1F", "0x1F", ""},
		{types.Int, "1_000", "1_000", ""},
		{types.Int, "0", "0", ""},
		{types.Int, "010", "", "octal"},
		{types.Int, "00", "", "octal"},
		{types.Int, "1.5", "", "no int"},
		{types.Int, "1e3", "", "no int"},
		{types.Int, "--1", "", "no int"},
		{types.Int8, "127", "127", ""},
		{types.Int8, "128", "", "from -128 to 127"},
		{types.Int8, "-128", "-128", ""},
		{types.Int64, "9223372036854775808", "", "out of range"},
		{types.Int32, "-2147483648", "-2147483648", ""},
		{types.Uint8, "255", "255", ""},
		{types.Uint8, "256", "", "from 0 to 255"},
		{types.Uint16, "-1", "", "out of range"},
		{types.Uint64, "18446744073709551615", "18446744073709551615", ""},
		{types.Uintptr, "+7", "7", ""},
		{types.Uint, "+-7", "", "no uint"},
		{types.Float64, "0.5", "0.5", ""},
		{types.Float64, "1e3", "1000", ""},
		{types.Float64, "-0", "0", ""},
		{types.Float64, "1e400", "", "out of range"},
		{types.Float32, "1e39", "", "out of range"},
		{types.Float32, "0.1", "0.1", ""},
		{types.Float64, "NaN", "", "finite"},
		{types.Float64, "-Inf", "", "finite"},
		{types.Float64, "x", "", "no float64"},
		{types.Complex128, "1", "", "no default"},
	} {
		got, err := parseDefault(c.text, types.Typ[c.kind], 64)
		switch {
		case (err != nil) != (c.err != ""):
			t.Errorf("%v %q: %v", c.kind, c.text, err)
		case err != nil && !strings.Contains(err.Error(), c.err):
			t.Errorf("%v %q: %v; want %s", c.kind, c.text, err, c.err)
		case err == nil && got != c.want:
			t.Errorf("%v %q: %s, want %s", c.kind, c.text, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15m": 15 * time.Minute, "7d": 7 * day, "1d12h": 36 * time.Hour, "-1d": -day, "-1d1h": -25 * time.Hour,
		"0": 0, "0d": 0, "1.5h": 90 * time.Minute, "106751d": 106751 * day,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "d", "1d-1h", "1d+1h", "1d 1h", "1dd", "1.5d", "1h1d", "106752d", "106751d24h", "99999999999d", "soon", "--1d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0", time.Hour: "time.Hour", 15 * time.Minute: "15 * time.Minute", 7 * day: "168 * time.Hour",
		90 * time.Second: "90 * time.Second", -time.Minute: "-1 * time.Minute", 1500: "1500 * time.Nanosecond", 2000: "2 * time.Microsecond",
	} {
		if got := goDuration(d, "time"); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// Every accepted default is a Go constant of the field's type, of the value that
// package strconv or time reads in the text.
func FuzzDefault(f *testing.F) {
	for _, s := range []string{"light", "10", "-3", "0xff", "1_000", "0.5", "1e3", "true", "010", "0b1", "0o7", "inf", "NaN", "0x1p-2", "15m", "1d12h", "'"} {
		for kind := types.Bool; kind <= types.String; kind++ {
			f.Add(s, uint8(kind))
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		d, err := parseDuration(text)
		if std, stdErr := time.ParseDuration(text); stdErr == nil && (err != nil || d != std) {
			t.Fatalf("duration %q: %v, %v; package time reads %v", text, d, err, std)
		}
		if err == nil {
			if v, err := types.Eval(token.NewFileSet(), timePackage(), 0, goDuration(d, "time")); err != nil || v.Value == nil {
				t.Fatalf("duration %q: %v", text, err)
			} else if n, exact := constant.Int64Val(v.Value); !exact || n != int64(d) {
				t.Fatalf("duration %q: %v", text, n)
			}
		}
		basic := types.Typ[types.Bool+types.BasicKind(kind)%types.String]
		expr, err := parseDefault(text, basic, 64)
		if err != nil {
			return
		}
		tv, err := types.Eval(token.NewFileSet(), nil, 0, basic.Name()+"("+expr+")")
		if err != nil || tv.Value == nil {
			t.Fatalf("%s default %q becomes %s: %v", basic, text, expr, err)
		}
		if want := readDefault(t, text, basic); !constant.Compare(tv.Value, token.EQL, want) {
			t.Fatalf("%s default %q becomes %s, which is %s, not %s", basic, text, expr, tv.Value.ExactString(), want.ExactString())
		}
	})
}

// readDefault is the value that the text of a default means.
func readDefault(t *testing.T, text string, basic *types.Basic) constant.Value {
	switch info := basic.Info(); {
	case info&types.IsString != 0:
		return constant.MakeString(text)
	case info&types.IsBoolean != 0:
		v, err := strconv.ParseBool(text)
		if err != nil {
			t.Fatalf("%q was accepted as a bool", text)
		}
		return constant.MakeBool(v)
	case info&types.IsInteger != 0:
		v, ok := new(big.Int).SetString(text, 0)
		if !ok {
			t.Fatalf("%q was accepted as an integer", text)
		}
		return constant.Make(v)
	}
	bits := 64
	if basic.Kind() == types.Float32 {
		bits = 32
	}
	v, err := strconv.ParseFloat(text, bits)
	if err != nil {
		t.Fatalf("%q was accepted as a float", text)
	}
	return constant.MakeFloat64(v)
}

// timePackage is a package in whose scope time's units are known.
func timePackage() *types.Package {
	units := types.NewPackage("time", "time")
	duration := types.Universe.Lookup("int64").Type()
	for name, d := range map[string]time.Duration{
		"Hour": time.Hour, "Minute": time.Minute, "Second": time.Second,
		"Millisecond": time.Millisecond, "Microsecond": time.Microsecond, "Nanosecond": time.Nanosecond,
	} {
		units.Scope().Insert(types.NewConst(0, units, name, duration, constant.MakeInt64(int64(d))))
	}
	units.MarkComplete()
	pkg := types.NewPackage("p", "p")
	pkg.Scope().Insert(types.NewPkgName(0, pkg, "time", units))
	return pkg
}
