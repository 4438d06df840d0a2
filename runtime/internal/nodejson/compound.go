package nodejson

import (
	"cmp"
	"reflect"
	"slices"
)

// appendStruct appends an object of the struct's columns; members that the
// struct does not know stay where they are.
func appendStruct(b, base []byte, v reflect.Value, p *plan, depth int) ([]byte, error) {
	if base == nil && p.sorted {
		return appendColumns(b, v, p, depth)
	}
	o := new(Object)
	if base != nil && kindOf(base) == '{' {
		o = parseObject(base)
	}
	for _, c := range p.columns {
		text, err := appendValue(nil, o.Get(c.name), v.FieldByIndex(c.index), depth+1)
		if err != nil {
			return b, err
		}
		o.Set(c.name, text)
	}
	return o.Append(b)
}

// appendColumns appends an object of the columns alone.
func appendColumns(b []byte, v reflect.Value, p *plan, depth int) ([]byte, error) {
	b = append(b, '{')
	for i := range p.columns {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(append(b, p.columns[i].quoted...), nil, v.FieldByIndex(p.columns[i].index), depth+1); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// appendMap appends an object; keys that stay keep their place, new ones follow
// in ascending order.
func appendMap(b, base []byte, v reflect.Value, depth int) ([]byte, error) {
	o := new(Object)
	if base != nil && kindOf(base) == '{' {
		o = parseObject(base)
	}
	type entry struct {
		name string
		key  reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	names := make(map[string]bool, v.Len())
	for _, key := range v.MapKeys() {
		name := keyName(key)
		entries, names[name] = append(entries, entry{name, key}), true
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	o.keep(func(m member) bool { return names[m.name] })
	for _, e := range entries {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(e.key))
		text, err := appendValue(nil, o.Get(e.name), value, depth+1)
		if err != nil {
			return b, err
		}
		o.Set(e.name, text)
	}
	return o.Append(b)
}

// appendList appends an array. Which element of base an element goes on from,
// with the members that its type does not know, is told by its value; one that
// was changed in place by its position, if no element was removed.
func appendList(b, base []byte, v reflect.Value, depth int) ([]byte, error) {
	if base == nil || kindOf(base) != '[' {
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendValue(b, nil, v.Index(i), depth+1); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
	texts := make([][]byte, v.Len())
	for i := range texts {
		text, err := appendValue(nil, nil, v.Index(i), depth+1)
		if err != nil {
			return b, err
		}
		texts[i] = text
	}
	if v.Len() > 0 && compound(v.Type().Elem()) {
		for i, from := range origins(base, texts, v.Type().Elem()) {
			if from == nil {
				continue
			}
			text, err := appendValue(nil, from, v.Index(i), depth+1)
			if err != nil {
				return b, err
			}
			texts[i] = text
		}
	} else {
		i := 0
		eachElement(base, func(was []byte) {
			if i < len(texts) && kept(was, texts[i], v.Index(i)) {
				texts[i] = was
			}
			i++
		})
	}
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, text...)
	}
	return append(b, ']'), nil
}

// compound tells whether values of t may hold what t does not know.
func compound(t reflect.Type) bool {
	if planOf(t).form != plainForm {
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
		return true
	}
	return false
}

// origins returns for each of the new texts the element of base that it goes on
// from, nil for none.
func origins(base []byte, texts [][]byte, t reflect.Type) [][]byte {
	var olds [][]byte
	var keys []string // as this program would write them
	eachElement(base, func(was []byte) {
		key := ""
		if v := reflect.New(t).Elem(); fits(was, v) {
			text, err := canonical(nil, v)
			if err == nil {
				key = string(text)
			}
		}
		olds, keys = append(olds, was), append(keys, key)
	})
	places := map[string][]int{} // in ascending order
	for i, key := range keys {
		places[key] = append(places[key], i)
	}
	from := make([][]byte, len(texts))
	used := make([]bool, len(olds))
	for i, text := range texts {
		if at := places[string(text)]; len(at) > 0 {
			places[string(text)] = at[1:]
			from[i], used[at[0]] = olds[at[0]], true
		}
	}
	if len(texts) < len(olds) {
		return from
	}
	for i := range olds {
		if from[i] == nil && !used[i] {
			from[i] = olds[i]
		}
	}
	return from
}
