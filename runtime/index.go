package runtime

import (
	"crypto/sha256"
	"maps"
	"slices"
)

// indexEntry hashes a field's stored value, so that an index holds neither
// values nor keys of any length.
func indexEntry(name string, value []byte) IndexEntry {
	h := sha256.New()
	h.Write([]byte("sessiongen index\x00"))
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(value)
	e := IndexEntry{Field: name}
	h.Sum(e.Sum[:0])
	return e
}

// indexOf returns the entries of a stored session: from the record itself where
// it is ours. It is never nil.
func (m *manager) indexOf(data []byte, f Fields) []IndexEntry {
	if m.parts.Format == nil {
		return RecordIndex(data)
	}
	index := []IndexEntry{}
	for i := range f.Spec().index.all() {
		if f.bag().present.has(i) {
			for _, name := range f.Spec().names(i) {
				index = append(index, indexEntry(name, f.Append(int(i), nil)))
			}
		}
	}
	return index
}

// RecordIndex returns the index entries of a record's bytes, for stores that keep
// nothing beside the bytes and must renew what their index has of a record. The
// record names its indexed fields itself, so that a program keeps the entries of
// another one whose fields it does not know. The result is never nil; it is empty
// for a tombstone and for what is no record.
func RecordIndex(data []byte) []IndexEntry {
	index := []IndexEntry{}
	if len(data) <= headerSize || data[0] != recordVersion {
		return index
	}
	values := map[string][]byte{}
	rest, err := entries(data[headerSize:], func(name string, raw []byte) error {
		values[name] = raw
		return nil
	})
	if err != nil {
		return index
	}
	said, err := parseNotes(rest)
	if err != nil {
		return index
	}
	for _, name := range slices.Sorted(maps.Keys(said.index)) {
		if raw, ok := values[name]; ok {
			index = append(index, indexEntry(name, raw))
		}
	}
	return index
}

// indexed are the fields that this program or another one keeps an index of.
func indexed(f Fields) bits {
	fields := f.Spec().index
	if x := f.bag().extra; x != nil {
		fields = fields.or(x.indexed)
	}
	return fields
}

// reindexes tells whether a write that changes dirty fields may change the
// index: a rest field may hold what another program has an index of, and the
// last writer may have known no index of a field.
func reindexes(f Fields, dirty bits) bool {
	rest, x := f.Spec().rest, f.bag().extra
	return x != nil && x.bare || dirty.meets(new(indexed(f))) || rest >= 0 && dirty.has(uint8(rest))
}
