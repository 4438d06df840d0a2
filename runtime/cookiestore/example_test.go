package cookiestore_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

func ExampleNew() {
	// The deployment sets it, to what "sessiongen keygen" printed once.
	os.Setenv("SESSION_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")

	key, err := runtime.ParseKey(os.Getenv("SESSION_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	store := cookiestore.New(key)
	// sessions, err := shop.NewSessions(store, runtime.Config{})

	_ = store
	fmt.Println("sealing with", key) // a key prints as its id
	// Output:
	// sealing with Key(73c4d6)
}

// A key is replaced in three roll-outs, each of which changes one variable. Old
// sessions open at each, and are sealed anew from the second on.
func ExampleNew_rotation() {
	before, after := runtime.GenerateKey().Reveal(), runtime.GenerateKey().Reveal()
	sealer := func(keys string) runtime.Sealer {
		ring, err := runtime.ParseKeyring(keys)
		if err != nil {
			log.Fatal(err)
		}
		parts, err := cookiestore.New(ring...).Bind(runtime.Setup{Cookie: "session"})
		if err != nil {
			log.Fatal(err)
		}
		return parts.Sealer
	}

	token, err := sealer(before).Seal(nil, []byte("a session"))
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range []struct{ name, keys string }{
		{"1. old,new", before + "," + after},
		{"2. new,old", after + "," + before},
		{"3. new", after},
	} {
		data, reseal, err := sealer(step.keys).Open(string(token))
		fmt.Printf("%-10s  %q  seal anew: %v  %v\n", step.name, data, reseal, err)
	}
	// Output:
	// 1. old,new  "a session"  seal anew: false  <nil>
	// 2. new,old  "a session"  seal anew: true  <nil>
	// 3. new      ""  seal anew: false  cookiestore: the token was sealed with a key that is not in the keyring: session not found
}

// Of a secret text instead of a key.
func ExampleNew_deriveKey() {
	key, err := runtime.DeriveKey("the long secret text of this deployment", "shop 2026 sessions")
	if err != nil {
		log.Fatal(err)
	}
	parts, err := cookiestore.New(key).Bind(runtime.Setup{Cookie: "session"})
	fmt.Println(parts.Sealer != nil, err)
	// Output:
	// true <nil>
}

// A logout that stays done, and "log out everywhere else", with sealed cookies.
func ExampleStore_RevokeIn() {
	list := memstore.New(memstore.RejectWhenFull()) // or a store that all processes reach
	defer list.Close()
	store := cookiestore.New(runtime.GenerateKey()).RevokeIn(list)
	sessions, err := shop.NewSessions(store, runtime.Config{AllowMissingIndex: true})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	s, err := sessions.Create(ctx, func(s *shop.Session) error { s.SetUserID("ann"); return nil })
	if err != nil {
		log.Fatal(err)
	}
	token := sessions.Token(s)

	_, err = sessions.Open(ctx, token)
	fmt.Println("opens:", err == nil)
	if _, err := sessions.DestroyByUserID(ctx, "ann"); err != nil {
		log.Fatal(err)
	}
	_, err = sessions.Open(ctx, token)
	fmt.Println("opens:", err == nil)
	// Output:
	// opens: true
	// opens: false
}
