package runtime

import (
	"fmt"
	"maps"
	"unsafe"

	"github.com/tinylib/msgp/msgp"
)

// arrayHeader reads an array's length, which the input left must be able to hold.
func (r *Reader) arrayHeader() int {
	if r.err != nil {
		return 0
	}
	n, rest, err := msgp.ReadArrayHeaderBytes(r.rest())
	if err != nil {
		r.fail(err)
		return 0
	}
	if int64(n) > int64(len(rest)) { // every element takes a byte at least
		r.fail(fmt.Errorf("%w: an array of %d elements in %d bytes", errMalformed, n, len(rest)))
		return 0
	}
	r.advance(rest)
	return int(n)
}

// ReadSlice reads a slice element by element.
func ReadSlice[S ~[]E, E any](r *Reader, v *S, one func(*Reader, *E)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	n := r.arrayHeader()
	if r.err != nil {
		return
	}
	s := make(S, 0, room[E](r, n))
	for range n {
		var e E
		s = append(s, e)
		one(r, &s[len(s)-1])
		if r.err != nil {
			return
		}
	}
	*v = s
}

// room is how many of n elements are allocated at once: as many as the bytes
// left can justify, so that a short forged record can't claim much memory.
func room[E any](r *Reader, n int) int {
	var e E
	return min(n, 16+32*len(r.rest())/max(1, int(unsafe.Sizeof(e))))
}

// ReadArray reads exactly len(v) elements.
func ReadArray[E any](r *Reader, v []E, one func(*Reader, *E)) {
	n := r.arrayHeader()
	if r.err == nil && n != len(v) {
		r.fail(fmt.Errorf("%w: %d elements for an array of %d", errMalformed, n, len(v)))
	}
	for i := range v {
		one(r, &v[i])
	}
	if r.err != nil {
		clear(v)
	}
}

// ReadMap reads a map.
func ReadMap[M ~map[K]V, K comparable, V any](r *Reader, v *M, key func(*Reader, *K), value func(*Reader, *V)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	n := r.mapHeader()
	if r.err != nil {
		return
	}
	m := make(M, room[V](r, n))
	for range n {
		var k K
		var e V
		key(r, &k)
		value(r, &e)
		if r.err != nil {
			return
		}
		m[k] = e
	}
	*v = m
}

// ReadRest reads entries into a rest field's map, beside those that it has.
// Without input it empties the map.
func ReadRest[M ~map[string]V, V any](r *Reader, v *M, value func(*Reader, *V)) {
	if r.at == len(r.data) {
		*v = nil
	}
	var m map[string]V
	ReadMap(r, &m, ReadString, value)
	if r.err != nil || len(m) == 0 {
		return
	}
	if *v == nil {
		*v = M{}
	}
	maps.Copy(*v, m)
}

// mapHeader reads a map's length, which the input left must be able to hold.
func (r *Reader) mapHeader() int {
	if r.err != nil {
		return 0
	}
	n, rest, err := msgp.ReadMapHeaderBytes(r.rest())
	if err != nil {
		r.fail(err)
		return 0
	}
	if 2*int64(n) > int64(len(rest)) {
		r.fail(fmt.Errorf("%w: a map of %d entries in %d bytes", errMalformed, n, len(rest)))
		return 0
	}
	r.advance(rest)
	return int(n)
}

// ReadPointer reads what v shall point to, or nil.
func ReadPointer[P ~*T, T any](r *Reader, v *P, one func(*Reader, *T)) {
	*v = nil
	if r.err != nil || r.isNil() {
		return
	}
	p := new(T)
	one(r, p)
	if r.err == nil {
		*v = p
	}
}
