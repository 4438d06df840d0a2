package parse

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTag(t *testing.T) {
	for _, c := range []struct {
		tag  string
		want fieldTag
		err  string
	}{
		{tag: ``},
		{tag: `json:"x" xml:"y"`},
		{tag: `session:""`, want: fieldTag{Present: true, NameOff: 9}},
		{tag: `session:"-"`, want: fieldTag{Present: true, Skip: true, NameOff: 9}},
		{tag: `session:"user_id"`, want: fieldTag{Present: true, Name: "user_id", NameOff: 9}},
		{tag: `json:"x"  session:"a b"`, want: fieldTag{Present: true, Name: "a b", NameOff: 19}},
		{tag: `session:"größe,index"`, want: fieldTag{Present: true, Name: "größe", NameOff: 9, Options: []tagOption{{Name: "index", Off: 17}}}},
		{tag: `session:",default=a=b,was=x"`, want: fieldTag{Present: true, NameOff: 9, Options: []tagOption{
			{Name: "default", Value: "a=b", HasValue: true, Off: 10}, {Name: "was", Value: "x", HasValue: true, Off: 22}}}},
		{tag: `session:",default='a,b''c',redact"`, want: fieldTag{Present: true, NameOff: 9, Options: []tagOption{
			{Name: "default", Value: "a,b'c", HasValue: true, Off: 10}, {Name: "redact", Off: 27}}}},
		{tag: `session:",default=''"`, want: fieldTag{Present: true, NameOff: 9, Options: []tagOption{{Name: "default", HasValue: true, Off: 10}}}},
		{tag: `session:",default=it's"`, want: fieldTag{Present: true, NameOff: 9, Options: []tagOption{{Name: "default", Value: "it's", HasValue: true, Off: 10}}}},
		{tag: `session:",default=\"x\""`, want: fieldTag{Present: true, NameOff: 9, Options: []tagOption{{Name: "default", Value: `"x"`, HasValue: true, Off: 9}}}},

		{tag: `session:"index,"`, want: fieldTag{Present: true, Name: "index", NameOff: 9}},
		{tag: `session:"Flash,"`, want: fieldTag{Present: true, Name: "Flash", NameOff: 9}},

		{tag: `session`, err: `write session:"session"`},
		{tag: `user_id,index`, err: `write session:"user_id,index"`},
		{tag: `session:x`, err: "no quotes"},
		{tag: `session: "x"`, err: "no space may follow"},
		{tag: `session:"x`, err: "no closing quote"},
		{tag: `session:"x"json:"y"`, err: "a space is missing"},
		{tag: `:"x"`, err: "a key is missing"},
		{tag: `session:"\q"`, err: "no Go string"},
		{tag: "session:\"x\"\tjson:\"y\"", err: "a space is missing"},
		{tag: `Session:"x"`, err: "did you mean session"},
		{tag: `sessions:"x"`, err: "did you mean session"},
		{tag: `sesion:"x"`, err: "did you mean session"},
		{tag: `version:"x"`},
		{tag: `session:"x" session:"y"`, err: "twice"},
		{tag: `session:"-,"`, err: "left out"},
		{tag: `session:"x,"`, err: "an option is missing"},
		{tag: `session:","`, err: "an option is missing"},
		{tag: `session:",,index"`, err: "an option is missing"},
		{tag: `session:", index"`, err: "space around"},
		{tag: `session:"index"`, err: `write session:",index"`},
		{tag: `session:"INDEX"`, err: `write session:",index"`},
		{tag: `session:"redact,index"`, err: `write session:",redact"`},
		{tag: `session:"ttl=5m"`, err: `write session:",ttl=5m"`},
		{tag: `session:" x"`, err: "space at an end"},
		{tag: `session:"a\x00"`, err: "control character"},
		{tag: `session:"a\xff"`, err: "not valid UTF-8"},
		{tag: `session:"` + strings.Repeat("a", 65) + `"`, err: "longer than 64 bytes"},
		{tag: `session:",default='x"`, err: "no closing quote"},
		{tag: `session:",default='x'y"`, err: "after its closing quote"},
	} {
		got, errs := parseTag(c.tag)
		switch {
		case (len(errs) > 0) != (c.err != ""):
			t.Errorf("%s: errors %v", c.tag, errs)
		case c.err != "" && !strings.Contains(errs[0].msg, c.err):
			t.Errorf("%s: %s; want %s", c.tag, errs[0].msg, c.err)
		case c.err == "":
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", c.tag, diff)
			}
		}
	}
}

// What is accepted is what reflect sees, every byte of it stands in the result,
// and offsets say where.
func FuzzTag(f *testing.F) {
	for _, s := range []string{
		`session:"user_id,principal" json:"x"`, `session:",default='a,b',was=c"`, `session:"-"`, `session: "x"`,
		`session:"x`, `sessions:"x"`, `session:",ttl=1d12h,redact"`, `session:"\u00e9,,"`, "session:\"a\xf4,\"", `session:",default=''''"`, "session:\"\\\"\"",
		`json:"session:\"x\"" session:"größe,default=it's,was=a"`, `session:",default='',redact,was=''"`, `session:",default=\"a\",flash"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		got, errs := parseTag(tag)
		_, more := checkOptions(got)
		for _, err := range append(errs, more...) {
			if err.msg == "" || err.off < 0 || err.off > len(tag) {
				t.Fatalf("%q: %+v", tag, err)
			}
		}
		for _, err := range more {
			if !slices.ContainsFunc(got.Options, func(o tagOption) bool { return o.Off == err.off }) {
				t.Fatalf("%q: %q at %d, where no option is", tag, err.msg, err.off)
			}
		}
		if len(errs) > 0 {
			return
		}
		value, ok := reflect.StructTag(tag).Lookup(tagKey)
		if ok != got.Present {
			t.Fatalf("%q: reflect says %v", tag, ok)
		}
		if !ok || got.Skip {
			if ok && value != "-" || !reflect.DeepEqual(got, fieldTag{Present: ok, Skip: ok, NameOff: got.NameOff}) {
				t.Fatalf("%q: %+v", tag, got)
			}
			return
		}
		if !strings.HasSuffix(tag[:got.NameOff], `session:"`) {
			t.Fatalf("%q: the value does not begin at %d", tag, got.NameOff)
		}
		verbatim := strings.HasPrefix(tag[got.NameOff:], value+`"`)
		rest, ok := strings.CutPrefix(value, got.Name)
		for _, o := range got.Options {
			off := got.NameOff
			if verbatim {
				off += len(value) - len(rest) + len(",")
			}
			if o.Off != off {
				t.Fatalf("%q: option %s at %d, want %d", tag, o.Name, o.Off, off)
			}
			if rest, ok = cutOptionAsWritten(rest, o); !ok {
				break
			}
		}
		if !ok || rest != "" {
			t.Fatalf("%q: %q is not in %+v", tag, rest, got)
		}
	})
}

// cutOptionAsWritten cuts a comma and an option, in quotes or without, from the
// text of a tag.
func cutOptionAsWritten(text string, o tagOption) (rest string, ok bool) {
	spellings := []string{"," + o.Name}
	if o.HasValue {
		spellings = []string{"," + o.Name + "=" + o.Value, "," + o.Name + "='" + strings.ReplaceAll(o.Value, "'", "''") + "'"}
	}
	for _, s := range spellings {
		if rest, ok := strings.CutPrefix(text, s); ok && (rest == "" || rest[0] == ',') {
			return rest, true
		}
	}
	return text, false
}
