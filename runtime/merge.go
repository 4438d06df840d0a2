package runtime

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/tinylib/msgp/msgp"
)

// dirtyFields are the fields that differ from what was loaded, as far as a
// commit needs to know: those that an accessor changed, and if there is none
// those that were changed in place. Where something is written anyway it is
// written whole, and only a merge has to know more, which asks [conn.exactly].
func (c *conn) dirtyFields() (bits, error) {
	b := c.fields.bag()
	dirty := b.changed.or(b.added)
	if !b.lent.meets(&b.present) {
		return dirty, nil
	}
	rest := c.m.spec.rest
	switch {
	case !c.stored:
		return dirty.or(c.held(dirty)), nil
	case dirty.empty(), c.m.parts.Foreign != nil, b.extra != nil && !b.extra.partial.empty(), rest >= 0 && b.lent.has(uint8(rest)):
		return c.exactly(dirty)
	}
	return dirty, nil
}

// held are the fields that a caller may have changed in place.
func (c *conn) held(dirty bits) bits {
	b := c.fields.bag()
	return b.lent.and(b.present).without(dirty)
}

// exactly adds to dirty the fields that were changed in place. Equal bytes tell
// at once; others may be another program's way to write the same value, so that
// they are decoded and compared again.
func (c *conn) exactly(dirty bits) (_ bits, err error) {
	defer caught(&err)
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	if dirty.empty() && c.m.parts.Format == nil && c.untouched(buf) {
		return dirty, nil
	}
	held := c.held(dirty)
	if held.empty() {
		return dirty, nil
	}
	was, err := c.baseFields()
	if err != nil {
		return dirty.or(held), nil
	}
	for i := range held.all() {
		*buf = c.fields.Append(int(i), (*buf)[:0])
		if bytes.Equal(*buf, appendField(was, i, nil)) {
			held.unset(i)
		}
	}
	return dirty.or(held), nil
}

// untouched tells whether the fields are written as the record has them: what
// most requests find, and cheaper to see than where in a record a field is. A
// rest field is not written with the others, so that it is not seen here.
func (c *conn) untouched(buf *[]byte) bool {
	b, loaded := c.fields.bag(), c.base.Data[headerSize:]
	if rest := c.m.spec.rest; rest >= 0 && b.present.has(uint8(rest)) {
		return false
	}
	*buf = c.fields.AppendAll(msgp.AppendMapHeader((*buf)[:0], uint32(b.present.count())))
	return bytes.HasPrefix(loaded, *buf)
}

// merge makes theirs, which another request committed, what it is after the
// change from base to mine; dirty says which fields mine changed. It returns the
// flash fields that mine took and that were no longer there to take.
//
// The rules, a field at a time: of two sets the later commit wins, and a set
// beats changes relative to what was; adds sum up; appends all arrive; maps
// merge by key; updates are applied again; a take removes only what it took.
func merge(base, mine, theirs Fields, dirty bits) (lost bits) {
	mb, tb := mine.bag(), theirs.bag()
	for i := range dirty.all() {
		base := base
		if mb.extra != nil && mb.extra.restarted.has(i) {
			base = base.Fresh() // what was loaded had lapsed before mine changed it
		}
		switch {
		case mb.changed.has(i):
			copyField(theirs, mine, i)
		case mb.extra != nil && mb.extra.taken.has(i):
			if !mergeTaken(base, mine, theirs, i) {
				lost.set(i)
			}
		case mb.updated(i):
			mergeUpdated(base, mine, theirs, i)
		default:
			mergeField(base, mine, theirs, i)
		}
		tb.changed.set(i) // what theirs holds for it on the wire is replaced
		mergeDeadline(mb, tb, i)
	}
	return lost
}

// mergeDeadline gives field i the deadline of a set, or none, or else the later one.
func mergeDeadline(mb, tb *Bag, i uint8) {
	var at int64
	lapses := false
	if mb.extra != nil {
		at, lapses = mb.extra.deadlines[i]
	}
	if !lapses && mb.changed.has(i) && tb.extra != nil {
		delete(tb.extra.deadlines, i)
	}
	if lapses && !mb.changed.has(i) && tb.extra != nil {
		at = max(at, tb.extra.deadlines[i])
	}
	if lapses {
		tb.setDeadline(i, at)
	}
}

// mergeField merges one field that mine changed relative to base.
func mergeField(base, mine, theirs Fields, i uint8) {
	mb, tb := mine.bag(), theirs.bag()
	kind := mine.Spec().Fields[i].Merge
	cleared := base.bag().present.has(i) && !tb.present.has(i)
	switch {
	case kind == MergeWhole, !mb.present.has(i):
		copyField(theirs, mine, i)
	case kind == MergeNumber, kind == MergeCounts:
		for _, f := range []Fields{base, mine, theirs} {
			f.Pointer(int(i)) // gives an absent field its default
		}
		theirs.Merge(int(i), base, mine)
		tb.present.set(i)
	case kind == MergeSlice:
		if grown(base, mine, i) {
			theirs.Merge(int(i), base, mine)
			tb.present.set(i)
		} else {
			copyField(theirs, mine, i)
		}
	case kind == MergeMap:
		mergeMap(base, mine, theirs, i)
	}
	if cleared && (kind == MergeMap || kind == MergeCounts) && tb.present.has(i) && len(mapEntries(theirs, i)) == 0 {
		theirs.Read(int(i), &Reader{}) // nothing was put into what others have cleared
		tb.present.unset(i)
	}
}

// updated tells whether an Update accessor changed field i.
func (b *Bag) updated(i uint8) bool {
	return b.extra != nil && slices.ContainsFunc(b.extra.updates, func(u update) bool { return u.field == i })
}

// mergeUpdated applies the updates of field i again, and between them what
// else mine did.
func mergeUpdated(base, mine, theirs Fields, i uint8) {
	from := base
	for _, u := range mine.bag().extra.updates {
		if u.field != i {
			continue
		}
		before := only(mine, i, u.before)
		before.bag().more().touched = u.touched
		if len(u.touched) > 0 || string(appendField(from, i, nil)) != string(u.before) {
			mergeField(from, before, theirs, i)
		}
		u.apply(theirs)
		from = only(mine, i, u.after)
	}
	if len(touchedKeys(mine, i)) > 0 || string(appendField(from, i, nil)) != string(appendField(mine, i, nil)) {
		mergeField(from, mine, theirs, i)
	}
}

// only returns fields of like's type of which i alone is set, to the value of raw.
func only(like Fields, i uint8, raw []byte) Fields {
	f := like.Fresh()
	if raw != nil {
		readBack(f, i, raw)
	}
	return f
}

// mergeTaken removes from theirs what mine took from base, and tells whether it was there.
func mergeTaken(base, mine, theirs Fields, i uint8) bool {
	tb := theirs.bag()
	if mine.Spec().Fields[i].Merge != MergeSlice {
		there := bytes.Equal(appendField(base, i, nil), appendField(theirs, i, nil))
		if there {
			theirs.Read(int(i), &Reader{})
			tb.present.unset(i)
		}
		return there
	}
	there := grown(base, theirs, i)
	if there {
		left := theirs.Fresh()
		left.Merge(int(i), base, theirs) // what was appended since
		if !bytes.Equal(appendField(base, i, nil), appendField(theirs, i, nil)) {
			left.bag().present.set(i)
		}
		copyField(theirs, left, i)
	}
	if mine.bag().present.has(i) { // appended after the take
		theirs.Merge(int(i), mine.Fresh(), mine)
		tb.present.set(i)
	}
	return there
}

// grown tells whether to's slice begins with the elements of from's.
func grown(from, to Fields, i uint8) bool {
	n, start := list(appendField(from, i, nil))
	m, whole := list(appendField(to, i, nil))
	return n <= m && bytes.HasPrefix(whole, start)
}

// list splits an encoded slice into its length and its elements. A table's
// names count as an element, which is the same in every table of the field.
func list(raw []byte) (int, []byte) {
	if len(raw) == 0 || raw[0] == mnil {
		return 0, nil
	}
	n, body, err := msgp.ReadArrayHeaderBytes(raw)
	if err != nil {
		return 0, nil
	}
	return int(n), body
}

// mergeMap applies to theirs what mine put, deleted or changed in place.
func mergeMap(base, mine, theirs Fields, i uint8) {
	was, now, merged := mapEntries(base, i), mapEntries(mine, i), mapEntries(theirs, i)
	put := touchedKeys(mine, i)
	for key, value := range now {
		if old, had := was[key]; !had || old != value || put[key] {
			merged[key] = value
		}
	}
	for key := range was {
		if _, kept := now[key]; !kept {
			delete(merged, key)
		}
	}
	raw := msgp.AppendMapHeader(nil, uint32(len(merged)))
	for key, value := range merged {
		raw = append(append(raw, key...), value...)
	}
	readBack(theirs, i, raw)
}

// touchedKeys returns the encoded keys of map field i that accessors put.
func touchedKeys(f Fields, i uint8) map[string]bool {
	keys := map[string]bool{}
	if x := f.bag().extra; x != nil {
		for k := range x.touched {
			if k.field == i {
				keys[string(encodedKey(k.key))] = true
			}
		}
	}
	return keys
}

// encodedKey encodes a map's key, a string or an integer of any named type.
func encodedKey(key any) []byte {
	switch v := reflect.ValueOf(key); {
	case v.Kind() == reflect.String:
		return msgp.AppendString(nil, v.String())
	case v.CanInt():
		return msgp.AppendInt64(nil, v.Int())
	default:
		return msgp.AppendUint64(nil, v.Uint())
	}
}

// mapEntries returns the encoded keys and values of field i's map.
func mapEntries(f Fields, i uint8) map[string]string {
	entries := map[string]string{}
	raw := appendField(f, i, nil)
	if len(raw) == 0 || raw[0] == mnil {
		return entries
	}
	r := Reader{data: raw}
	for n := r.mapHeader(); n > 0; n-- {
		start := r.at
		r.skip()
		key := raw[start:r.at]
		start = r.at
		r.skip()
		entries[string(key)] = string(raw[start:r.at])
	}
	return entries
}
