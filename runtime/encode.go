package runtime

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/tinylib/msgp/msgp"
)

// ErrRestKey: a key of a rest field's map is the wire name of another field.
var ErrRestKey = errors.New("key of a rest field is the wire name of another field")

var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// AppendRecord appends to dst the record of m and f, as a manager stores it, for
// programs that write a store themselves, such as an import of sessions. It
// returns the error of a value that can't be stored.
func AppendRecord(dst []byte, m *Meta, f Fields) ([]byte, error) {
	return appendRecord(dst, nil, m, f, bits{}, 0)
}

// encode returns a new record of meta and f in the runtime's own format. base
// is the record that f was loaded from, nil for none: what it holds and f does
// not know is carried over, but for what dirty fields replace.
func encode(base []byte, meta *Meta, f Fields, dirty bits, now int64) ([]byte, error) {
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	out, err := appendRecord((*buf)[:0], base, meta, f, dirty, now)
	if err != nil {
		return nil, err
	}
	*buf = out
	return slices.Clone(out), nil
}

// appendRecord appends to out what encode returns.
func appendRecord(out, base []byte, meta *Meta, f Fields, dirty bits, now int64) (_ []byte, err error) {
	defer caught(&err)
	b, x := f.bag(), f.bag().extra
	out = appendHeader(out, meta)
	if (x == nil || !x.unknown && x.misfit.empty() && x.partial.empty()) && !f.Spec().special {
		out = msgp.AppendMapHeader(out, uint32(b.present.count()))
		out = f.AppendAll(out)
		if x == nil && !b.present.meets(&f.Spec().index) {
			return out, nil // nothing to note
		}
		return appendNotes(out, f, notes{}), nil
	}
	var c carrier
	if err := c.collect(base, f, dirty, now); err != nil {
		return nil, err
	}
	present := b.present
	b.present = present.without(c.skip)
	out = msgp.AppendMapHeader(out, uint32(b.present.count()+c.n))
	out = f.AppendAll(out)
	b.present = present
	out = append(out, c.raw...)
	return appendNotes(out, f, c.kept), nil
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
		if err := c.carry(base, f, x, dirty, restKeys, now); err != nil {
			return err
		}
	}
	for i := range spec.Fields {
		if was := spec.Fields[i].Was; len(was) > 0 && b.present.has(uint8(i)) && !c.skip.has(uint8(i)) {
			value := f.Append(i, nil)
			for _, old := range was {
				c.add(old, value)
			}
			note(&c.kept.pairs, spec.Fields[i].Name, true)
		}
	}
	return nil
}

// carry gathers the entries of base that f does not know or can't read.
func (c *carrier) carry(base []byte, f Fields, x extra, dirty bits, restKeys map[string]bool, now int64) error {
	b, spec := f.bag(), f.Spec()
	// The notes stand behind the entries, so that the entries are read twice.
	behind, err := entries(base[headerSize:], func(string, []byte) error { return nil })
	if err != nil {
		return err
	}
	said, err := parseNotes(behind)
	if err != nil {
		return err
	}
	dropped := false
	_, err = entries(base[headerSize:], func(name string, raw []byte) error {
		dropped = dropped || spec.dropped[name]
		i, known := spec.byName[name]
		at, lapses := said.ttl[name]
		live := !lapses || at > now
		own := known && b.present.has(i) // its notes are the field's
		switch {
		case known && x.partial.has(i) && b.present.has(i) && !dirty.has(i):
			c.skip.set(i)
			c.add(name, raw)
		case known && x.misfit.has(i) && !b.present.has(i) && !b.changed.has(i) && !b.added.has(i):
			c.add(name, raw)
		case known, spec.dropped[name], !live && !restKeys[name]:
			return nil
		case restKeys[name]: // the rest field's entry stands for it
		case spec.rest >= 0 && readRest(f.Fresh(), append(msgp.AppendString(nil, name), raw...)):
			return nil // it was read into the rest field, and is gone if it is not there now
		default:
			c.add(name, raw)
		}
		if lapses && live && !own {
			note(&c.kept.ttl, name, at)
		}
		if said.index[name] && !(own && spec.index.has(i)) {
			note(&c.kept.index, name, true)
		}
		if said.pairs[name] && !known {
			note(&c.kept.pairs, name, true)
		}
		return nil
	})
	c.keepPairs(f, said, dirty, dropped)
	return err
}

func note[V any](m *map[string]V, name string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[name] = value
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

// appendNotes appends a record's second map if there is anything to say: what
// f's fields need, and what kept says of entries that were carried over.
func appendNotes(out []byte, f Fields, kept notes) []byte {
	b, spec := f.bag(), f.Spec()
	index := b.present.and(indexed(f))
	for i := range index.all() {
		for _, name := range spec.names(i) {
			note(&kept.index, name, true)
		}
	}
	if b.extra != nil {
		for i, at := range b.extra.deadlines {
			if b.present.has(i) {
				for _, name := range spec.names(i) {
					note(&kept.ttl, name, at)
				}
			}
		}
	}
	n := uint32(0)
	for _, size := range []int{len(kept.ttl), len(kept.index), len(kept.pairs)} {
		if size > 0 {
			n++
		}
	}
	if n == 0 {
		return out
	}
	out = msgp.AppendMapHeader(out, n)
	if len(kept.ttl) > 0 {
		out = AppendMap(msgp.AppendString(out, noteTTL), kept.ttl, AppendString, AppendInt)
	}
	out = appendNames(out, noteIndex, kept.index)
	return appendNames(out, notePairs, kept.pairs)
}

func appendNames(out []byte, key string, names map[string]bool) []byte {
	if len(names) == 0 {
		return out
	}
	return AppendSlice(msgp.AppendString(out, key), slices.Sorted(maps.Keys(names)), AppendString)
}

// names are the wire names under which field i is written.
func (s *Spec) names(i uint8) []string {
	return append([]string{s.Fields[i].Name}, s.Fields[i].Was...)
}
