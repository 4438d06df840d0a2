package workload

import (
	"encoding/binary"
	"time"
	"unsafe"
)

// AppendByHand appends r as somebody would write it by hand for this one struct:
// field after field, without names or types.
func AppendByHand(b []byte, r *Record) []byte {
	text := func(s string) {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b = binary.AppendVarint(b, int64(r.Visits))
	text(r.UserID)
	text(r.Email)
	b = binary.AppendUvarint(b, uint64(len(r.Roles)))
	for _, role := range r.Roles {
		text(role)
	}
	b = binary.AppendVarint(b, r.LoginAt.UnixNano())
	b = binary.AppendUvarint(b, uint64(len(r.Cart)))
	for i := range r.Cart {
		item := &r.Cart[i]
		text(item.SKU)
		b = binary.AppendVarint(b, int64(item.Qty))
		b = binary.AppendVarint(b, item.Cents)
	}
	text(r.Theme)
	if r.Beta {
		return append(b, 1)
	}
	return append(b, 0)
}

// ReadByHand is the way back. Strings share b's memory.
func ReadByHand(b []byte, r *Record) (ok bool) {
	number := func() int64 {
		v, n := binary.Varint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	count := func() int {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > uint64(len(b)) {
			ok = false
			return 0
		}
		b = b[n:]
		return int(v)
	}
	text := func() string {
		n := count()
		if n > len(b) {
			ok = false
			return ""
		}
		s := unsafe.String(unsafe.SliceData(b), n)
		b = b[n:]
		return s
	}
	ok = true
	r.Visits = int(number())
	r.UserID = text()
	r.Email = text()
	r.Roles = make([]string, count())
	for i := range r.Roles {
		r.Roles[i] = text()
	}
	r.LoginAt = time.Unix(0, number()).UTC()
	r.Cart = make([]Item, count())
	for i := range r.Cart {
		r.Cart[i] = Item{text(), int(number()), number()}
	}
	r.Theme = text()
	r.Beta = len(b) > 0 && b[0] == 1
	return ok && len(b) == 1
}
