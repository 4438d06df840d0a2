package runtime

// renamed is what a record holds of fields that have older names. While was=
// stands both names are written, and the notes say so. Which of them a program
// changed that knows one alone shows in what is not as it was written:
//
//	noted, both there         the older name counts: who changes the newer one
//	                          alone takes it out of the notes
//	noted, one is missing     the field was cleared
//	not noted, both there     the newer name counts
//	not noted, one is there   that one counts
type renamed struct {
	older bits             // fields whose value came under an older name
	newer map[uint8][]byte // what is stored under the name of today
}

func (n *renamed) note(i uint8, raw []byte) {
	if n.newer == nil {
		n.newer = map[uint8][]byte{}
	}
	n.newer[i] = raw
}

// settle makes the fields that have older names what the table above says.
func (n *renamed) settle(f Fields, said notes, misfit func(uint8, error)) {
	b, spec := f.bag(), f.Spec()
	if spec.renamed.empty() {
		return
	}
	for i := range spec.renamed.all() {
		raw, here := n.newer[i]
		switch noted := said.pairs[spec.Fields[i].Name]; {
		case noted && here != n.older.has(i):
			empty(f, i)
		case !noted && here && n.older.has(i):
			n.older.unset(i)
			if b.extra != nil {
				b.extra.partial.unset(i)
				b.extra.misfit.unset(i)
			}
			readField(f, i, &Reader{data: raw}, misfit)
		}
	}
}

// keepPairs keeps the notes about names that were written together where this
// program knows the newer one alone and has not set it. What it cleared stays
// noted too: the older name alone is then no value. A program that drops
// names may have dropped the older one, which then says nothing.
func (c *carrier) keepPairs(f Fields, said notes, dirty bits, dropped bool) {
	b, spec := f.bag(), f.Spec()
	for name := range said.pairs {
		i, known := spec.byName[name]
		if !known || dropped || name != spec.Fields[i].Name || len(spec.Fields[i].Was) > 0 {
			continue
		}
		if !dirty.has(i) || !b.present.has(i) {
			note(&c.kept.pairs, name, true)
		}
	}
}
