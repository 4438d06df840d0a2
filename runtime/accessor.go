package runtime

import "time"

// The functions of this file are the whole body of a generated accessor each,
// small enough to be inlined in it.

// Lend returns v, the slice, map or pointer in field i, and notes that a caller
// holds it.
func Lend[T any](b *Bag, i uint8, v T) T {
	MarkLent(b, i)
	return v
}

// SetLent is Set for what a caller can change in place, as who set it can.
func SetLent[T any](b *Bag, i uint8, v *T, to T) {
	Set(b, i, v, to)
	MarkLent(b, i)
}

// SetTime is Set for a time, which is kept as an instant.
func SetTime(b *Bag, i uint8, v *time.Time, to time.Time) { Set(b, i, v, Instant(to)) }

// Add adds delta to field i, whose value is v, and returns the sum.
func Add[T number](b *Bag, i uint8, v *T, delta T) T {
	*v += delta
	MarkAdded(b, i)
	return *v
}
