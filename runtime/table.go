package runtime

import (
	"fmt"

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
	b = msgp.AppendArrayHeader(b, 2)
	return row(append(b, columns.header...), v)
}

// AppendTable appends a slice of structs: the column names once, then a row for
// each element. An empty slice has no names; nil is kept apart from empty.
func AppendTable[S ~[]T, T any](b []byte, v S, columns *Columns, row func([]byte, *T) []byte) []byte {
	if len(v) == 0 {
		if v == nil {
			return msgp.AppendNil(b)
		}
		return msgp.AppendArrayHeader(b, 0)
	}
	b = msgp.AppendArrayHeader(b, uint32(len(v)+1))
	b = append(b, columns.header...)
	for i := range v {
		b = row(b, &v[i])
	}
	return b
}

// AppendPointerTable is AppendTable for a slice of pointers to structs; a nil
// pointer is a nil in the place of its row.
func AppendPointerTable[S ~[]*T, T any](b []byte, v S, columns *Columns, row func([]byte, *T) []byte) []byte {
	if len(v) == 0 {
		if v == nil {
			return msgp.AppendNil(b)
		}
		return msgp.AppendArrayHeader(b, 0)
	}
	b = msgp.AppendArrayHeader(b, uint32(len(v)+1))
	b = append(b, columns.header...)
	for _, e := range v {
		if e == nil {
			b = msgp.AppendNil(b)
			continue
		}
		b = row(b, e)
	}
	return b
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

// row reads one row of a table.
func readRow[T any](r *Reader, v *T, order []int, n int, field func(*Reader, *T, int)) {
	if got := r.arrayHeader(); r.err == nil && got != n {
		r.fail(fmt.Errorf("%w: a row of %d values under %d columns", errMalformed, got, n))
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
	if n := r.arrayHeader(); r.err == nil && n != 2 {
		r.fail(fmt.Errorf("%w: a struct of %d parts", errMalformed, n))
	}
	order, n := r.columns(c)
	readRow(r, v, order, n, field)
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
	rows := r.arrayHeader()
	if r.err != nil {
		return
	}
	if rows == 0 {
		*v = S{}
		return
	}
	order, n := r.columns(c)
	if r.err != nil {
		return
	}
	s := make(S, 0, room[T](r, rows-1))
	for range rows - 1 {
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
func ReadPointerTable[S ~[]*T, T any](r *Reader, v *S, c *Columns, field func(*Reader, *T, int)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	rows := r.arrayHeader()
	if r.err != nil {
		return
	}
	if rows == 0 {
		*v = S{}
		return
	}
	order, n := r.columns(c)
	if r.err != nil {
		return
	}
	s := make(S, rows-1)
	for i := range s {
		if r.isNil() {
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
	rows := r.arrayHeader()
	if r.err == nil && rows != len(v)+1 && (rows != 0 || len(v) != 0) {
		r.fail(fmt.Errorf("%w: a table of %d rows for an array of %d", errMalformed, rows-1, len(v)))
	}
	if r.err != nil || rows == 0 {
		return
	}
	order, n := r.columns(c)
	for i := range v {
		readRow(r, &v[i], order, n, field)
	}
	if r.err != nil {
		clear(v)
	}
}
