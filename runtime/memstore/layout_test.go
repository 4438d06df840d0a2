package memstore

import (
	"testing"
	"unsafe"
)

func TestLayout(t *testing.T) {
	for name, is := range map[string][2]uintptr{
		"entry": {unsafe.Sizeof(entry{}), 56},
		"chunk": {unsafe.Sizeof(chunk{}) + 8, 4096},
		"shard": {unsafe.Sizeof(shard{}), 128},
	} {
		if is[0] != is[1] {
			t.Errorf("a %s takes %d bytes instead of %d: see its comment", name, is[0], is[1])
		}
	}
}
