package nodejson

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"reflect"
	"slices"
	"strconv"
)

// readValue fills v, which is settable and zero, from a text known to be valid,
// and tells whether it fits; if it does not v is left as it happens to be.
func readValue(text []byte, v reflect.Value) bool {
	switch planOf(v.Type()).form {
	case timeForm:
		t, ok := readTime(text)
		v.Set(reflect.ValueOf(t))
		return ok
	case durationForm:
		d, ok := readDuration(text)
		v.SetInt(int64(d))
		return ok
	case textForm:
		return kindOf(text) == '"' && v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(unquote(text))) == nil
	case binaryForm:
		raw, ok := readBytes(text)
		return ok && v.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(raw) == nil
	case bytesForm:
		return readBytesInto(text, v)
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(string(text) == "true")
		return kindOf(text) == 't'
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := readInt(text)
		v.SetInt(n)
		return ok && v.Int() == n
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, ok := readUint(text)
		v.SetUint(n)
		return ok && v.Uint() == n
	case reflect.Float32, reflect.Float64:
		x, ok := readFloat(text)
		v.SetFloat(x)
		return ok && v.Float() == x
	case reflect.String:
		if kindOf(text) != '"' {
			return false
		}
		v.SetString(unquote(text))
		return true
	case reflect.Pointer:
		if kindOf(text) == 'n' {
			return true
		}
		p := reflect.New(v.Type().Elem())
		v.Set(p)
		return readValue(text, p.Elem())
	case reflect.Slice:
		return readSlice(text, v)
	case reflect.Array:
		return readArray(text, v)
	case reflect.Map:
		return readMap(text, v)
	case reflect.Struct:
		return readStruct(text, v)
	}
	return false
}

func readSlice(text []byte, v reflect.Value) bool {
	if kindOf(text) != '[' {
		return kindOf(text) == 'n'
	}
	n := 0
	eachElement(text, func([]byte) { n++ })
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	fits, i := true, 0
	eachElement(text, func(value []byte) {
		fits = fits && readValue(value, v.Index(i))
		i++
	})
	return fits
}

func readArray(text []byte, v reflect.Value) bool {
	if kindOf(text) != '[' {
		return false
	}
	fits, n := true, 0
	eachElement(text, func(value []byte) {
		fits = fits && n < v.Len() && readValue(value, v.Index(n))
		n++
	})
	return fits && n == v.Len()
}

func readMap(text []byte, v reflect.Value) bool {
	if kindOf(text) != '{' {
		return kindOf(text) == 'n'
	}
	t := v.Type()
	m, fits := reflect.MakeMap(t), true
	eachMember(text, func(name, value []byte) {
		if !fits {
			return
		}
		key, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if fits = readKey(unquote(name), key) && readValue(value, e); fits {
			m.SetMapIndex(key, e)
		}
	})
	v.Set(m)
	return fits
}

// readKey reads a map's key from the name that [keyName] gives it.
func readKey(name string, v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.String:
		v.SetString(name)
		return true
	case v.CanInt():
		n, err := strconv.ParseInt(name, 10, 64)
		v.SetInt(n)
		return err == nil && v.Int() == n && strconv.FormatInt(n, 10) == name
	case v.CanUint():
		n, err := strconv.ParseUint(name, 10, 64)
		v.SetUint(n)
		return err == nil && v.Uint() == n && strconv.FormatUint(n, 10) == name
	}
	return false
}

// readStruct reads the members that the struct knows; a column that is not
// there, or undefined in JavaScript, is its type's zero value.
func readStruct(text []byte, v reflect.Value) bool {
	if kindOf(text) != '{' {
		return false
	}
	// Of a name that is there twice the last value counts, whether or not the
	// others fit.
	p := planOf(v.Type())
	fits := make([]bool, 0, 16)
	for range p.columns {
		fits = append(fits, true)
	}
	eachMember(text, func(name, value []byte) {
		if i := p.column(name); i >= 0 {
			field := v.FieldByIndex(p.columns[i].index)
			field.SetZero()
			fits[i] = readValue(value, field)
		}
	})
	return !slices.Contains(fits, false)
}

// column returns which column a member of that quoted name is, -1 for none.
func (p *plan) column(quoted []byte) int {
	bare := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(bare, '\\') >= 0 {
		bare = []byte(unquote(quoted))
	}
	for i := range p.columns {
		if p.columns[i].name == string(bare) {
			return i
		}
	}
	return -1
}

// readBytes reads base64, padded or not, or what JSON.stringify makes of a Buffer.
func readBytes(text []byte) ([]byte, bool) {
	switch kindOf(text) {
	case '"':
		s := unquote(text)
		raw, err := base64.StdEncoding.Strict().DecodeString(s)
		return raw, err == nil
	case '{':
		return readBuffer(text)
	}
	return nil, false
}

// readBuffer reads {"type":"Buffer","data":[...]}.
func readBuffer(text []byte) ([]byte, bool) {
	o := parseObject(text)
	data := o.Get("data")
	if string(o.Get("type")) != `"Buffer"` || data == nil || kindOf(data) != '[' {
		return nil, false
	}
	raw, fits := []byte{}, true
	eachElement(data, func(value []byte) {
		n, err := strconv.ParseUint(string(value), 10, 8)
		fits = fits && err == nil
		raw = append(raw, byte(n))
	})
	return raw, fits
}

func readBytesInto(text []byte, v reflect.Value) bool {
	if v.Kind() == reflect.Slice && kindOf(text) == 'n' {
		return true
	}
	raw, ok := readBytes(text)
	if !ok {
		return false
	}
	if v.Kind() == reflect.Array {
		if len(raw) != v.Len() {
			return false
		}
		reflect.Copy(v, reflect.ValueOf(raw).Convert(reflect.SliceOf(v.Type().Elem())))
		return true
	}
	v.Set(reflect.ValueOf(raw).Convert(v.Type()))
	return true
}
