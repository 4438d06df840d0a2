package runtime

import (
	"time"

	"github.com/tinylib/msgp/msgp"
)

// Fields is how the runtime reaches the fields of a generated session. The
// generator implements it on an unexported type over the session's struct;
// nobody else can, since part of it comes from the embedded Bag.
type Fields interface {
	// Spec describes the fields.
	Spec() *Spec
	// Fresh returns the fields of a new, empty session.
	Fresh() Fields
	// AppendAll appends wire name and value of every field that is present, in
	// declaration order, except a rest field.
	AppendAll(b []byte) []byte
	// Append appends the value of field i.
	Append(i int, b []byte) []byte
	// Read reads the value of field i; on failure the field is its type's zero
	// value. A rest field reads a map and keeps its other entries.
	Read(i int, r *Reader)
	// Pointer returns a pointer to field i; an absent field with a default is
	// given its default first.
	Pointer(i int) any
	// Merge makes the receiver's field i, theirs, what it is after the change
	// from base to mine. It is called for numbers and maps of numbers.
	Merge(i int, base, mine Fields)

	bag() *Bag
}

// Typed is what every generated session implements, beside its accessors.
type Typed interface{ SessionFields() Fields }

// Merge says how parallel changes of a field are combined.
type Merge uint8

const (
	// MergeWhole: the later commit wins.
	MergeWhole Merge = iota
	// MergeNumber: adds sum up.
	MergeNumber
	// MergeSlice: appends all arrive.
	MergeSlice
	// MergeMap: puts and deletes merge by key.
	MergeMap
	// MergeCounts is MergeMap for numbers: adds under a key sum up.
	MergeCounts
)

// Field describes one field of a spec.
type Field struct {
	Name      string        // wire name
	Was       []string      // older wire names
	Merge     Merge         // how parallel changes are combined
	Index     bool          // sessions can be found by the value
	Principal bool          // an index whose change gives the session a new id
	Flash     bool          // reading removes it
	Redact    bool          // never printed
	Rest      bool          // a map of every wire name that the spec does not know
	TTL       time.Duration // lapses so long after it was set; 0 never
}

// Spec describes a generated session.
type Spec struct {
	Name   string   // the generated type, such as "shop.Session"
	Fields []Field  // in declaration order
	Drop   []string // wire names removed from stored sessions

	encoded   []string         // wire names of fields that have no other, as AppendAll writes them
	byName    map[string]uint8 // wire names, older ones too
	dropped   map[string]bool
	rest      int  // the rest field, -1 for none
	special   bool // some field is not written as AppendAll writes it
	renamed   bits // fields that have older names
	index     bits // fields that are an index
	principal bits
}

// neverName begins no value: MessagePack leaves the byte unused.
const neverName = "\xc1"

// NewSpec returns the description of a generated session; generated code calls it once.
func NewSpec(name string, fields []Field, drop ...string) *Spec {
	s := &Spec{Name: name, Fields: fields, Drop: drop, byName: map[string]uint8{}, dropped: map[string]bool{}, rest: -1,
		encoded: make([]string, len(fields))}
	for i := range fields {
		f := &fields[i]
		s.special = s.special || f.Rest || len(f.Was) > 0
		if f.Rest {
			s.rest, s.encoded[i] = i, neverName
			continue
		}
		if s.encoded[i] = neverName; len(f.Was) == 0 {
			s.encoded[i] = string(msgp.AppendString(nil, f.Name))
		}
		s.byName[f.Name] = uint8(i)
		if len(f.Was) > 0 {
			s.renamed.set(uint8(i))
		}
		for _, old := range f.Was {
			s.byName[old] = uint8(i)
		}
		if f.Index || f.Principal {
			s.index.set(uint8(i))
		}
		if f.Principal {
			s.principal.set(uint8(i))
		}
	}
	for _, name := range drop {
		s.dropped[name] = true
	}
	return s
}
