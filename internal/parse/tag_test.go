package parse

import (
	"reflect"
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
		{tag: `session:"x,"`, err: "empty option"},
		{tag: `session:","`, err: "empty option"},
		{tag: `session:",,index"`, err: "empty option"},
		{tag: `session:", index"`, err: "space around"},
		{tag: `session:"index"`, err: `write session:",index"`},
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

// What is accepted is what reflect sees, and offsets point into the tag.
func FuzzTag(f *testing.F) {
	for _, s := range []string{
		`session:"user_id,principal" json:"x"`, `session:",default='a,b',was=c"`, `session:"-"`, `session: "x"`,
		`session:"x`, `sessions:"x"`, `session:",ttl=1d12h,redact"`, `session:"\u00e9,,"`, "session:\"a\xf4,\"", `session:",default=''''"`, "session:\"\\\"\"",
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
		if len(errs) > 0 {
			return
		}
		value, ok := reflect.StructTag(tag).Lookup(tagKey)
		if ok != got.Present {
			t.Fatalf("%q: reflect says %v", tag, ok)
		}
		if name, _, _ := strings.Cut(value, ","); !got.Skip && name != got.Name {
			t.Fatalf("%q: name %q, reflect says %q", tag, got.Name, name)
		}
	})
}
