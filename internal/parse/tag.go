package parse

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const tagKey = "session"

// maxWireName bounds a wire name: it is written into every record.
const maxWireName = 64

// fieldTag is what a field's session:"..." says:
//
//	session:"-"                            the field is left out
//	session:"wire_name,option,option=value"
//
// An option's value reaches to the next comma; between single quotes it may
// hold commas, and two single quotes stand for one:
//
//	session:",default='Hello, it''s you'"
//
// A wire name that is an option's, in any case, needs a comma after it:
//
//	session:"index,"
type fieldTag struct {
	Present bool
	Skip    bool
	Name    string // wire name; empty for the default
	NameOff int
	Options []tagOption
}

// tagOption is one option as written. Offsets count from the first byte of
// the whole struct tag.
type tagOption struct {
	Name     string
	Value    string
	HasValue bool
	Off      int
}

// parseTag reads a whole struct tag, as reflect.StructTag sees it: all of it
// must be well-formed, since reflect skips what follows an error in silence.
func parseTag(tag string) (fieldTag, []textError) {
	values, err := splitTag(tag)
	if err != nil {
		return fieldTag{}, []textError{*err}
	}
	var out fieldTag
	for _, v := range values {
		switch {
		case v.key == tagKey && out.Present:
			return out, []textError{*wrong(v.off, `the key %s appears twice; write all options in one session:"..."`, tagKey)}
		case v.key == tagKey:
			var errs []textError
			out, errs = parseTagValue(v.value, v.valueOff)
			if v.escaped {
				// Offsets in the value are not offsets in the tag: point at its beginning.
				for i := range errs {
					errs[i].off = v.valueOff
				}
				for i := range out.Options {
					out.Options[i].Off = v.valueOff
				}
			}
			if errs != nil {
				return out, errs
			}
		case near(v.key, tagKey, 1):
			return out, []textError{*wrong(v.off, "unknown tag key %s; did you mean %s?", v.key, tagKey)}
		}
	}
	return out, nil
}

// tagValue is one key:"value" of a struct tag.
type tagValue struct {
	key, value    string
	off, valueOff int
	escaped       bool // the value is not the text between the quotes
}

// splitTag is the strict form of reflect.StructTag.Lookup for all keys.
func splitTag(tag string) (out []tagValue, err *textError) {
	const way = `a struct tag is key:"value" pairs with a space between them`
	for i := 0; ; {
		for i < len(tag) && tag[i] == ' ' {
			i++
		}
		if i == len(tag) {
			return out, nil
		}
		rest := tag[i:]
		colon := strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || r == ':' || r == '"' || r == 0x7f })
		bare, _, _ := strings.Cut(rest[colon+1:], " ")
		switch {
		case colon < 0 || rest[colon] != ':':
			return nil, wrong(i, "malformed tag %#q: %s; write session:\"%s\"", tag, way, strings.Trim(rest, `":`))
		case colon == 0:
			return nil, wrong(i, "malformed tag %#q: a key is missing before the colon; %s", tag, way)
		case strings.HasPrefix(rest[colon+1:], " "):
			return nil, wrong(i+colon+1, "malformed tag %#q: no space may follow %s:; write %s:%s", tag, rest[:colon], rest[:colon], strings.TrimSpace(rest[colon+1:]))
		case !strings.HasPrefix(rest[colon+1:], `"`):
			return nil, wrong(i+colon+1, "malformed tag %#q: the value of %s has no quotes; write %s:%q", tag, rest[:colon], rest[:colon], bare)
		}
		end := colon + 2
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return nil, wrong(i+colon+1, "malformed tag %#q: the value of %s has no closing quote; %s", tag, rest[:colon], way)
		}
		value, uerr := strconv.Unquote(rest[colon+1 : end+1])
		if uerr != nil {
			return nil, wrong(i+colon+1, "malformed tag %#q: the value of %s is no Go string; %s", tag, rest[:colon], way)
		}
		out = append(out, tagValue{rest[:colon], value, i, i + colon + 2, value != rest[colon+2:end]})
		i += end + 1
		if i < len(tag) && tag[i] != ' ' {
			return nil, wrong(i, "malformed tag %#q: a space is missing after the value of %s, which its second quote ends; %s", tag, rest[:colon], way)
		}
	}
}

// parseTagValue reads the value of the session key, which begins at off.
func parseTagValue(value string, off int) (fieldTag, []textError) {
	tag := fieldTag{Present: true, NameOff: off}
	var errs []textError
	tag.Name, value, _ = cutComma(value)
	rest := value != "" // a comma was cut, so at least one option follows
	off += len(tag.Name)
	if tag.Name == "-" {
		tag.Name, tag.Skip = "", true
		if rest {
			return tag, []textError{*wrong(off, `a field tagged "-" is left out and has no options; write session:"-" alone`)}
		}
		return tag, nil
	}
	msg := ""
	switch option := strings.ToLower(tag.Name); {
	case !isOption(option):
		msg = checkWireName(tag.Name)
	case value == ",": // as encoding/json reads "omitempty,"
		return tag, nil
	default:
		// Taken for a name, a redact or flash would be lost in silence.
		msg = fmt.Sprintf(`%q reads as the option %s, which stands after a comma; write session:",%s", or session:"%s," if it is to be a wire name`, tag.Name, option, option, tag.Name)
	}
	if tag.Name != "" && msg != "" {
		errs = append(errs, *wrong(tag.NameOff, "%s", msg))
		tag.Name = ""
	}
	for value != "" {
		off++ // the comma
		value = value[1:]
		text, more, terr := cutOption(value)
		if terr != "" {
			return tag, append(errs, *wrong(off, "%s", terr))
		}
		if msg := checkOptionText(text); msg != "" {
			errs = append(errs, *wrong(off, "%s", msg))
		} else {
			option := tagOption{Off: off}
			option.Name, option.Value, option.HasValue = strings.Cut(text, "=")
			option.Value = unquote(option.Value)
			tag.Options = append(tag.Options, option)
		}
		off += len(text)
		value = more
	}
	return tag, errs
}

// cutComma splits s before its first comma.
func cutComma(s string) (before, after string, found bool) {
	if i := strings.IndexByte(s, ','); i >= 0 {
		return s[:i], s[i:], true
	}
	return s, "", false
}

// cutOption splits s before the comma that ends its first option.
func cutOption(s string) (option, rest, err string) {
	eq := strings.IndexAny(s, "=,")
	if eq < 0 || s[eq] == ',' || !strings.HasPrefix(s[eq+1:], "'") {
		option, rest, _ = cutComma(s)
		return option, rest, ""
	}
	for i := eq + 2; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		if i+1 < len(s) && s[i+1] != ',' {
			return "", "", "option " + s[:eq] + " has text after its closing quote; write '' for a quote inside it"
		}
		return s[:i+1], s[i+1:], ""
	}
	return "", "", "option " + s[:eq] + " has no closing quote; end the value with ', and write '' for a quote inside it"
}

func unquote(value string) string {
	if len(value) >= 2 && value[0] == '\'' {
		return strings.ReplaceAll(value[1:len(value)-1], "''", "'")
	}
	return value
}

func checkOptionText(text string) string {
	name, _, _ := strings.Cut(text, "=")
	switch {
	case text == "":
		return "an option is missing after a comma; write one, or remove the comma"
	case strings.TrimSpace(name) != name:
		return "option " + strconv.Quote(name) + " has a space around it; remove it"
	}
	return ""
}

// checkWireName says what is wrong with a wire name, or nothing.
func checkWireName(name string) string {
	switch {
	case name == "":
		return "a wire name is missing; write the one that the field was stored under, such as was=old_name"
	case !utf8.ValidString(name):
		return "wire name " + strconv.Quote(name) + " is not valid UTF-8, but records are read by other languages too; write it in UTF-8"
	case len(name) > maxWireName:
		return "wire name " + strconv.Quote(name) + " is longer than " + itoa(maxWireName) + " bytes, and it is part of every record; give the field a shorter one in its tag"
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) }):
		return "wire name " + strconv.Quote(name) + " has a control character, which no one can see; write printable ones"
	case strings.TrimSpace(name) != name:
		return "wire name " + strconv.Quote(name) + " has a space at an end; remove it"
	case strings.Contains(name, "="):
		return "wire name " + strconv.Quote(name) + " has an =, as an option has, which stands after a comma; write session:\"," + name + "\""
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }
