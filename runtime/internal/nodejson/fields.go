package nodejson

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/sessiongen/sessiongen/runtime"
)

// NotesName is the member in which Go programs keep what JSON has no place for:
// {"ttl":{"step_up":1773480414000}} has the instants at which fields lapse, in
// Unix milliseconds. It is there only if there is something to say.
const NotesName = "__sessiongen"

const ttlName = "ttl"

// CheckSpec returns an error that names a field of the spec whose wire name, or
// an older one, is one of reserved or [NotesName].
func CheckSpec(spec *runtime.Spec, reserved ...string) error {
	taken := map[string]bool{NotesName: true}
	for _, name := range reserved {
		taken[name] = true
	}
	check := func(name, field string) error {
		if taken[name] {
			return fmt.Errorf("%s of %s has the wire name %q, which this format needs itself; give it another one in its tag", field, spec.Name, name)
		}
		return nil
	}
	for _, field := range spec.Fields {
		if field.Rest {
			continue
		}
		for _, name := range append([]string{field.Name}, field.Was...) {
			if err := check(name, "field "+field.Name); err != nil {
				return err
			}
		}
	}
	for _, name := range spec.Drop {
		if err := check(name, "a dropped field"); err != nil {
			return err
		}
	}
	return nil
}

// Decode fills f, the fields of a new session, from o. Names in reserved are
// the format's own. A value that does not fit its field leaves it absent, which
// is reported and kept; null leaves a field without pointer, slice or map absent
// in silence. Of a field with older names the oldest that is there counts.
func Decode(o *Object, f runtime.Fields, reserved ...string) {
	spec := f.Spec()
	ttl := notes(o, ttlName)
	for i, field := range spec.Fields {
		if field.Rest {
			decodeRest(o, f, i, reserved)
			continue
		}
		name, text := field.Name, o.Get(field.Name)
		for _, old := range field.Was {
			if older := o.Get(old); older != nil {
				name, text = old, older
			}
		}
		if text == nil {
			continue
		}
		target := reflect.ValueOf(f.Pointer(i)).Elem()
		target.SetZero() // of a default
		if !fits(text, target) {
			reason := ""
			if kindOf(text) != 'n' {
				reason = (&mismatch{kindOf(text), target.Type().String()}).Error()
			}
			runtime.SetMisfit(f, i, reason)
			continue
		}
		runtime.SetPresent(f, i, true)
		if at, ok := instant(ttl, name); ok {
			runtime.SetLapse(f, i, at)
		}
	}
}

// fits reads text into v. A type's own unmarshaler may panic on what it did not
// write, which counts as a value that does not fit.
func fits(text []byte, v reflect.Value) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return readValue(text, v)
}

// decodeRest reads the members that the spec does not know and that fit.
func decodeRest(o *Object, f runtime.Fields, i int, reserved []string) {
	target := reflect.ValueOf(f.Pointer(i)).Elem()
	known := knownNames(f.Spec(), reserved)
	for _, m := range o.members {
		value := reflect.New(target.Type().Elem()).Elem()
		if known[m.name] || !fits(m.text, value) {
			continue
		}
		if target.IsNil() {
			target.Set(reflect.MakeMap(target.Type()))
		}
		target.SetMapIndex(reflect.ValueOf(m.name).Convert(target.Type().Key()), value)
		runtime.SetPresent(f, i, true)
	}
}

// knownNames are those that no rest field may have.
func knownNames(spec *runtime.Spec, reserved []string) map[string]bool {
	key := specNames{spec, strings.Join(reserved, "\x00")}
	if known, ok := knowns.Load(key); ok {
		return known.(map[string]bool)
	}
	known := map[string]bool{NotesName: true}
	for _, name := range reserved {
		known[name] = true
	}
	for _, field := range spec.Fields {
		if !field.Rest {
			known[field.Name] = true
		}
		for _, old := range field.Was {
			known[old] = true
		}
	}
	for _, name := range spec.Drop {
		known[name] = true
	}
	knowns.Store(key, known)
	return known
}

// knowns are the known names of each spec and format: as many as a program has.
var knowns sync.Map // specNames -> map[string]bool, which is never changed

type specNames struct {
	spec     *runtime.Spec
	reserved string
}

// notes returns one part of the notes, nil for none.
func notes(o *Object, part string) *Object {
	all := o.Get(NotesName)
	if all == nil || kindOf(all) != '{' {
		return nil
	}
	text := parseObject(all).Get(part)
	if text == nil || kindOf(text) != '{' {
		return nil
	}
	return parseObject(text)
}

func instant(ttl *Object, name string) (int64, bool) {
	text := ttl.Get(name)
	if text == nil || kindOf(text) != '0' {
		return 0, false
	}
	return readInt(text)
}

// NotedInt returns an integer of the notes, and whether it is there.
func NotedInt(o *Object, name string) (int64, bool) {
	all := o.Get(NotesName)
	if all == nil || kindOf(all) != '{' {
		return 0, false
	}
	return instant(parseObject(all), name)
}

// NoteInt sets an integer of the notes; 0 removes it.
func NoteInt(o *Object, name string, v int64) {
	all := new(Object)
	if text := o.Get(NotesName); text != nil && kindOf(text) == '{' {
		all = parseObject(text)
	}
	if v == 0 {
		all.Delete(name)
	} else {
		all.Set(name, appendInt(nil, v))
	}
	setAll(o, all)
}
