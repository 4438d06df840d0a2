// Package nodejson is the JSON in which sessions are shared with Node programs:
// what JSON.stringify writes, read into a generated session's fields and written
// from them by reflection. Package expresscompat and package fastifycompat use it.
//
// An [Object] keeps the order and the text of its members, so that what Go does
// not know, at any depth, is written back as it was. A value that has not changed
// keeps its text.
//
// # How Go values are written
//
// Everything survives a Node program that reads and writes it back, which makes
// every number a double on the way:
//
//	bool, string        as JSON.stringify has them; a lone surrogate of JavaScript's
//	                    is in a Go string as the three bytes that UTF-8 would have
//	                    for it, and is written as \udXXX again; other bytes that
//	                    are not UTF-8 are an error
//	integers            a number up to 2^53-1 (Number.MAX_SAFE_INTEGER) either
//	                    way, beyond it a string of its digits, for BigInt
//	float32, float64    the shortest digits, 1e+21 and 1e-7 as JavaScript prints
//	                    them; NaN and the infinities, which JSON.stringify makes
//	                    null, are an error
//	time.Time           what Date.toJSON writes, "2026-11-24T09:00:00.000Z", with
//	                    nine digits where it is between two milliseconds; an
//	                    instant that no Date can hold is an error
//	time.Duration       a number of milliseconds, with up to six digits behind the
//	                    point; a string of them where no double holds it exactly
//	[]byte, [N]byte     base64 (RFC 4648 section 4), for Buffer.from(s, "base64")
//	MarshalText         a string; before MarshalBinary where a type has both
//	MarshalBinary       base64
//	slice, array        array; a nil slice is null
//	map                 object; integer keys in decimal; a nil map is null
//	pointer             its value, or null
//	struct              object of its columns
//
// # What is read
//
// The same, and what Node programs write for it: a number with an exponent or a
// point for an integer, if it is one; a number of milliseconds, as Date.now
// returns it, for a time.Time; {"type":"Buffer","data":[...]} for bytes. A time or
// bytes that were stored so are written so again. null is nil for a pointer,
// slice or map and else counts as absent. Any other value does not fit its field:
// a string is no number, a fraction no integer.
//
// Of a slice's elements, those that are the same as before keep what their type
// does not know, wherever they are now; one that was changed keeps it by its
// position, if the slice has not become shorter. Of elements that are the same
// as far as their type knows, the first ones count as those that are left.
//
// While a field has older names (was=), all are written with the same value, and
// of several that are there the last of the older ones counts.
//
// Where fields lapse (ttl=), [NotesName] says when; Node programs carry that
// member along without knowing it.
package nodejson
