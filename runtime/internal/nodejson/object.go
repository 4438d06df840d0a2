package nodejson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/sessiongen/sessiongen/runtime"
)

// Object is a JSON object whose members keep their order and their text.
type Object struct {
	members []member
	at      map[string]int // of many members; nil for few
}

// member is one name with its value's text, which is never changed.
type member struct {
	name string
	text []byte
}

// fewMembers are found by looking at each.
const fewMembers = 16

// Parse reads an object as JSON.parse does: of a name that is there twice the
// last value counts, and bytes that are not UTF-8 are U+FFFD. What is no object
// is [runtime.ErrCorrupt]. The object refers to text, which must not change.
func Parse(text []byte) (*Object, error) {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("%w: it is not JSON", runtime.ErrCorrupt)
	}
	text = bytes.Trim(text, " \t\r\n")
	if kindOf(text) != '{' {
		return nil, fmt.Errorf("%w: its JSON is not an object", runtime.ErrCorrupt)
	}
	return parseObject(text), nil
}

// parseObject reads the text of an object, known to be valid.
func parseObject(text []byte) *Object {
	o := new(Object)
	eachMember(text, func(name, value []byte) { o.Set(unquote(name), value) })
	return o
}

// find returns where name is, -1 for nowhere.
func (o *Object) find(name string) int {
	if o.at != nil {
		if i, ok := o.at[name]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(o.members, func(m member) bool { return m.name == name })
}

// Get returns the text of name's value, nil for none.
func (o *Object) Get(name string) []byte {
	if o == nil {
		return nil
	}
	if i := o.find(name); i >= 0 {
		return o.members[i].text
	}
	return nil
}

// Set gives name the value with that text, where it stands or else at the end.
func (o *Object) Set(name string, text []byte) {
	if i := o.find(name); i >= 0 {
		o.members[i].text = text
		return
	}
	if o.at != nil {
		o.at[name] = len(o.members)
	} else if len(o.members) == fewMembers {
		o.at = map[string]int{name: fewMembers}
		for i, m := range o.members {
			o.at[m.name] = i
		}
	}
	o.members = append(o.members, member{name, text})
}

// Delete removes name.
func (o *Object) Delete(name string) {
	if i := o.find(name); i >= 0 {
		o.keep(func(m member) bool { return m.name != name })
	}
}

// keep removes the members for which f is false.
func (o *Object) keep(f func(member) bool) {
	o.members = slices.DeleteFunc(o.members, func(m member) bool { return !f(m) })
	if o.at != nil {
		clear(o.at)
		for i, m := range o.members {
			o.at[m.name] = i
		}
	}
}

// Len returns how many members there are.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// Append appends the object's text with its members in the order in which
// JavaScript has them: names that are array indexes first, ascending, the others
// as they were set (ECMA-262, OrdinaryOwnPropertyKeys).
func (o *Object) Append(b []byte) ([]byte, error) {
	members := o.members
	if slices.ContainsFunc(members, func(m member) bool { _, ok := arrayIndex(m.name); return ok }) {
		members = slices.Clone(members)
		slices.SortStableFunc(members, func(a, b member) int {
			i, first := arrayIndex(a.name)
			j, second := arrayIndex(b.name)
			switch {
			case first && second:
				return cmp.Compare(i, j)
			case first:
				return -1
			case second:
				return 1
			}
			return 0
		})
	}
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = AppendString(b, m.name); err != nil {
			return nil, err
		}
		b = append(append(b, ':'), m.text...)
	}
	return append(b, '}'), nil
}

// arrayIndex tells whether name is an array index, 0 to 2^32-2.
func arrayIndex(name string) (int64, bool) {
	if name == "" || len(name) > 10 || name[0] < '0' || name[0] > '9' || name[0] == '0' && name != "0" {
		return 0, false
	}
	n, err := strconv.ParseInt(name, 10, 64)
	return n, err == nil && n < 1<<32-1
}

// eachMember calls f with name and value of every member of an object's text.
func eachMember(text []byte, f func(name, value []byte)) {
	for i := skipSpace(text, 1); text[i] != '}'; {
		end := valueEnd(text, i)
		name := text[i:end]
		i = skipSpace(text, skipSpace(text, end)+1) // past the colon
		end = valueEnd(text, i)
		f(name, text[i:end])
		if i = skipSpace(text, end); text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
}

// eachElement calls f with every element of an array's text.
func eachElement(text []byte, f func(value []byte)) {
	for i := skipSpace(text, 1); text[i] != ']'; {
		end := valueEnd(text, i)
		f(text[i:end])
		if i = skipSpace(text, end); text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
}

func skipSpace(text []byte, i int) int {
	for text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r' {
		i++
	}
	return i
}

// valueEnd returns where the value that begins at i ends.
func valueEnd(text []byte, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
			if depth < 0 { // the end of what a number is in
				return i
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}
