package runtime

// The functions of this file are what a [Format] says and asks of one field
// beside [SetPresent], so that a foreign format keeps what the runtime's own
// does: values that do not fit and fields that lapse.

// Present tells whether field i of f has a value; a Format writes those fields
// and no others.
func Present(f Fields, i int) bool { return HasLive(f.bag(), uint8(i)) }

// SetMisfit notes that what is stored for field i does not fit its type, so that
// the field counts as absent. The reason, which must not quote the value, is
// logged once a process and field; "" is for what is no mistake, such as a null.
func SetMisfit(f Fields, i int, reason string) {
	b := f.bag()
	empty(f, uint8(i))
	b.more().misfit.set(uint8(i))
	if reason != "" && b.conn != nil {
		b.conn.m.misfit(uint8(i), misfitError(reason))
	}
}

// misfitError is a reason that says nothing of the value.
type misfitError string

func (e misfitError) Error() string { return string(e) }

// Misfit tells whether field i is absent because of [SetMisfit] and was neither
// set nor cleared since: Encode then carries over what base holds for it.
func Misfit(f Fields, i int) bool {
	b, n := f.bag(), uint8(i)
	return b.extra != nil && b.extra.misfit.has(n) && !b.present.has(n) && !b.changed.has(n) && !b.added.has(n)
}

// SetLapse notes the instant, in Unix milliseconds, at which field i lapses. A
// field whose instant has passed is made absent.
func SetLapse(f Fields, i int, at int64) {
	b := f.bag()
	if !b.present.has(uint8(i)) {
		return
	}
	if at <= b.now().UnixMilli() {
		empty(f, uint8(i))
		return
	}
	b.setDeadline(uint8(i), at)
}

// Lapse returns the instant, in Unix milliseconds, at which field i lapses, and
// whether there is one: the field has a ttl, or another program's has.
func Lapse(f Fields, i int) (at int64, lapses bool) {
	if x := f.bag().extra; x != nil {
		at, lapses = x.deadlines[uint8(i)]
	}
	return at, lapses
}
