package runtime

import (
	"fmt"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

// Columns are the wire names of a struct's fields, with their encoding made once.
type Columns struct {
	names  []string
	header string // the names as a MessagePack array of strings
}

// NewColumns returns the columns of a struct.
func NewColumns(names ...string) *Columns {
	header := msgp.AppendArrayHeader(nil, uint32(len(names)))
	for _, name := range names {
		header = msgp.AppendString(header, name)
	}
	return &Columns{names: names, header: string(header)}
}

// AppendStruct appends a struct as a table of one row: its column names, then its values.
func AppendStruct[T any](b []byte, v *T, columns *Columns, row func([]byte, *T) []byte) []byte {
	b = msgp.AppendArrayHeader(b, uint32(1+len(columns.names)))
	return row(append(b, columns.header...), v)
}

// AppendTable appends a slice of structs: the column names once, then the values
// of one element after the other. An empty slice has no names; nil is kept apart
// from empty. An element without columns is a nil, so that it counts.
func AppendTable[S ~[]T, T any](b []byte, v S, columns *Columns, row func([]byte, *T) []byte) []byte {
	if len(v) == 0 {
		if v == nil {
			return msgp.AppendNil(b)
		}
		return msgp.AppendArrayHeader(b, 0)
	}
	width := len(columns.names)
	b = msgp.AppendArrayHeader(b, uint32(1+len(v)*max(width, 1)))
	b = append(b, columns.header...)
	for i := range v {
		if width == 0 {
			b = msgp.AppendNil(b)
		}
		b = row(b, &v[i])
	}
	return b
}

// AppendPointerTable is AppendTable for a slice of pointers to structs. A row that
// is a nil pointer is [nilRow] and a nil for each further column.
func AppendPointerTable[S ~[]P, P ~*T, T any](b []byte, v S, columns *Columns, row func([]byte, *T) []byte) []byte {
	if len(v) == 0 {
		if v == nil {
			return msgp.AppendNil(b)
		}
		return msgp.AppendArrayHeader(b, 0)
	}
	width := len(columns.names)
	b = msgp.AppendArrayHeader(b, uint32(1+len(v)*max(width, 1)))
	b = append(b, columns.header...)
	for _, e := range v {
		switch {
		case e == nil:
			b = append(b, nilRow...)
			for range width - 1 {
				b = msgp.AppendNil(b)
			}
		case width == 0:
			b = row(msgp.AppendNil(b), e)
		default:
			b = row(b, e)
		}
	}
	return b
}

// nilRow is what stands for the first column of a row that is a nil pointer: an
// extension of type 1 with one zero byte, which no column's type is written as.
const nilRow = "\xd4\x01\x00"

// isNilRow passes over a row of n values if it is a nil pointer.
func (r *Reader) isNilRow(n int) bool {
	if r.err != nil || !strings.HasPrefix(shared(r.rest()), nilRow) {
		return false
	}
	r.at += len(nilRow)
	for range n - 1 {
		r.skip()
	}
	return true
}

// columns reads a table's names and returns for each the column that it is,
// -1 for one unknown; nil where the names are exactly c's, the usual case.
func (r *Reader) columns(c *Columns) (order []int, n int) {
	if r.err != nil {
		return nil, 0
	}
	if b := r.rest(); len(b) >= len(c.header) && string(b[:len(c.header)]) == c.header {
		r.at += len(c.header)
		return nil, len(c.names)
	}
	n = r.arrayHeader()
	order = make([]int, 0, n)
	for range n {
		var name string
		ReadString(r, &name)
		at := -1
		for i, known := range c.names {
			if name == known {
				at = i
				break
			}
		}
		if at < 0 {
			r.partial = true
		}
		order = append(order, at)
	}
	return order, n
}

// rows returns how many rows of width values an array of n elements holds
// behind the names.
func (r *Reader) rows(n, width int) int {
	values := n - 1
	switch {
	case r.err != nil:
		return 0
	case width == 0:
		return values
	case values%width != 0:
		r.fail(fmt.Errorf("%w: %d values in rows of %d", errMalformed, values, width))
		return 0
	}
	return values / width
}

// readRow reads the n values of a row; without columns it is a nil.
func readRow[T any](r *Reader, v *T, order []int, n int, field func(*Reader, *T, int)) {
	if n == 0 {
		r.skip()
	}
	if r.err != nil {
		return
	}
	if order == nil {
		for i := range n {
			field(r, v, i)
		}
		return
	}
	for _, i := range order {
		if i < 0 {
			r.skip()
		} else {
			field(r, v, i)
		}
	}
}

// ReadStruct reads a table of one row.
func ReadStruct[T any](r *Reader, v *T, c *Columns, field func(*Reader, *T, int)) {
	var zero T
	*v = zero
	parts := r.arrayHeader()
	order, n := r.columns(c)
	if r.err == nil && parts != 1+n {
		r.fail(fmt.Errorf("%w: a struct of %d parts and %d columns", errMalformed, parts, n))
	}
	if n > 0 {
		readRow(r, v, order, n, field)
	}
	if r.err != nil {
		*v = zero
	}
}

// ReadTable reads a slice of structs.
func ReadTable[S ~[]T, T any](r *Reader, v *S, c *Columns, field func(*Reader, *T, int)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	parts := r.arrayHeader()
	if r.err != nil {
		return
	}
	if parts == 0 {
		*v = S{}
		return
	}
	order, n := r.columns(c)
	rows := r.rows(parts, n)
	if r.err != nil {
		return
	}
	s := make(S, 0, room[T](r, rows))
	for range rows {
		var row T
		s = append(s, row)
		readRow(r, &s[len(s)-1], order, n, field)
		if r.err != nil {
			return
		}
	}
	*v = s
}

// ReadPointerTable reads a slice of pointers to structs.
func ReadPointerTable[S ~[]P, P ~*T, T any](r *Reader, v *S, c *Columns, field func(*Reader, *T, int)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	parts := r.arrayHeader()
	if r.err != nil {
		return
	}
	if parts == 0 {
		*v = S{}
		return
	}
	order, n := r.columns(c)
	rows := r.rows(parts, n)
	if r.err != nil {
		return
	}
	s := make(S, rows)
	for i := range s {
		if r.isNilRow(n) {
			continue
		}
		s[i] = new(T)
		readRow(r, s[i], order, n, field)
		if r.err != nil {
			return
		}
	}
	*v = s
}

// ReadTableArray reads exactly len(v) structs.
func ReadTableArray[T any](r *Reader, v []T, c *Columns, field func(*Reader, *T, int)) {
	clear(v)
	parts := r.arrayHeader()
	if r.err != nil || parts == 0 && len(v) == 0 {
		return
	}
	order, n := r.columns(c)
	if rows := r.rows(parts, n); r.err == nil && rows != len(v) {
		r.fail(fmt.Errorf("%w: a table of %d rows for an array of %d", errMalformed, rows, len(v)))
	}
	for i := range v {
		readRow(r, &v[i], order, n, field)
	}
	if r.err != nil {
		clear(v)
	}
}
