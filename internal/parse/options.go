package parse

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sessiongen/sessiongen/internal/model"
)

// Which options combine, "-" for those that do not:
//
//	           index  principal  flash  redact  ttl  default  was  retyped  rest
//	index        -        -        -      x      -      -      x      x      -
//	principal             -        -      x      -      -      x      x      -
//	flash                          -      x      -      -      x      x      -
//	redact                                -      x      x      x      x      x
//	ttl                                          -      -      x      x      -
//	default                                             -      x      x      -
//	was                                                        x      x      -
//	retyped                                                           x      x
//
// drop stands alone, on a blank field. The table below is the same as data,
// with the reasons; a test compares the two.

// option is one option of a tag.
type option struct {
	name   string
	value  string // what the value is, such as "a duration"; empty for an option without one
	repeat bool
}

var options = []option{
	{name: "index"},
	{name: "principal"},
	{name: "flash"},
	{name: "redact"},
	{name: "ttl", value: "ttl=15m"},
	{name: "default", value: "default=light"},
	{name: "was", value: "was=old_name", repeat: true},
	{name: "retyped", value: "retyped=int", repeat: true},
	{name: "drop"},
	{name: "rest"},
}

// conflicts are the pairs of options that exclude each other, with the reason and the way out.
var conflicts = []struct{ a, b, why string }{
	{"index", "principal", "a principal is an index already; remove index"},
	{"index", "flash", "a flash value is gone once it was read, too soon to find its session; remove one of them"},
	{"index", "ttl", "an index entry does not lapse with its field; remove one of them"},
	{"index", "default", "sessions can't be found by a value that they do not store; remove one of them"},
	{"index", "rest", "unknown fields can't be found; remove index"},
	{"principal", "flash", "reading the field would log the visitor out; remove one of them"},
	{"principal", "ttl", "a lapsed principal would log the visitor out without a new id; use the idle timeout of the session, or remove one of them"},
	{"principal", "default", "nobody is logged in by default; remove one of them"},
	{"principal", "rest", "unknown fields name nobody; remove principal"},
	{"flash", "ttl", "a flash value goes when it is read; remove one of them"},
	{"flash", "default", "a flash value that was never set would come again and again; remove one of them"},
	{"flash", "rest", "unknown fields belong to another program, which did not say flash; remove flash"},
	{"ttl", "default", "it would not be clear what the getter returns once the time has passed; remove one of them"},
	{"ttl", "rest", "unknown fields carry their own deadlines; remove ttl"},
	{"default", "rest", "an unknown field has no default; remove default"},
	{"was", "rest", "a rest field has no name of its own; remove was"},
}

// meant are words that people, and other libraries' tags, have for an option.
var meant = map[string]string{
	"primary": "principal", "identity": "principal", "login": "principal",
	"unique": "index", "lookup": "index",
	"once": "flash", "oneshot": "flash",
	"secret": "redact", "sensitive": "redact", "private": "redact", "hidden": "redact",
	"exp": "ttl", "expire": "ttl", "expires": "ttl", "expiry": "ttl", "lifetime": "ttl", "maxage": "ttl", "max_age": "ttl", "timeout": "ttl",
	"dflt":  "default",
	"alias": "was", "formerly": "was", "old": "was", "renamed": "was",
	"delete": "drop", "deleted": "drop", "remove": "drop", "removed": "drop",
	"extra": "rest", "inline": "rest", "others": "rest", "remain": "rest",
}

// suggestOption is the way out for an unknown option.
func suggestOption(got string) string {
	if name := meant[strings.ToLower(got)]; name != "" {
		return "did you mean " + name + "?"
	}
	return DidYouMean(got, optionNames())
}

func isOption(name string) bool {
	for _, o := range options {
		if o.name == name {
			return true
		}
	}
	return false
}

func optionNames() []string {
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.name
	}
	return names
}

// settings is what the options of one field add up to.
type settings struct {
	at     map[string]int // offset of each option that is set, the last of a repeated one
	ttl    time.Duration
	deflt  *string
	was    []string
	wasOff []int

	retyped []string
}

func (s settings) has(option string) bool { _, ok := s.at[option]; return ok }

// checkOptions reads the options of a tag by themselves, whatever the field's type.
func checkOptions(tag fieldTag) (settings, []textError) {
	s := settings{at: map[string]int{}}
	var errs []textError
	for _, o := range tag.Options {
		if err := s.set(o); err != nil {
			errs = append(errs, *err)
		}
	}
	if s.has("drop") && len(tag.Options) > 1 {
		errs = append(errs, *wrong(s.at["drop"], "drop stands alone: what is removed has no other option; remove the others"))
		return s, errs
	}
	for _, c := range conflicts {
		if s.has(c.a) && s.has(c.b) {
			errs = append(errs, *wrong(max(s.at[c.a], s.at[c.b]), "options %s and %s do not combine: %s", c.a, c.b, c.why))
		}
	}
	return s, errs
}

func (s *settings) set(o tagOption) *textError {
	var known *option
	for i := range options {
		if options[i].name == o.Name {
			known = &options[i]
		}
	}
	name, value, colon := strings.Cut(o.Name, ":")
	switch {
	case known == nil && colon && isOption(name):
		return wrong(o.Off, "unknown option %s; write %s=%s", o.Name, name, value)
	case o.Name == "omitempty" || o.Name == "omitzero":
		return wrong(o.Off, "unknown option %s: a field that was never set is not stored anyway; remove it", o.Name)
	case known == nil:
		return wrong(o.Off, "unknown option %s; %s", o.Name, suggestOption(o.Name))
	case known.value == "" && o.HasValue:
		return wrong(o.Off, "option %s takes no value; write %s", o.Name, o.Name)
	case known.value != "" && !o.HasValue:
		return wrong(o.Off, "option %s needs a value; write one such as %s", o.Name, known.value)
	case s.has(o.Name) && !known.repeat:
		return wrong(o.Off, "option %s is repeated; write it once", o.Name)
	}
	s.at[o.Name] = o.Off
	switch o.Name {
	case "ttl":
		d, err := parseDuration(o.Value)
		if err != nil {
			return wrong(o.Off, "option ttl: %v", err)
		}
		if d <= 0 {
			return wrong(o.Off, "option ttl: %q is no time to keep a value for; write a positive duration, or remove the option", o.Value)
		}
		if d < time.Millisecond {
			return wrong(o.Off, "option ttl: %q is under a millisecond, to which deadlines are kept; write a longer one", o.Value)
		}
		s.ttl = d
	case "default":
		s.deflt = &o.Value
	case "was":
		if msg := checkWireName(o.Value); msg != "" {
			return wrong(o.Off, "option was: %s", msg)
		}
		s.was = append(s.was, o.Value)
		s.wasOff = append(s.wasOff, o.Off)
	case "retyped":
		if msg := checkWireType(o.Value); msg != "" {
			return wrong(o.Off, "option retyped: %s", msg)
		}
		if slices.Contains(s.retyped, o.Value) {
			return wrong(o.Off, "option retyped: %q is named already; remove one of them", o.Value)
		}
		s.retyped = append(s.retyped, o.Value)
	}
	return nil
}

// checkOptionTypes says which options do not fit the type of their field,
// which is stored as kind and called name.
func checkOptionTypes(s settings, kind model.Kind, name string, comparable, stringKeyed bool) []textError {
	var errs []textError
	for _, option := range []string{"index", "principal"} {
		if s.has(option) && !s.has("rest") && !indexable(kind, comparable) { // with rest it is one error already
			errs = append(errs, *wrong(s.at[option], "option %s does not fit type %s: %s", option, name, whyNoIndex(kind, option)))
		}
	}
	if s.has("rest") && !stringKeyed {
		errs = append(errs, *wrong(s.at["rest"], "option rest does not fit type %s: it holds fields by their wire names; make it a map[string]T", name))
	}
	return errs
}

// indexable tells whether sessions can be found by a value of the kind: it
// has one encoding for one value, and == agrees with it.
func indexable(kind model.Kind, comparable bool) bool {
	switch kind {
	case model.Bool, model.Int, model.Uint, model.String, model.ByteArray:
		return true
	case model.Binary, model.Text:
		return comparable
	}
	return false
}

func whyNoIndex(kind model.Kind, option string) string {
	what := "a session is found by one plain value"
	switch kind {
	case model.Float32, model.Float64:
		what = "equal floats are rarely the same"
	case model.Time:
		what = "nobody looks for the same nanosecond"
	case model.Bytes:
		what = "a slice can be changed in place, behind the index"
	}
	return fmt.Sprintf("%s; use a string, a bool, an integer, a byte array or a comparable marshaler, or remove %s", what, option)
}
