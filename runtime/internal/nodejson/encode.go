package nodejson

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"github.com/sessiongen/sessiongen/runtime"
)

// Encode makes o, what was stored or an empty object, what f is now: fields that
// are set are written, those that are not are removed, and all else stays as it
// is, in its place. Names in reserved are the format's own.
func Encode(o *Object, f runtime.Fields, reserved ...string) error {
	spec := f.Spec()
	ttl := notes(o, ttlName)
	if ttl == nil {
		ttl = new(Object)
	}
	for i, field := range spec.Fields {
		if field.Rest {
			continue
		}
		names := append([]string{field.Name}, field.Was...)
		if runtime.Misfit(f, i) {
			continue
		}
		if !runtime.Present(f, i) {
			for _, name := range names {
				o.Delete(name)
				ttl.Delete(name)
			}
			continue
		}
		var base []byte
		for _, name := range names {
			if text := o.Get(name); text != nil {
				base = text
			}
		}
		value := reflect.ValueOf(f.Pointer(i)).Elem()
		text, err := canonical(nil, value)
		if err == nil && base != nil && !bytes.Equal(text, base) {
			text, err = appendValue(nil, base, value, 0)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", field.Name, err)
		}
		at, lapses := runtime.Lapse(f, i)
		for _, name := range names {
			o.Set(name, text)
			if lapses {
				ttl.Set(name, appendInt(nil, at))
			} else {
				ttl.Delete(name)
			}
		}
	}
	if i := slices.IndexFunc(spec.Fields, func(f runtime.Field) bool { return f.Rest }); i >= 0 {
		if err := encodeRest(o, f, i, reserved); err != nil {
			return fmt.Errorf("field %s: %w", spec.Fields[i].Name, err)
		}
	}
	for _, name := range spec.Drop {
		o.Delete(name)
		ttl.Delete(name)
	}
	return setNotes(o, ttlName, ttl)
}

// encodeRest makes the members that the spec does not know, and that fit its rest
// field, those of the field.
func encodeRest(o *Object, f runtime.Fields, i int, reserved []string) error {
	known := knownNames(f.Spec(), reserved)
	values := reflect.ValueOf(f.Pointer(i)).Elem()
	if !runtime.Present(f, i) {
		values = reflect.Zero(values.Type())
	}
	names := map[string]bool{}
	var sorted []string
	for _, key := range values.MapKeys() {
		if known[key.String()] {
			return fmt.Errorf("%w: %q: use the accessor of that field", runtime.ErrRestKey, key.String())
		}
		names[key.String()] = true
		sorted = append(sorted, key.String())
	}
	slices.Sort(sorted)
	elem := values.Type().Elem()
	o.keep(func(m member) bool {
		return known[m.name] || names[m.name] || !fits(m.text, reflect.New(elem).Elem())
	})
	for _, name := range sorted {
		value := reflect.New(elem).Elem()
		value.Set(values.MapIndex(reflect.ValueOf(name).Convert(values.Type().Key())))
		text, err := appendValue(nil, o.Get(name), value, 0)
		if err != nil {
			return err
		}
		o.Set(name, text)
	}
	return nil
}

// setNotes makes one part of the notes what it is now, and leaves the others.
func setNotes(o *Object, part string, value *Object) error {
	all := new(Object)
	if text := o.Get(NotesName); text != nil && kindOf(text) == '{' {
		all = parseObject(text)
	}
	if value.Len() == 0 {
		all.Delete(part)
	} else {
		text, err := value.Append(nil)
		if err != nil {
			return err
		}
		all.Set(part, text)
	}
	setAll(o, all)
	return nil
}

// setAll makes the notes all, and removes them if there are none.
func setAll(o, all *Object) {
	if all.Len() == 0 {
		o.Delete(NotesName)
		return
	}
	if text, err := all.Append(nil); err == nil { // its names were read or are ours
		o.Set(NotesName, text)
	}
}
