package runtime

import (
	"fmt"
	"time"
)

// ReadRecord fills m and f, the fields of a new session, from a record, for
// programs that read a store themselves, such as an export. A field that had
// lapsed at now is absent, and so is one whose value does not fit its type. It
// returns [ErrCorrupt] or [ErrNewerFormat] for a record that can't be read.
func ReadRecord(data []byte, m *Meta, f Fields, now time.Time) error {
	return decode(data, m, f, now.UnixMilli(), nil)
}

// decode fills meta and f, whose fields are empty, from a record in the
// runtime's own format. A value that does not fit its field leaves the field
// absent and is told to misfit.
func decode(data []byte, meta *Meta, f Fields, now int64, misfit func(field uint8, err error)) error {
	if err := readHeader(data, meta); err != nil {
		return err
	}
	b, spec := f.bag(), f.Spec()
	r := &b.reader
	*r = Reader{data: data, at: headerSize}
	next := 0 // fields are usually stored in declaration order
	var names renamed
	var unknown [][]byte // entries for the rest field
	for n := r.mapHeader(); n > 0; n-- {
		if spec.begins(r, next) {
			next++
			readField(f, uint8(next-1), r, misfit)
			continue
		}
		entry := r.at
		var name string
		ReadString(r, &name)
		if r.err != nil {
			break
		}
		i, known := spec.lookup(name, &next)
		switch {
		case !known:
			r.skip()
			if r.err == nil && !spec.dropped[name] {
				b.more().unknown = true
				if spec.rest >= 0 {
					unknown = append(unknown, data[entry:r.at])
				}
			}
		case len(spec.Fields[i].Was) == 0:
			readField(f, i, r, misfit)
		case names.older.has(i) && name == spec.Fields[i].Name:
			start := r.at
			r.skip() // the older name wins, unless the notes say otherwise
			names.note(i, data[start:r.at])
		default:
			start := r.at
			readField(f, i, r, misfit)
			if name != spec.Fields[i].Name {
				names.older.set(i)
			} else {
				names.note(i, data[start:r.at])
			}
		}
	}
	if r.err == nil {
		said, err := parseNotes(r.rest())
		r.fail(err)
		names.settle(f, said, misfit)
		said.apply(f, names.older, now)
		for _, entry := range unknown {
			if at, lapses := said.ttl[entryName(entry)]; !lapses || at > now {
				readRest(f, entry)
			}
		}
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, r.err)
	}
	r.data, r.at = nil, 0
	return nil
}

// entryName returns the name that an entry begins with.
func entryName(entry []byte) (name string) {
	ReadString(&Reader{data: entry}, &name)
	return name
}

// readField reads the value of field i, or passes over it if it does not fit.
func readField(f Fields, i uint8, r *Reader, misfit func(uint8, error)) {
	b := f.bag()
	start := r.at
	f.Read(int(i), r)
	if r.err == nil {
		b.present.set(i)
		if r.partial {
			r.partial = false
			b.more().partial.set(i)
		}
		return
	}
	err := r.err
	r.at, r.err, r.partial = start, nil, false
	r.skip()
	b.present.unset(i)
	b.more().misfit.set(i)
	if r.err == nil && misfit != nil {
		misfit(i, err)
	}
}

// readRest reads one entry that the spec does not know into the rest field, if
// the entry fits it.
func readRest(f Fields, entry []byte) bool {
	rest := f.Spec().rest
	r := Reader{data: append([]byte{0x81}, entry...)} // a map of one entry
	f.Read(rest, &r)
	if r.err == nil {
		f.bag().present.set(uint8(rest))
	}
	return r.err == nil
}

// begins tells whether r is at the name of field i, as AppendAll writes it, and
// passes over it then. Nearly every entry is found so, without reading a name.
func (s *Spec) begins(r *Reader, i int) bool {
	if i >= len(s.encoded) {
		return false
	}
	name, b := s.encoded[i], r.rest()
	if len(b) < len(name) || string(b[:len(name)]) != name {
		return false
	}
	r.at += len(name)
	return true
}

// lookup returns the field of a wire name; next becomes where the one behind it
// is expected.
func (s *Spec) lookup(name string, next *int) (uint8, bool) {
	i, ok := s.byName[name]
	if ok {
		*next = int(i) + 1
	}
	return i, ok
}

// notes are what a record's second map says, by wire name.
type notes struct {
	ttl   map[string]int64 // when the field lapses
	index map[string]bool  // sessions are found by the field
	pairs map[string]bool  // the field was written under its older names too
}

func (n notes) empty() bool { return len(n.ttl)+len(n.index)+len(n.pairs) == 0 }

// parseNotes reads the second map of a record, which begins where the first ends.
func parseNotes(behind []byte) (n notes, err error) {
	if len(behind) == 0 {
		return n, nil
	}
	r := Reader{data: behind}
	names := func() map[string]bool {
		var list []string
		ReadSlice(&r, &list, ReadString)
		set := make(map[string]bool, len(list))
		for _, name := range list {
			set[name] = true
		}
		return set
	}
	for k := r.mapHeader(); k > 0 && r.err == nil; k-- {
		var note string
		ReadString(&r, &note)
		switch note {
		case noteTTL:
			ReadMap(&r, &n.ttl, ReadString, ReadInt)
		case noteIndex:
			n.index = names()
		case notePairs:
			n.pairs = names()
		default:
			r.fail(fmt.Errorf("unknown note %q", note))
		}
	}
	return n, r.err
}

// empty makes field i absent.
func empty(f Fields, i uint8) {
	f.Read(int(i), &Reader{})
	f.bag().present.unset(i)
}

// apply makes f's fields what the notes say of them; older are those whose
// value came under an older name.
func (n notes) apply(f Fields, older bits, now int64) {
	b, spec := f.bag(), f.Spec()
	if b.present.meets(&spec.index) {
		for i := range b.present.and(spec.index).all() {
			if !n.index[spec.Fields[i].Name] {
				b.more().bare = true
			}
		}
	}
	if n.empty() {
		return
	}
	for name, at := range n.ttl {
		i, known := spec.byName[name]
		switch {
		case !known, older.has(i) == (name == spec.Fields[i].Name):
			// The deadline is that of the name whose value was read.
		case at <= now:
			empty(f, i)
		default:
			b.setDeadline(i, at)
		}
	}
	for name := range n.index {
		if i, known := spec.byName[name]; known && !spec.index.has(i) {
			b.more().indexed.set(i)
			b.more().unknown = true
		}
	}
}
