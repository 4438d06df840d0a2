package cookiestore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/cookiestore"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/newer"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/older"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// parts are what a store offers to a manager.
type parts struct {
	runtime.Parts
	err error
}

func (p parts) Bind(runtime.Setup) (runtime.Parts, error) { return p.Parts, p.err }

// TestWrongRevocation: each mistake is an error of the manager's constructor that
// names the setting and the way out.
func TestWrongRevocation(t *testing.T) {
	sealed := cookiestore.New(runtime.GenerateKey())
	list := memstore.New(memstore.RejectWhenFull())
	defer list.Close()
	closed := memstore.New(memstore.RejectWhenFull())
	closed.Close()
	for name, c := range map[string]struct {
		store   runtime.Store
		setting string
		wants   []string
	}{
		"nil list":           {sealed.RevokeIn(nil), "cookiestore.RevokeIn", []string{"is nil", "memstore.New"}},
		"a list of seals":    {sealed.RevokeIn(sealed), "cookiestore.RevokeIn", []string{"*cookiestore.Store keeps no records", "memstore"}},
		"a list of others":   {sealed.RevokeIn(parts{runtime.Parts{Records: list, Format: format{}}, nil}), "cookiestore.RevokeIn", []string{"no records of ours"}},
		"a list that fails":  {sealed.RevokeIn(parts{err: errors.New("no such host")}), "", []string{"cookiestore.RevokeIn: no such host"}},
		"a closed list":      {sealed.RevokeIn(closed), "", []string{"cookiestore.RevokeIn", "closed"}},
		"a list that evicts": {sealed.RevokeIn(memstore.New()), "cookiestore.RevokeIn", []string{"live again", "RejectWhenFull"}},
		"nil function":       {cookiestore.NotBefore[shop.Session](sealed, nil), "cookiestore.NotBefore", []string{"is nil", "leave the call out"}},
		"another session": {cookiestore.NotBefore(sealed, func(context.Context, *older.Session) (time.Time, error) { return time.Time{}, nil }),
			"cookiestore.NotBefore", []string{"older.Session", "shop.Session"}},
		"no key":               {cookiestore.New().RevokeIn(list), "cookiestore.New", []string{"sessiongen keygen"}},
		"records with a list":  {parts{runtime.Parts{Records: list, Revoked: list}, nil}, "store", []string{"without a Sealer"}},
		"a format with a list": {parts{runtime.Parts{Sealer: sealer{}, Format: format{}, Revoked: list}, nil}, "store", []string{"with a Format", "cookiestore"}},
	} {
		_, err := shop.NewSessions(c.store, runtime.Config{AllowMissingIndex: true})
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		var config *runtime.ConfigError
		if c.setting != "" && (!errors.As(err, &config) || config.Setting != c.setting) {
			t.Errorf("%s: %v, want an error of %s", name, err, c.setting)
		}
		for _, want := range c.wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", name, err, want)
			}
		}
	}
	// Neither call changes the store that it was made on.
	if _, err := shop.NewSessions(sealed, runtime.Config{AllowMissingIndex: true}); err != nil {
		t.Error(err)
	}
	// The session type is the manager's, not one of the same shape.
	store := cookiestore.NotBefore(sealed, func(context.Context, *newer.Session) (time.Time, error) { return time.Time{}, nil })
	if _, err := newer.NewSessions(store, runtime.Config{AllowMissingIndex: true}); err != nil {
		t.Error(err)
	}
}

type format struct{ runtime.Format }

type sealer struct{ runtime.Sealer }
