package movestore

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// A mark is what stands in a store in place of a record that is being moved or
// has been. It begins like a record, for stores that read the stamp or write
// the expiry there, but with a version that no record has.
//
//	0   1  0xff
//	1   8  the mark's stamp
//	9  6   the mark's expiry in Unix milliseconds, 0 for never
//	15 17  zero
//	32 16  magic
//	48  1  kind
//	49  8  the stamp of the record that is moved; not in a claim
//	57  8  of what is staged: the record's expiry in Unix milliseconds, 0 for never
//	65  -  of what is staged: the record's data
const (
	headerSize = 32
	magic      = "\xc1sessiongen move"
	offKind    = headerSize + len(magic)
	offStamp   = offKind + 1
	offExpires = offStamp + 8
	offData    = offExpires + 8
)

const (
	claim  = 'c' // in the new store: somebody moves the record here
	staged = 's' // in the new store: the record, which does not count yet
	moved  = 'm' // in the old store: the record counts in the new one
)

// markLife is how much longer a mark stays than its record: a touch may move the
// record's expiry meanwhile, and what is staged must not go before it.
const markLife = time.Hour

// newMark returns a mark of a kind for rec.
func newMark(kind byte, rec runtime.Record) runtime.Record {
	m := runtime.Record{Stamp: rand.Uint64() | 1, Index: []runtime.IndexEntry{}}
	if !rec.Expires.IsZero() {
		m.Expires = rec.Expires.Add(markLife)
	}
	b := make([]byte, headerSize, offData+len(rec.Data))
	b[0] = 0xff
	binary.BigEndian.PutUint64(b[1:], m.Stamp)
	if !m.Expires.IsZero() {
		var expires [8]byte
		binary.BigEndian.PutUint64(expires[:], uint64(m.Expires.UnixMilli()))
		copy(b[9:15], expires[2:])
	}
	b = append(b, magic...)
	b = append(b, kind)
	if kind != claim {
		b = binary.BigEndian.AppendUint64(b, rec.Stamp)
	}
	if kind == staged {
		expires := uint64(0)
		if !rec.Expires.IsZero() {
			expires = uint64(rec.Expires.UnixMilli())
		}
		b = binary.BigEndian.AppendUint64(b, expires)
		b = append(b, rec.Data...)
		if data := b[offData:]; len(data) >= headerSize && data[0] == 1 && runtime.RecordStamp(data) == rec.Stamp {
			// A store that keeps the expiry beside the data has moved it there
			// alone; the next one may read it in the header.
			binary.BigEndian.PutUint16(data[9:], uint16(expires>>32))
			binary.BigEndian.PutUint32(data[11:], uint32(expires))
		}
	}
	m.Data = b
	return m
}

// kindOf returns the kind of a mark, 0 for a record.
func kindOf(rec runtime.Record) byte {
	d := rec.Data
	if len(d) > offKind && d[0] == 0xff && bytes.Equal(d[headerSize:offKind], []byte(magic)) {
		return d[offKind]
	}
	return 0
}

// original returns the stamp of the record that a mark is about.
func original(mark runtime.Record) uint64 {
	if len(mark.Data) < offExpires {
		return 0
	}
	return binary.BigEndian.Uint64(mark.Data[offStamp:])
}

// unstaged returns the record that is staged, without its index.
func unstaged(mark runtime.Record) runtime.Record {
	rec := runtime.Record{Data: bytes.Clone(mark.Data[offData:]), Stamp: original(mark)}
	if at := int64(binary.BigEndian.Uint64(mark.Data[offExpires:])); at != 0 {
		rec.Expires = time.UnixMilli(at)
	}
	return rec
}
