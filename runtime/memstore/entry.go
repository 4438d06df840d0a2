package memstore

import (
	"math"
	"time"
	"unsafe"

	"github.com/sessiongen/sessiongen/runtime"
)

// entry is one record in a shard: 56 bytes, with one pointer. A []byte and a
// time.Time would add 32 bytes, a tenth of a usual session.
type entry struct {
	words words
	// data points to the first byte of the data, or to a box.
	data  unsafe.Pointer
	stamp uint64
	// state is, from the highest bit: 46 bits of expiry in Unix milliseconds (0
	// never; the last is in the year 4199), plain, boxed, 16 bits of length.
	state uint64
}

const (
	lengthBits = 16
	boxed      = 1 << 16
	plain      = 1 << 17
	timeShift  = 18
	lastTime   = 1<<46 - 1
)

// never is an expiry that does not come.
const never = math.MaxInt64

// box holds what few records have: a key that is not 32 bytes in base64url, an
// index, data of 64 KiB and more.
type box struct {
	data  []byte
	text  string
	index []runtime.IndexEntry
}

func (e *entry) bytes() []byte {
	if e.state&boxed != 0 {
		return (*box)(e.data).data
	}
	return unsafe.Slice((*byte)(e.data), e.state&(1<<lengthBits-1))
}

func (e *entry) setBytes(data []byte) {
	switch {
	case e.state&boxed != 0:
		(*box)(e.data).data = data
	case len(data) >= 1<<lengthBits:
		e.setBox(&box{data: data})
	default:
		e.data = unsafe.Pointer(unsafe.SliceData(data))
		e.state = e.state>>lengthBits<<lengthBits | uint64(len(data))
	}
}

// box returns the entry's box, or nil.
func (e *entry) box() *box {
	if e.state&boxed == 0 {
		return nil
	}
	return (*box)(e.data)
}

func (e *entry) setBox(b *box) {
	e.data = unsafe.Pointer(b)
	e.state = e.state>>lengthBits<<lengthBits | boxed
}

// index returns the entries under which the record can be found.
func (e *entry) index() []runtime.IndexEntry {
	if b := e.box(); b != nil {
		return b.index
	}
	return nil
}

func (e *entry) setIndex(index []runtime.IndexEntry) {
	b := e.box()
	if b == nil {
		if len(index) == 0 {
			return
		}
		b = &box{data: e.bytes()}
		e.setBox(b)
	}
	b.index = index
}

// is tells whether the entry is the one under id.
func (e *entry) is(id *ident) bool {
	switch {
	case e.words != id.words:
		return false
	case id.any:
		return true
	case id.plain:
		return e.state&plain != 0 && e.box().text == id.text
	}
	return e.state&plain == 0
}

// key returns the key. It allocates.
func (e *entry) key() string {
	if e.state&plain != 0 {
		return e.box().text
	}
	return e.words.string()
}

// expires returns when the entry expires, in Unix milliseconds, or never.
func (e *entry) expires() int64 { return expiry(e.state) }

func (e *entry) setExpires(ms int64) {
	if ms == never {
		ms = 0
	}
	e.state = e.state&(1<<timeShift-1) | uint64(ms)<<timeShift
}

// expiry returns the time in an entry's state.
func expiry(state uint64) int64 {
	if ms := int64(state >> timeShift); ms != 0 {
		return ms
	}
	return never
}

// millis returns t in Unix milliseconds, rounded up, so that no record goes
// before its time, and never for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	if t.Unix() >= lastTime/1000 {
		return lastTime
	}
	ms := t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		ms++
	}
	return max(ms, 1)
}

// instant is the inverse of millis.
func instant(ms int64) time.Time {
	if ms == never {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// What a record costs beside its data, for MaxBytes: measured, and rounded up.
const (
	recordCost = 72 // the entry, its reference, the rounding of its data's allocation
	boxCost    = 64
	indexCost  = 160 // a copy of the entry and its posting
)

// cost returns how many bytes a record takes, with a box if it has one already
// or needs one.
func cost(hasBox bool, data []byte, text string, index int) int64 {
	n := int64(len(data)) + recordCost
	if hasBox || index > 0 || len(data) >= 1<<lengthBits {
		n += boxCost + int64(len(text)) + int64(index)*indexCost
	}
	return n
}

// cost returns how many bytes the entry takes.
func (e *entry) cost() int64 {
	if b := e.box(); b != nil {
		return cost(true, b.data, b.text, len(b.index))
	}
	return int64(e.state&(1<<lengthBits-1)) + recordCost
}
