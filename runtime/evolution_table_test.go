package runtime_test

import (
	"math/big"
	"net/netip"
	"time"

	"github.com/sessiongen/sessiongen/runtime/internal/evolve/after"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/before"
)

// The sessions of both versions, for method expressions.
type (
	old    = before.Session
	recent = after.Session
)

// evolutions are the changes from package before to package after.
var evolutions = []evolution{
	special("Added", "field-added", false, addedField),
	special("Removed", "field-removed", true, removedField),
	special("Found", "field-removed", true, removedIndex),
	special("Dropped", "field-dropped", true, droppedField),
	changed("Style", "field-renamed", "x", "x", "y", "y", (*old).SetLook, (*old).Look, (*recent).SetStyle, (*recent).Style),
	changed("Back", "field-renamed", "x", "x", "y", "y", (*old).SetBack, (*old).Back, (*recent).SetBack, (*recent).Back),
	special("Hue", "wire-name-changed", true, changedWireName),
	special("Skin", "wire-name-changed", true, changedWireNameAndDropped),
	changed("Shade", "was-removed", "x", "x", "y", "y", (*old).SetShade, (*old).Shade, (*recent).SetShade, (*recent).Shade).loses(removedWas),
	changed("Ground", "was-removed", "x", "x", "y", "y", (*old).SetGround, (*old).Ground, (*recent).SetGround, (*recent).Ground).loses(droppedWas),
	changed("Cover", "was-added", "x", "x", "y", "y", (*old).SetCover, (*old).Cover, (*recent).SetCover, (*recent).Cover),
	special("Left", "fields-merged", true, mergedFields),
	special("Right", "field-removed", true, mergedFields),
	special("Reused", "field-added name-reused", true, reusedName),
	special("foreign", "name-dropped", true, droppedName),
	special("oldest", "drop-removed", false, undroppedName),

	changed("Int8", "type-widened", int8(7), 7, 9, int8(9), (*old).SetInt8, (*old).Int8, (*recent).SetInt8, (*recent).Int8),
	changed("Uint32", "type-widened", uint32(300), int64(300), int64(301), uint32(301), (*old).SetUint32, (*old).Uint32, (*recent).SetUint32, (*recent).Uint32),
	changed("Float32", "type-widened", float32(1.5), 1.5, 2.5, float32(2.5), (*old).SetFloat32, (*old).Float32, (*recent).SetFloat32, (*recent).Float32),
	changed("Int32", "type-widened", int32(7), 7.0, 2.5, int32(0), (*old).SetInt32, (*old).Int32, (*recent).SetInt32, (*recent).Int32),
	changed("Plain", "type-widened", "x", new("x"), new("y"), "y", (*old).SetPlain, (*old).Plain, (*recent).SetPlain, (*recent).Plain),
	changed("Addr", "type-widened", netip.MustParseAddr("1.2.3.4"), []byte{1, 2, 3, 4}, []byte{5, 6, 7, 8}, netip.MustParseAddr("5.6.7.8"), (*old).SetAddr, (*old).Addr, (*recent).SetAddr, (*recent).Addr),
	changed("Big", "type-widened", *big.NewInt(12), "12", "13", *big.NewInt(13), (*old).SetBig, (*old).Big, (*recent).SetBig, (*recent).Big),
	changed("Array", "type-widened", [4]byte{1, 2, 3, 4}, []byte{1, 2, 3, 4}, []byte{5, 6, 7, 8}, [4]byte{5, 6, 7, 8}, (*old).SetArray, (*old).Array, (*recent).SetArray, (*recent).Array),
	changed("List", "type-widened", []int8{1}, []int{1}, []int{2}, []int8{2}, (*old).SetList, (*old).List, (*recent).SetList, (*recent).List),
	changed("Counts", "type-widened", map[int8]uint8{1: 2}, map[int]float32{1: 2}, map[int]float32{1: 2.5}, map[int8]uint8(nil), (*old).SetCounts, (*old).Counts, (*recent).SetCounts, (*recent).Counts),
	changed("Fixed", "type-widened", [2]string{"a", "b"}, []string{"a", "b"}, []string{"c", "d"}, [2]string{"c", "d"}, (*old).SetFixed, (*old).Fixed, (*recent).SetFixed, (*recent).Fixed),
	changed("Lines", "type-widened", []before.Line{{N: 1}}, []*after.Line{{N: 1}}, []*after.Line{{N: 2}}, []before.Line{{N: 2}}, (*old).SetLines, (*old).Lines, (*recent).SetLines, (*recent).Lines),

	changed("Int64", "type-narrowed", int64(300), int8(0), int8(5), int64(5), (*old).SetInt64, (*old).Int64, (*recent).SetInt64, (*recent).Int64),
	changed("Signed", "type-narrowed", -1, uint(0), uint(5), 5, (*old).SetSigned, (*old).Signed, (*recent).SetSigned, (*recent).Signed),
	changed("Uint64", "type-narrowed", uint64(1<<63), int64(0), int64(5), uint64(5), (*old).SetUint64, (*old).Uint64, (*recent).SetUint64, (*recent).Uint64),
	changed("Float64", "type-narrowed", 0.1, float32(0), float32(0.5), 0.5, (*old).SetFloat64, (*old).Float64, (*recent).SetFloat64, (*recent).Float64),
	changed("Long", "type-narrowed", int64(1<<53+1), 0.0, 2.5, int64(0), (*old).SetLong, (*old).Long, (*recent).SetLong, (*recent).Long),
	changed("Maybe", "type-narrowed", (*int)(nil), 0, 5, new(5), (*old).SetMaybe, (*old).Maybe, (*recent).SetMaybe, (*recent).Maybe),
	changed("Slice", "type-narrowed", []string{"a"}, [2]string{}, [2]string{"c", "d"}, []string{"c", "d"}, (*old).SetSlice, (*old).Slice, (*recent).SetSlice, (*recent).Slice),
	changed("Number", "type-narrowed", "many", big.Int{}, *big.NewInt(13), "13", (*old).SetNumber, (*old).Number, (*recent).SetNumber, (*recent).Number),
	changed("Raw", "type-narrowed", []byte{1}, netip.Addr{}, netip.MustParseAddr("5.6.7.8"), []byte{5, 6, 7, 8}, (*old).SetRaw, (*old).Raw, (*recent).SetRaw, (*recent).Raw),

	changed("Changed", "type-changed", 7, "", "y", 0, (*old).SetChanged, (*old).Changed, (*recent).SetChanged, (*recent).Changed),
	changed("Ints", "type-changed", []int{1}, []string(nil), []string{"a"}, []int(nil), (*old).SetInts, (*old).Ints, (*recent).SetInts, (*recent).Ints),
	changed("Pair", "type-changed", [2]int{1, 2}, [3]int{}, [3]int{1, 2, 3}, [2]int{}, (*old).SetPair, (*old).Pair, (*recent).SetPair, (*recent).Pair),
	changed("Truth", "type-changed", map[string]int{"a": 1}, map[string]bool(nil), map[string]bool{"a": true}, map[string]int(nil), (*old).SetTruth, (*old).Truth, (*recent).SetTruth, (*recent).Truth),
	changed("At", "type-changed", time.Unix(5, 0).UTC(), int64(0), int64(5), time.Time{}, (*old).SetAt, (*old).At, (*recent).SetAt, (*recent).At),
	changed("Real", "type-changed", 1.0, 0, 5, 5.0, (*old).SetReal, (*old).Real, (*recent).SetReal, (*recent).Real),
	changed("Four", "type-changed", [4]byte{1}, [5]byte{}, [5]byte{2}, [4]byte{}, (*old).SetFour, (*old).Four, (*recent).SetFour, (*recent).Four),

	changed("Team", "type-widened index-reencoded", uint32(300), int64(300), int64(301), uint32(301), (*old).SetTeam, (*old).Team, (*recent).SetTeam, (*recent).Team).loses(reencodedIndex),
	changed("Org", "type-widened", int32(300), int64(300), int64(301), int32(301), (*old).SetOrg, (*old).Org, (*recent).SetOrg, (*recent).Org).also(widenedIndex),

	changed("Grown", "column-added", before.Grown{A: 1}, after.Grown{A: 1}, after.Grown{A: 2, B: "y"}, before.Grown{A: 2}, (*old).SetGrown, (*old).Grown, (*recent).SetGrown, (*recent).Grown),
	changed("Shrunk", "column-removed", []before.Shrunk{{A: 1, B: "x"}}, []after.Shrunk{{A: 1}}, []after.Shrunk{{A: 2}}, []before.Shrunk{{A: 2}}, (*old).SetShrunk, (*old).Shrunk, (*recent).SetShrunk, (*recent).Shrunk).loses(nil),
	changed("Wide", "column-widened", map[string]before.Wide{"a": {A: 1}}, map[string]after.Wide{"a": {A: 1}}, map[string]after.Wide{"a": {A: 300}}, map[string]before.Wide(nil), (*old).SetWide, (*old).Wide, (*recent).SetWide, (*recent).Wide),
	changed("Narrow", "column-narrowed", before.Narrow{A: 300, B: "x"}, after.Narrow{}, after.Narrow{A: 5, B: "y"}, before.Narrow{A: 5, B: "y"}, (*old).SetNarrow, (*old).Narrow, (*recent).SetNarrow, (*recent).Narrow),
	changed("Other2", "column-changed", before.Retyped{A: 1, B: "x"}, after.Retyped{}, after.Retyped{A: true, B: "y"}, before.Retyped{}, (*old).SetOther2, (*old).Other2, (*recent).SetOther2, (*recent).Other2),

	changed("Indexed", "index-added", "x", "x", "y", "y", (*old).SetIndexed, (*old).Indexed, (*recent).SetIndexed, (*recent).Indexed).also(addedIndex),
	changed("Bare", "index-removed", "x", "x", "y", "y", (*old).SetBare, (*old).Bare, (*recent).SetBare, (*recent).Bare).also(bareIndex),
	special("User", "index-added principal-changed", false, addedPrincipal),
	changed("Notice", "flash-changed", "x", "x", "y", "y", (*old).SetNotice, (*old).Notice, (*recent).SetNotice, (*recent).TakeNotice),
	changed("Seen", "flash-changed", "x", "x", "y", "y", (*old).SetSeen, (*old).TakeSeen, (*recent).SetSeen, (*recent).Seen),
	changed("Token", "redact-changed", "x", "x", "y", "y", (*old).SetToken, (*old).Token, (*recent).SetToken, (*recent).Token),
	changed("Lapses", "ttl-changed", "x", "x", "y", "y", (*old).SetLapses, (*old).Lapses, (*recent).SetLapses, (*recent).Lapses).also(addedTTL),
	changed("Lasts", "ttl-changed", "x", "x", "y", "y", (*old).SetLasts, (*old).Lasts, (*recent).SetLasts, (*recent).Lasts).also(removedTTL),
	changed("Sooner", "ttl-changed", "x", "x", "y", "y", (*old).SetSooner, (*old).Sooner, (*recent).SetSooner, (*recent).Sooner).also(shortenedTTL),
	changed("Theme", "default-changed", "x", "x", "y", "y", (*old).SetTheme, (*old).Theme, (*recent).SetTheme, (*recent).Theme).also(changedDefault),
	changed("Language", "default-changed", "x", "x", "y", "y", (*old).SetLanguage, (*old).Language, (*recent).SetLanguage, (*recent).Language),
}
