package cookiestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
)

// TestRotation goes through the steps of the package comment, with servers of
// two neighbouring steps at work at once: at no step does a session end.
func TestRotation(t *testing.T) {
	before, after := runtime.GenerateKey(), runtime.GenerateKey()
	steps := []struct {
		name  string
		keys  []runtime.Key
		seals runtime.Key
	}{
		{"old", []runtime.Key{before}, before},
		{"old,new", []runtime.Key{before, after}, before},
		{"new,old", []runtime.Key{after, before}, after},
		{"new", []runtime.Key{after}, after},
	}
	for i, sealing := range steps {
		for j, opening := range steps {
			token := seal(t, bind(t, "session", sealing.keys...), []byte("data"))
			data, reseal, err := bind(t, "session", opening.keys...).Open(token)
			known := false
			for _, key := range opening.keys {
				known = known || key.Equal(sealing.seals)
			}
			switch {
			case known != (err == nil), known && string(data) != "data":
				t.Errorf("sealed by %s, opened by %s: %q, %v", sealing.name, opening.name, data, err)
			case known && reseal == opening.seals.Equal(sealing.seals):
				t.Errorf("sealed by %s, opened by %s: reseal is %v", sealing.name, opening.name, reseal)
			case !known && !errors.Is(err, errKey):
				t.Errorf("sealed by %s, opened by %s: %v", sealing.name, opening.name, err)
			}
			if neighbours := i-j <= 1 && j-i <= 1; neighbours && !known {
				t.Errorf("sealed by %s, the session ended at %s", sealing.name, opening.name)
			}
		}
	}
}

// Key ids have three bytes: keys that share one all get their try.
func TestSameKeyID(t *testing.T) {
	ids := map[[3]byte]runtime.Key{}
	for n := uint64(1); ; n++ {
		var secret [32]byte
		binary.BigEndian.PutUint64(secret[:], n)
		a, err := runtime.ParseKey(fmt.Sprintf("%x", secret))
		if err != nil {
			t.Fatal(err)
		}
		b, found := ids[a.ID()]
		if !found {
			ids[a.ID()] = a
			continue
		}
		t.Logf("keys %v and %v after %d", a, b, n)
		first, second := bind(t, "session", a), bind(t, "session", b)
		both := bind(t, "session", a, b)
		if data, reseal, err := both.Open(seal(t, first, []byte("first"))); string(data) != "first" || reseal || err != nil {
			t.Errorf("opened %q, %v, %v", data, reseal, err)
		}
		if data, reseal, err := both.Open(seal(t, second, []byte("second"))); string(data) != "second" || !reseal || err != nil {
			t.Errorf("opened %q, %v, %v", data, reseal, err)
		}
		if _, _, err := first.Open(seal(t, second, []byte("second"))); !errors.Is(err, errOpen) {
			t.Errorf("opened with another key of the same id: %v", err)
		}
		return
	}
}

func TestBindErrors(t *testing.T) {
	key := runtime.GenerateKey()
	for want, keys := range map[string][]runtime.Key{
		"sessiongen: cookiestore.New: no session key; generate one with: sessiongen keygen": nil,
		"session key 1 of 1 is the zero Key":                                                {{}},
		"session key 2 of 2 is the zero Key":                                                {key, {}},
		"session keys 1 and 2 of 2 are the same":                                            {key, key},
	} {
		parts, err := New(keys...).Bind(runtime.Setup{Cookie: "session"})
		var config *runtime.ConfigError
		if parts.Sealer != nil || !errors.As(err, &config) || !strings.Contains(err.Error(), want) {
			t.Errorf("%d keys: %v, want %q", len(keys), err, want)
		}
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	key := runtime.GenerateKey()
	store := New(key)
	parts, err := store.Bind(runtime.Setup{Cookie: "session"})
	if err != nil {
		t.Fatal(err)
	}
	derived := key.Derive("cookiestore")
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		text := fmt.Sprintf(format, store) + fmt.Sprintf(format, parts) + fmt.Sprintf(format, parts.Sealer)
		for _, secret := range [][32]byte{derived, reveal(t, key)} {
			for _, leak := range []string{"%v", "%x", "%s", "%#v"} {
				leak := strings.Trim(fmt.Sprintf(leak, secret[:]), "[]")
				if strings.Contains(text, leak) {
					t.Errorf("%s prints a key", format)
				}
			}
		}
	}
}
