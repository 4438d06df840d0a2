package redisstore

import (
	"encoding/binary"
	"time"
)

// Where a record of format 1 has what the store reads and writes; package runtime
// documents the format. The scripts have the same numbers, counted from 1.
const (
	headerSize = 32
	offStamp   = 1  // 8 bytes
	offExpires = 9  // 6 bytes
	offIdle    = 27 // 5 bytes, of which the highest bit is no part of the number
)

// head is what a record's header says. The zero head is of no record.
type head struct {
	known   bool  // it is of format 1
	tomb    bool  // nothing is behind it: the session has ended
	expires int64 // Unix milliseconds, 0 for never
	idle    int64 // milliseconds, 0 for never
}

// readHead reads the header of a record, of which data may be the beginning. Data
// that is no record of format 1 has no expiry: the runtime says what it is.
func readHead(data []byte) head {
	if len(data) < headerSize || data[0] != 1 {
		return head{}
	}
	return head{
		known:   true,
		tomb:    len(data) == headerSize,
		expires: int64(binary.BigEndian.Uint64(data[offExpires-2:]) & (1<<48 - 1)),
		idle:    int64(binary.BigEndian.Uint64(data[offIdle-3:]) & (1<<39 - 1)),
	}
}

// expired tells whether the time of a record has come.
func (h head) expired(now int64) bool { return h.expires != 0 && h.expires <= now }

// expiresBytes is t as a header has it.
func expiresBytes(t time.Time) []byte {
	var b [8]byte
	if !t.IsZero() {
		binary.BigEndian.PutUint64(b[:], uint64(t.UnixMilli()))
	}
	return b[2:]
}

// fromMillis is the time of a header, zero for never.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// stampBytes is a stamp as a header has it.
func stampBytes(stamp uint64) []byte { return binary.BigEndian.AppendUint64(nil, stamp) }
