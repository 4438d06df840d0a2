package parse

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// plainWireTypes are what the schema calls stored forms without parts.
var plainWireTypes = []string{"bool", "int", "uint", "float32", "float64", "string", "bytes", "timestamp", "binary", "text"}

// goWireTypes are Go types that are easily written for wire types.
var goWireTypes = map[string]string{
	"int8": "int", "int16": "int", "int32": "int", "int64": "int", "rune": "int", "time.Duration": "int",
	"uint8": "uint", "uint16": "uint", "uint32": "uint", "uint64": "uint", "uintptr": "uint", "byte": "uint",
	"[]byte": "bytes", "time.Time": "timestamp", "float": "float64", "boolean": "bool", "time": "timestamp",
}

// checkWireType says what is wrong with the name of a wire type, as the schema
// prints it, or nothing. The struct that it ends in is one of an older
// version, so that nothing can be said of it but whether it is a Go name.
func checkWireType(name string) string {
	const way = "write the wire_type that sessiongen -schema printed for the older version"
	if name == "" {
		return "a wire type is missing; " + way
	}
	quoted := strconv.Quote(name)
	end := wireTypePrefix.ReplaceAllString(name, "")
	if wire, ok := goWireTypes[end]; ok {
		return quoted + " has the Go type " + end + "; as a wire type that is " + wire
	}
	if slices.Contains(plainWireTypes, end) {
		return ""
	}
	if word := Closest(end, plainWireTypes); word != "" && startsLower(end) {
		return quoted + " is no wire type; did you mean " + strings.TrimSuffix(name, end) + word + "?"
	}
	if isTypeName(end) {
		return ""
	}
	return quoted + " is no wire type; " + way
}

// wireTypePrefix is what stands before the last element of a wire type.
var wireTypePrefix = regexp.MustCompile(`^(list of |table of |optional |map of (string|int|uint) to )+`)

// isTypeName tells whether name may be what the schema calls a struct: Item,
// catalog.Item or Pair[string,int].
func isTypeName(name string) bool {
	base, args, generic := strings.Cut(name, "[")
	if generic && (!strings.HasSuffix(args, "]") || len(args) < 2) {
		return false
	}
	parts := strings.Split(base, ".")
	for _, part := range parts {
		if part == "" || unicode.IsDigit(rune(part[0])) || strings.ContainsFunc(part, func(r rune) bool {
			return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			return false
		}
	}
	return len(parts) <= 2
}
