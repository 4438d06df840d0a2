package emit

import "github.com/dave/jennifer/jen"

// The accessors of numbers, slices and maps change a field relative to what it
// is, so that the changes of parallel requests can be combined.

// add emits
//
//	// AddVisits adds delta to Visits and returns the sum; parallel adds sum up.
//	func (s *Session) AddVisits(delta int) int { return sessrt.Add(&s.sessionBag, 0, &s.v.Visits, delta) }
//
// A field with a default or a ttl adds to what its getter returns:
//
//	s.v.Limit = s.Limit()
//	return sessrt.Add(&s.sessionBag, 4, &s.v.Limit, delta)
//
// and the time of one with a ttl starts again before it returns.
func (f field) add() {
	sum := f.call("Add", f.address(), jen.Id("delta"))
	var code []jen.Code
	if f.Default != nil || f.TTL > 0 {
		code = append(code, f.value().Op("=").Id(f.local.s).Dot(f.GoName).Call())
	}
	if f.TTL > 0 {
		code = append(f.restart(append(code, sum)), jen.Return(f.value()))
	} else {
		code = append(code, jen.Return(sum))
	}
	f.method(f.changeDoc("Add", "adds delta to "+f.GoName+" and returns the sum; parallel adds sum up"), "Add"+f.GoName,
		[]jen.Code{jen.Id("delta").Add(typ(f.Type))}, typ(f.Type), code...)
}

// append emits
//
//	// AppendCart appends to Cart; parallel appends all arrive.
//	func (s *Session) AppendCart(cart ...Item) { sessrt.Append(&s.sessionBag, 3, &s.v.Cart, cart...) }
func (f field) append() {
	code := append(f.dropLapsed(), f.call("Append", f.address(), jen.Id(f.Param).Op("...")))
	f.method(f.changeDoc("Append", "appends to "+f.GoName+"; parallel appends all arrive"), "Append"+f.GoName,
		[]jen.Code{jen.Id(f.Param).Op("...").Add(typ(f.Type.Elem))}, nil, f.restart(code)...)
}

// put emits
//
//	// PutQty puts value under key of Qty; parallel puts merge by key.
//	func (s *Session) PutQty(key string, value int) {
//		sessrt.Put(&s.sessionBag, 5, &s.v.Qty, key, value)
//	}
func (f field) put() {
	code := append(f.dropLapsed(), f.call("Put", f.address(), jen.Id("key"), jen.Id("value")))
	f.method(f.changeDoc("Put", "puts value under key of "+f.GoName+"; parallel puts merge by key"), "Put"+f.GoName,
		f.keyAnd("value"), nil, f.restart(code)...)
}

// delete emits
//
//	// DeleteQty deletes key of Qty; parallel deletes merge by key.
//	func (s *Session) DeleteQty(key string) {
//		sessrt.Delete(&s.sessionBag, 5, s.v.Qty, key)
//	}
//
// From a ttl field whose time has passed there is nothing to delete, and
// nothing that lives on:
//
//	if !sessrt.HasLive(&s.sessionBag, 5) {
//		return
//	}
func (f field) delete() {
	var code []jen.Code
	if f.TTL > 0 {
		code = append(code, jen.If(jen.Op("!").Add(f.live())).Block(jen.Return()))
	}
	code = append(code, f.call("Delete", f.value(), jen.Id("key")))
	f.method(f.changeDoc("Delete", "deletes key of "+f.GoName+"; parallel deletes merge by key"), "Delete"+f.GoName,
		[]jen.Code{f.key()}, nil, f.restart(code)...)
}

// addKey emits
//
//	// AddQty adds delta under key of Qty and returns the sum; parallel adds sum up.
//	func (s *Session) AddQty(key string, delta int) int {
//		return sessrt.AddCount(&s.sessionBag, 5, &s.v.Qty, key, delta)
//	}
//
// and of a ttl field, whose time starts again:
//
//	sum := sessrt.AddCount(&s.sessionBag, 5, &s.v.Qty, key, delta)
//	sessrt.StartTTL(&s.sessionBag, 5, time.Hour)
//	return sum
func (f field) addKey() {
	call := f.call("AddCount", f.address(), jen.Id("key"), jen.Id("delta"))
	code := f.dropLapsed()
	if f.TTL > 0 {
		code = append(f.restart(append(code, jen.Id("sum").Op(":=").Add(call))), jen.Return(jen.Id("sum")))
	} else {
		code = append(code, jen.Return(call))
	}
	f.method(f.changeDoc("Add", "adds delta under key of "+f.GoName+" and returns the sum; parallel adds sum up"), "Add"+f.GoName,
		f.keyAnd("delta"), typ(f.Type.Elem), code...)
}

// key is the parameter that holds a map's key: key string.
func (f field) key() jen.Code { return jen.Id("key").Add(typ(f.Type.Key)) }

// keyAnd are the parameters that hold a map's key and something of its values:
// key string, delta int. Of one type they are key, value string.
func (f field) keyAnd(name string) []jen.Code {
	key := f.key()
	if f.Type.Key.Go == f.Type.Elem.Go {
		key = jen.Id("key")
	}
	return []jen.Code{key, jen.Id(name).Add(typ(f.Type.Elem))}
}
