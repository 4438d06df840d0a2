package parse

import "go/types"

// reachesShared tells whether who holds a copy of a value can change what the
// original reaches: by a slice, a map or a pointer. Strings and times can't be changed.
func reachesShared(t types.Type, seen []types.Type) bool {
	t = types.Unalias(t)
	if named, ok := t.(*types.Named); ok {
		if immutable(named) {
			return false
		}
		for _, s := range seen {
			if types.Identical(s, t) {
				return false // found out by the call around this one
			}
		}
		if len(seen) > maxDepth {
			return true
		}
		seen = append(seen, t)
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Array:
		return reachesShared(u.Elem(), seen)
	case *types.Struct:
		for v := range u.Fields() {
			if reachesShared(v.Type(), seen) {
				return true
			}
		}
		return false
	}
	return true
}

// immutable types hold a pointer that they let nobody change.
func immutable(t *types.Named) bool {
	if t.Obj().Pkg() == nil {
		return false
	}
	switch t.Obj().Pkg().Path() + "." + t.Obj().Name() {
	case "time.Time", "net/netip.Addr", "net/netip.AddrPort", "net/netip.Prefix", "unique.Handle":
		return true
	}
	return false
}
