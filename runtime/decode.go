package runtime

import "fmt"

// decode fills meta and f, whose fields are empty, from a record in the
// runtime's own format. A value that does not fit its field leaves the field
// absent and is told to misfit.
func decode(data []byte, meta *Meta, f Fields, now int64, misfit func(field uint8, err error)) error {
	if err := readHeader(data, meta); err != nil {
		return err
	}
	b, spec := f.bag(), f.Spec()
	r := &b.reader
	*r = Reader{b: data[headerSize:]}
	next := 0 // fields are usually stored in declaration order
	for n := r.mapHeader(); n > 0; n-- {
		entry := r.b
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
				readRest(f, entry[:len(entry)-len(r.b)])
			}
		case b.present.has(i) && name == spec.Fields[i].Name:
			r.skip() // its older name came first and wins: only an older program can have changed it alone
		default:
			readField(f, i, r, misfit)
		}
	}
	if r.err == nil && len(r.b) > 0 {
		readNotes(f, r, now)
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, r.err)
	}
	r.b = nil
	return nil
}

// readField reads the value of field i, or passes over it if it does not fit.
func readField(f Fields, i uint8, r *Reader, misfit func(uint8, error)) {
	b := f.bag()
	start := r.b
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
	*r = Reader{b: start}
	r.skip()
	b.present.unset(i)
	b.more().misfit.set(i)
	if r.err == nil && misfit != nil {
		misfit(i, err)
	}
}

// readRest reads one entry that the spec does not know into the rest field, if
// there is one and the entry fits it.
func readRest(f Fields, entry []byte) bool {
	rest := f.Spec().rest
	if rest < 0 {
		return false
	}
	r := Reader{b: append([]byte{0x81}, entry...)} // a map of one entry
	f.Read(rest, &r)
	if r.err == nil {
		f.bag().present.set(uint8(rest))
	}
	return r.err == nil
}

// readNotes reads a record's second map: deadlines and index.
func readNotes(f Fields, r *Reader, now int64) {
	b, spec := f.bag(), f.Spec()
	for n := r.mapHeader(); n > 0 && r.err == nil; n-- {
		var note string
		ReadString(r, &note)
		switch note {
		case noteTTL:
			for n := r.mapHeader(); n > 0 && r.err == nil; n-- {
				var name string
				var at int64
				ReadString(r, &name)
				ReadInt(r, &at)
				i, known := spec.byName[name]
				switch {
				case r.err != nil, !known:
				case at <= now:
					f.Read(int(i), &Reader{})
					b.present.unset(i)
				default:
					b.setDeadline(i, at)
				}
			}
		case noteIndex:
			for n := r.arrayHeader(); n > 0 && r.err == nil; n-- {
				var name string
				ReadString(r, &name)
				if i, known := spec.byName[name]; known && !spec.index.has(i) {
					b.more().indexed.set(i)
					b.more().unknown = true
				}
			}
		default:
			r.fail(fmt.Errorf("unknown note %q", note))
		}
	}
}

// lookup returns the field of a wire name; next is where to look first.
func (s *Spec) lookup(name string, next *int) (uint8, bool) {
	if *next < len(s.Fields) && s.Fields[*next].Name == name && *next != s.rest {
		*next++
		return uint8(*next - 1), true
	}
	i, ok := s.byName[name]
	if ok {
		*next = int(i) + 1
	}
	return i, ok
}

// notes are what a record's second map says, by wire name.
type notes struct {
	ttl   map[string]int64
	index map[string]bool
}

// parseNotes reads the second map of a record whose first map ends before rest.
func parseNotes(rest []byte) notes {
	var n notes
	r := Reader{b: rest}
	if len(rest) == 0 {
		return n
	}
	for k := r.mapHeader(); k > 0 && r.err == nil; k-- {
		var note string
		ReadString(&r, &note)
		switch note {
		case noteTTL:
			ReadMap(&r, &n.ttl, ReadString, ReadInt)
		case noteIndex:
			var names []string
			ReadSlice(&r, &names, ReadString)
			n.index = make(map[string]bool, len(names))
			for _, name := range names {
				n.index[name] = true
			}
		default:
			r.skip()
		}
	}
	return n
}
