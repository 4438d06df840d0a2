package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The record format, version 1; the package documentation describes it byte
// by byte for readers in other languages.
const (
	recordVersion = 1
	headerSize    = 32

	offStamp    = 1  // 8 bytes
	offExpires  = 9  // 6 bytes
	offCreated  = 15 // 6 bytes
	offDeadline = 21 // 6 bytes
	offIdle     = 27 // 5 bytes

	maxAgeFlag = 1 << 39 // in idle: it was chosen by SetMaxAge
	maxIdle    = maxAgeFlag - 1
	maxInstant = 1<<48 - 1

	// The keys of a record's second map.
	noteTTL   = "t"
	noteIndex = "i"
	notePairs = "w"
)

// Errors of a stored record.
var (
	// ErrNewerFormat: the record was written by a newer release, with a format
	// that this one can't read.
	ErrNewerFormat = errors.New("session record has a newer format than this program knows: update the program")
	// ErrCorrupt: the record is none.
	ErrCorrupt = errors.New("session record is corrupt")
)

func putUint48(b []byte, v int64) {
	binary.BigEndian.PutUint16(b, uint16(v>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(v))
}

func uint48(b []byte) int64 {
	return int64(binary.BigEndian.Uint16(b))<<32 | int64(binary.BigEndian.Uint32(b[2:]))
}

// appendHeader appends m as a record's first 32 bytes.
func appendHeader(b []byte, m *Meta) []byte {
	var h [headerSize]byte
	h[0] = recordVersion
	binary.BigEndian.PutUint64(h[offStamp:], m.Stamp)
	putUint48(h[offExpires:], m.Expires)
	putUint48(h[offCreated:], m.Created)
	putUint48(h[offDeadline:], m.Deadline)
	idle := m.Idle
	if m.MaxAge {
		idle |= maxAgeFlag
	}
	h[offIdle] = byte(idle >> 32)
	binary.BigEndian.PutUint32(h[offIdle+1:], uint32(idle))
	return append(b, h[:]...)
}

// readHeader fills m from a record's first bytes.
func readHeader(data []byte, m *Meta) error {
	switch {
	case len(data) > 0 && data[0] > recordVersion:
		return fmt.Errorf("%w (version %d)", ErrNewerFormat, data[0])
	case len(data) < headerSize || data[0] != recordVersion:
		return fmt.Errorf("%w: no header", ErrCorrupt)
	}
	idle := int64(data[offIdle])<<32 | int64(binary.BigEndian.Uint32(data[offIdle+1:]))
	*m = Meta{
		Stamp:    binary.BigEndian.Uint64(data[offStamp:]),
		Expires:  uint48(data[offExpires:]),
		Created:  uint48(data[offCreated:]),
		Deadline: uint48(data[offDeadline:]),
		Idle:     idle & maxIdle,
		MaxAge:   idle&maxAgeFlag != 0,
	}
	return nil
}

// RecordStamp returns the stamp in a record's bytes, 0 if they are no record,
// for stores that keep nothing beside the bytes.
func RecordStamp(data []byte) uint64 {
	if len(data) < headerSize {
		return 0
	}
	return binary.BigEndian.Uint64(data[offStamp:])
}

// isTombstone tells whether data marks a session that was renewed or
// destroyed: a header with nothing behind it.
func isTombstone(data []byte) bool { return len(data) == headerSize && data[0] == recordVersion }

// entries calls f with name and value of every entry of a record's first map
// and returns what follows it.
func entries(data []byte, f func(name string, raw []byte) error) (rest []byte, err error) {
	r := Reader{data: data}
	n := r.mapHeader()
	for range n {
		var name string
		ReadString(&r, &name)
		start := r.at
		r.skip()
		if r.err != nil {
			break
		}
		if err := f(name, data[start:r.at]); err != nil {
			return nil, err
		}
	}
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, r.err)
	}
	return r.rest(), nil
}
