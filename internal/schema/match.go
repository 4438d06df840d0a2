package schema

import "slices"

// sessions pairs the sessions of two schemas: by package and annotated type,
// then by package and generated type, then one that was renamed or that moved
// to another package, if a field says that it is the same.
func sessions(old, new *Schema) (pairs [][2]*Session) {
	before, after := pointers(old), pointers(new)
	match := func(same func(o, n *Session) bool) {
		for i, n := range after {
			candidates := slices.DeleteFunc(slices.Clone(before), func(o *Session) bool { return !same(o, n) })
			rivals := slices.DeleteFunc(slices.Clone(after), func(m *Session) bool {
				return m == nil || len(candidates) == 0 || !same(candidates[0], m)
			})
			if n == nil || len(candidates) != 1 || len(rivals) != 1 {
				continue
			}
			pairs = append(pairs, [2]*Session{candidates[0], n})
			after[i] = nil
			before[slices.Index(before, candidates[0])] = nil
		}
	}
	match(func(o, n *Session) bool { return o != nil && n != nil && o.Package == n.Package && o.Spec == n.Spec })
	match(func(o, n *Session) bool { return o != nil && n != nil && o.Package == n.Package && o.Type == n.Type })
	related := func(o, n *Session) bool {
		return slices.ContainsFunc(n.Fields, func(f Field) bool {
			return slices.ContainsFunc(o.Fields, func(g Field) bool { return f.Wire == g.Wire })
		})
	}
	match(func(o, n *Session) bool { return o != nil && n != nil && o.Package == n.Package && related(o, n) })
	match(func(o, n *Session) bool {
		return o != nil && n != nil && o.Spec == n.Spec && o.Type == n.Type && related(o, n)
	})
	for _, o := range before {
		if o != nil {
			pairs = append(pairs, [2]*Session{o, nil})
		}
	}
	for _, n := range after {
		if n != nil {
			pairs = append(pairs, [2]*Session{nil, n})
		}
	}
	return pairs
}

func pointers(s *Schema) (list []*Session) {
	for i := range s.Sessions {
		list = append(list, &s.Sessions[i])
	}
	return list
}
