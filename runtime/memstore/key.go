package memstore

import (
	"encoding/base64"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// words is a key in fixed size. The runtime's keys are 32 bytes in 43 characters
// of base64url; these are the 32 bytes. Of any other key it is a hash, and the
// key itself stands in the record's box.
type words [4]uint64

// ident is a key on its way to its record.
type ident struct {
	words words
	hash  uint64
	any   bool   // whatever has the words
	plain bool   // words are not the key, text is
	text  string // of a plain key
}

// ident returns where key belongs.
func (s *Store) ident(key string) ident {
	w, ok := decode(key)
	if ok {
		return ident{words: w, hash: s.hash(w)}
	}
	w = words{
		maphash.String(s.seeds.first, key),
		maphash.String(s.seeds.second, key),
		uint64(len(key)),
	}
	return ident{words: w, hash: s.hash(w), plain: true, text: key}
}

// hash spreads words over shards, positions and tags. The words are a hash as a
// rule, but other tokens may have other keys.
func (s *Store) hash(w words) uint64 {
	hi, lo := bits.Mul64(w[0]^s.seeds.words[0], w[1]^w[2]^w[3]^s.seeds.words[1])
	return hi ^ lo
}

// string returns the key of which w are the words.
func (w words) string() string {
	var b [32]byte
	for i, x := range w {
		binary.BigEndian.PutUint64(b[i*8:], x)
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

const invalid = 0xff

// digits is the value of each character of base64url.
var digits = func() (d [256]uint8) {
	for i := range d {
		d[i] = invalid
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range len(alphabet) {
		d[alphabet[i]] = uint8(i)
	}
	return d
}()

// decode returns the 32 bytes that key is the base64url of. It takes the one
// canonical form alone, so that no two keys have the same words. It takes half
// as long as encoding/base64, which would be a third of a look-up.
func decode(key string) (w words, ok bool) {
	if len(key) != 43 {
		return w, false
	}
	var v [5]uint64 // 48 bits each
	var bad uint8
	for i := range 5 {
		k := key[i*8 : i*8+8]
		d0, d1, d2, d3 := digits[k[0]], digits[k[1]], digits[k[2]], digits[k[3]]
		d4, d5, d6, d7 := digits[k[4]], digits[k[5]], digits[k[6]], digits[k[7]]
		bad |= d0 | d1 | d2 | d3 | d4 | d5 | d6 | d7
		v[i] = uint64(d0)<<42 | uint64(d1)<<36 | uint64(d2)<<30 | uint64(d3)<<24 |
			uint64(d4)<<18 | uint64(d5)<<12 | uint64(d6)<<6 | uint64(d7)
	}
	d0, d1, d2 := digits[key[40]], digits[key[41]], digits[key[42]]
	bad |= d0 | d1 | d2 | d2<<6 // the last two bits are padding
	if bad&0xc0 != 0 {
		return w, false
	}
	return words{
		v[0]<<16 | v[1]>>32,
		v[1]<<32 | v[2]>>16,
		v[2]<<48 | v[3],
		v[4]<<16 | uint64(d0)<<10 | uint64(d1)<<4 | uint64(d2)>>2,
	}, true
}
