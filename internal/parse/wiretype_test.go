package parse

import (
	"strings"
	"testing"
)

func TestWireTypeNames(t *testing.T) {
	for _, name := range []string{
		"bool", "int", "uint", "float32", "float64", "string", "bytes", "timestamp", "binary", "text", "struct",
		"list of int", "table of Item", "table of catalog.Item", "optional Pair[string,int]", "Text",
		"map of string to list of optional Item", "map of int to map of uint to text",
	} {
		if msg := checkWireType(name); msg != "" {
			t.Errorf("%q: %s", name, msg)
		}
	}
	for name, want := range map[string]string{
		"":                        "a wire type is missing",
		"int64":                   "has the Go type int64; as a wire type that is int",
		"[]byte":                  "as a wire type that is bytes",
		"list of time.Time":       "as a wire type that is timestamp",
		"strng":                   "did you mean string?",
		"map of string to flot64": "did you mean map of string to float64?",
		"[]string":                "is no wire type; write the wire_type that",
		"map[string]int":          "is no wire type",
		"map of text to int":      "is no wire type",
		"list of":                 "is no wire type",
		"list  of int":            "is no wire type",
		" int":                    "is no wire type",
		"*Item":                   "is no wire type",
		"a.b.C":                   "is no wire type",
		"Pair[":                   "is no wire type",
		"9lives":                  "is no wire type",
	} {
		if msg := checkWireType(name); !strings.Contains(msg, want) {
			t.Errorf("%q: %q, want %q in it", name, msg, want)
		}
	}
}
