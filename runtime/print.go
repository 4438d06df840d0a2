package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"reflect"
)

// All yields wire name and value of every field that is set, in declaration
// order, without redacted ones; the generated method calls it.
func All(s Fields) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		b := s.bag()
		for i, field := range s.Spec().Fields {
			if field.Redact || !HasLive(b, uint8(i)) {
				continue
			}
			b.lent.set(uint8(i)) // the value may be a slice, map or pointer
			if !yield(field.Name, reflect.ValueOf(s.Pointer(i)).Elem().Interface()) {
				return
			}
		}
	}
}

// MarshalJSON returns the fields that are set as a JSON object in declaration
// order, without redacted ones; the generated method calls it.
func MarshalJSON(s Fields) ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for name, value := range All(s) {
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(text)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// LogValue returns id and fields for a log, without redacted ones; the
// generated method calls it.
func LogValue(s Fields) slog.Value {
	attrs := []slog.Attr{slog.String("id", s.bag().ID())}
	for name, value := range All(s) {
		attrs = append(attrs, slog.Any(name, value))
	}
	return slog.GroupValue(attrs...)
}

// Print prints the type's name and the fields, without redacted ones, the
// same for every verb; the generated Format method calls it.
func Print(s Fields, state fmt.State, _ rune) {
	var out bytes.Buffer
	out.WriteString(s.Spec().Name + "{")
	first := true
	for name, value := range All(s) {
		if !first {
			out.WriteByte(' ')
		}
		first = false
		fmt.Fprintf(&out, "%s:%v", name, value)
	}
	out.WriteByte('}')
	_, _ = io.Copy(state, &out)
}
