package storetest

import (
	"bytes"
	"strings"

	"github.com/sessiongen/sessiongen/runtime"
)

var dataChecks = []check{
	{"BinaryData", func(k *kit) {
		r := runtime.Record{}
		for _, size := range []int{0, 1, 31, 32, 33, 255, 256, 4096, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1 << 20} {
			data := make([]byte, size)
			for i := range data {
				data[i] = byte(i + i>>8)
			}
			key := "created" + strings.Repeat("x", size%7)
			created := k.record(string(data), k.later())
			if err := k.records.Create(k.ctx, key, created); err != nil {
				k.Errorf("Create with %d bytes: %v", size, err)
				continue
			}
			k.wantRecord(key, created)
			k.want(k.records.Delete(k.ctx, key, created), nil, "Delete with %d bytes", size)

			updated := k.record(string(data), k.later())
			if r.Stamp == 0 {
				k.create("updated", updated)
			} else {
				k.want(k.records.Update(k.ctx, "updated", r, updated), nil, "Update to %d bytes", size)
			}
			r = updated
			k.wantRecord("updated", r)
		}
		small := k.record("\x00", k.later())
		k.want(k.records.Update(k.ctx, "updated", r, small), nil, "Update back to one byte")
		k.wantRecord("updated", small)
	}},
	{"DataIsImmutable", func(k *kit) {
		first := k.record(strings.Repeat("first ", 20), k.later())
		given := bytes.Clone(first.Data)
		k.create("a", first)
		loaded, err := k.records.Load(k.ctx, "a")
		k.want(err, nil, "Load")
		second := k.record(strings.Repeat("second", 20), k.later())
		k.want(k.records.Update(k.ctx, "a", first, second), nil, "Update")
		touched := second
		touched.Expires = k.later()
		k.want(k.records.Touch(k.ctx, "a", second, touched.Expires), nil, "Touch")
		second = touched
		k.wantRecord("a", second)
		k.want(k.records.Delete(k.ctx, "a", second), nil, "Delete")
		k.create("b", k.record(strings.Repeat("third ", 20), k.later()))
		if _, err := k.records.Load(k.ctx, "b"); err != nil {
			k.Errorf("Load: %v", err)
		}
		if !bytes.Equal(loaded.Data, given) {
			k.Errorf("the data of a loaded record has become %s: data is immutable", brief(loaded.Data))
		}
		if !bytes.Equal(first.Data, given) {
			k.Errorf("the data given to Create has become %s: data is immutable", brief(first.Data))
		}
	}},
	{"Keys", func(k *kit) {
		// 43 characters of base64url are the usual key; the last of them has
		// two bits that decoders ignore.
		usual := "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCg"
		keys := []string{
			usual + "g", usual + "h", strings.ToLower(usual + "g"), usual, usual + "g=", usual + "+", usual + "\n",
			"sess:abc", "sess:ABC", "sess:abc ", " sess:abc", "sess:", "sess*", "sess%", "sess_", "sess:a?c", "sess:[abc]",
			"s:e:s:s/../x", "a'b\"c`d\\e", "{tag}key", "ä", "a\u0308", "日本語", "\x7f", "-1", "0", "00", "1e3", "null",
			strings.Repeat("k", 127), strings.Repeat("k", 128), strings.Repeat("k", 127) + "K",
		}
		want := make(map[string]runtime.Record)
		for _, key := range keys {
			r := k.record(key, k.later())
			if err := k.records.Create(k.ctx, key, r); err != nil {
				k.Errorf("Create %q: %v", key, err)
				continue
			}
			want[key] = r
		}
		for key, r := range want {
			k.wantRecord(key, r)
		}
		if _, ok := k.records.(runtime.Lister); ok {
			k.wantListed(keys...)
		}
		for i, key := range keys {
			r := want[key]
			k.want(k.records.Delete(k.ctx, key, r), nil, "Delete %q", key)
			k.wantGone(key)
			if i+1 < len(keys) {
				k.wantRecord(keys[i+1], want[keys[i+1]])
			}
		}
	}},
}
