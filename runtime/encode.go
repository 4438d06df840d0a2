package runtime

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tinylib/msgp/msgp"
)

// ErrRestKey: a key of a rest field's map is the wire name of another field.
var ErrRestKey = errors.New("key of a rest field is the wire name of another field")

var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// encode returns a new record of meta and f in the runtime's own format. base
// is the record that f was loaded from, nil for none: what it holds and f does
// not know is carried over, but for what dirty fields replace.
func encode(base []byte, meta *Meta, f Fields, dirty bits, now int64) (data []byte, err error) {
	defer caught(&err)
	buf := scratch.Get().(*[]byte)
	defer func() { scratch.Put(buf) }()
	b, x := f.bag(), f.bag().extra
	out := appendHeader((*buf)[:0], meta)
	if (x == nil || !x.unknown && x.misfit.empty() && x.partial.empty()) && !f.Spec().special {
		out = msgp.AppendMapHeader(out, uint32(b.present.count()))
		out = f.AppendAll(out)
		out = appendNotes(out, f, nil)
	} else {
		var c carrier
		if err := c.collect(base, f, dirty, now); err != nil {
			return nil, err
		}
		out = msgp.AppendMapHeader(out, uint32(b.present.without(c.skip).count()+c.n))
		present := b.present
		b.present = present.without(c.skip)
		out = f.AppendAll(out)
		b.present = present
		out = append(out, c.raw...)
		out = appendNotes(out, f, &c)
	}
	*buf = out
	return slices.Clone(out), nil
}

// caught turns the panic of an append function into err. It is deferred.
func caught(err *error) {
	switch e := recover().(type) {
	case nil:
	case encodeError:
		*err = e.err
	default:
		panic(e)
	}
}

// catch calls f, which uses append functions, and returns their error.
func catch(f func()) (err error) {
	defer caught(&err)
	f()
	return nil
}

// carrier gathers a record's entries that are not plain fields.
type carrier struct {
	raw  []byte // name and value after each other
	n    int    // how many
	skip bits   // present fields that are in raw, or nowhere
	kept notes  // what the base says of entries that are carried over
}

func (c *carrier) add(name string, value []byte) {
	c.raw = append(msgp.AppendString(c.raw, name), value...)
	c.n++
}

// collect gathers what base holds and f does not know, the older names of
// fields and the entries of a rest field.
func (c *carrier) collect(base []byte, f Fields, dirty bits, now int64) error {
	b, spec := f.bag(), f.Spec()
	var x extra
	if b.extra != nil {
		x = *b.extra
	}
	restKeys, err := c.addRest(f)
	if err != nil {
		return err
	}
	if len(base) > headerSize && (x.unknown || !x.misfit.empty() || !x.partial.empty()) {
		// The notes stand behind the entries, so that the entries are read twice.
		behind, err := entries(base[headerSize:], func(string, []byte) error { return nil })
		if err != nil {
			return err
		}
		was := parseNotes(behind)
		_, err = entries(base[headerSize:], func(name string, raw []byte) error {
			i, known := spec.byName[name]
			at, lapses := was.ttl[name]
			switch {
			case known && x.partial.has(i) && b.present.has(i) && !dirty.has(i):
				c.skip.set(i)
			case known && x.misfit.has(i) && !b.present.has(i) && !b.changed.has(i) && !b.added.has(i):
			case known, spec.dropped[name], restKeys[name], lapses && at <= now:
				return nil
			case spec.rest >= 0 && readRest(f.Fresh(), append(msgp.AppendString(nil, name), raw...)):
				return nil // it was read into the rest field, and is gone if it is not there now
			}
			c.add(name, raw)
			if lapses && !(known && b.present.has(i)) {
				c.note(&c.kept.ttl, name, at)
			}
			if was.index[name] && !(known && spec.index.has(i)) {
				if c.kept.index == nil {
					c.kept.index = map[string]bool{}
				}
				c.kept.index[name] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range spec.Fields {
		if was := spec.Fields[i].Was; len(was) > 0 && b.present.has(uint8(i)) && !c.skip.has(uint8(i)) {
			value := f.Append(i, nil)
			for _, old := range was {
				c.add(old, value)
			}
		}
	}
	return nil
}

func (c *carrier) note(m *map[string]int64, name string, at int64) {
	if *m == nil {
		*m = map[string]int64{}
	}
	(*m)[name] = at
}

// addRest gathers the entries of f's rest field, if it has one, and returns their keys.
func (c *carrier) addRest(f Fields) (map[string]bool, error) {
	spec := f.Spec()
	if spec.rest < 0 || !f.bag().present.has(uint8(spec.rest)) {
		return nil, nil
	}
	c.skip.set(uint8(spec.rest))
	all := f.Append(spec.rest, nil)
	if len(all) == 1 && all[0] == mnil {
		return nil, nil
	}
	keys := map[string]bool{}
	_, err := entries(all, func(name string, raw []byte) error {
		if _, known := spec.byName[name]; known || spec.dropped[name] {
			return fmt.Errorf("field %s: %w: %q: use the accessor of that field", spec.Fields[spec.rest].Name, ErrRestKey, name)
		}
		keys[name] = true
		c.add(name, raw)
		return nil
	})
	return keys, err
}

// appendNotes appends a record's second map if there is anything to say.
func appendNotes(out []byte, f Fields, c *carrier) []byte {
	b, spec := f.bag(), f.Spec()
	index := b.present.and(spec.index)
	if b.extra != nil {
		index = index.or(b.present.and(b.extra.indexed))
	}
	var ttl map[uint8]int64
	if b.extra != nil {
		ttl = b.extra.deadlines
	}
	var kept notes
	if c != nil {
		kept = c.kept
	}
	var names []string
	for i := range index.all() {
		names = append(names, spec.names(i)...)
	}
	for name := range kept.index {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	at := map[string]int64(nil)
	for i, when := range ttl {
		if b.present.has(i) {
			for _, name := range spec.names(i) {
				if at == nil {
					at = map[string]int64{}
				}
				at[name] = when
			}
		}
	}
	for name, when := range kept.ttl {
		if at == nil {
			at = map[string]int64{}
		}
		at[name] = when
	}
	n := uint32(0)
	if len(at) > 0 {
		n++
	}
	if len(names) > 0 {
		n++
	}
	if n == 0 {
		return out
	}
	out = msgp.AppendMapHeader(out, n)
	if len(at) > 0 {
		out = AppendMap(msgp.AppendString(out, noteTTL), at, AppendString, AppendInt)
	}
	if len(names) > 0 {
		slices.Sort(names)
		out = AppendSlice(msgp.AppendString(out, noteIndex), names, AppendString)
	}
	return out
}

// names are the wire names under which field i is written.
func (s *Spec) names(i uint8) []string {
	return append([]string{s.Fields[i].Name}, s.Fields[i].Was...)
}
