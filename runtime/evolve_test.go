package runtime_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/newer"
	"github.com/sessiongen/sessiongen/runtime/internal/evolve/older"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// versions are two releases of one application that run side by side on one
// store, for one session.
type versions struct {
	t     *testing.T
	clock *clock
	logs  *logs
	store *memstore.Store
	old   *older.Sessions
	new   *newer.Sessions
	id    string
}

func bothVersions(t *testing.T) *versions {
	v := &versions{t: t, clock: newClock(), logs: &logs{}, store: newMemory(t)}
	cfg := sess.Config{Now: v.clock.Now, Logger: slog.New(slog.NewTextHandler(v.logs, nil))}
	var err error
	if v.old, err = older.NewSessions(v.store, cfg); err != nil {
		t.Fatal(err)
	}
	if v.new, err = newer.NewSessions(v.store, cfg); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *versions) inOld(f func(*older.Session)) {
	v.t.Helper()
	if v.id == "" {
		s, err := v.old.Create(ctx(), func(s *older.Session) error { f(s); return nil })
		if err != nil {
			v.t.Fatal(err)
		}
		v.id = s.ID()
		return
	}
	if err := v.old.Update(ctx(), v.id, func(s *older.Session) error { f(s); return nil }); err != nil {
		v.t.Fatal(err)
	}
}

func (v *versions) inNew(f func(*newer.Session)) {
	v.t.Helper()
	if v.id == "" {
		s, err := v.new.Create(ctx(), func(s *newer.Session) error { f(s); return nil })
		if err != nil {
			v.t.Fatal(err)
		}
		v.id = s.ID()
		return
	}
	if err := v.new.Update(ctx(), v.id, func(s *newer.Session) error { f(s); return nil }); err != nil {
		v.t.Fatal(err)
	}
}

func (v *versions) is(what string, got, want any) {
	v.t.Helper()
	if !equal(got, want) {
		v.t.Errorf("%s = %#v, want %#v", what, got, want)
	}
}

func TestWidenedField(t *testing.T) {
	v := bothVersions(t)
	v.inOld(func(s *older.Session) { s.SetVisits(7) })
	v.inNew(func(s *newer.Session) { v.is("Visits", s.AddVisits(1), int64(8)) })
	v.inOld(func(s *older.Session) { v.is("Visits", s.AddVisits(1), int32(9)) })
	v.inNew(func(s *newer.Session) { s.SetVisits(1 << 40) })
	v.inOld(func(s *older.Session) { v.is("a value that does not fit", s.HasVisits(), false); s.SetTeam("x") })
	v.inNew(func(s *newer.Session) { v.is("Visits", s.Visits(), int64(1<<40)) })
	v.inOld(func(s *older.Session) { s.SetVisits(3) })
	v.inNew(func(s *newer.Session) { v.is("Visits", s.Visits(), int64(3)) })
}

func TestAddedFieldIsKeptByOlderPrograms(t *testing.T) {
	v := bothVersions(t)
	at := v.clock.Now()
	v.inNew(func(s *newer.Session) { s.SetAdded("a"); s.SetAddedAt(at) })
	v.inOld(func(s *older.Session) { s.AddVisits(1) })
	v.inNew(func(s *newer.Session) {
		v.is("Added", s.Added(), "a")
		v.is("AddedAt", s.AddedAt(), at)
		v.is("Visits", s.Visits(), int64(1))
	})
}

func TestRenamedField(t *testing.T) {
	v := bothVersions(t)
	v.inOld(func(s *older.Session) { s.SetLook("bold") })
	v.inNew(func(s *newer.Session) { v.is("Style", s.Style(), "bold"); s.AddVisits(1) })
	v.inOld(func(s *older.Session) { v.is("Look", s.Look(), "bold"); s.SetLook("plain") })
	v.inNew(func(s *newer.Session) { v.is("Style", s.Style(), "plain"); s.SetStyle("thin") })
	v.inOld(func(s *older.Session) { v.is("Look", s.Look(), "thin") })
	v.inNew(func(s *newer.Session) { s.ClearStyle() })
	v.inOld(func(s *older.Session) { v.is("HasLook", s.HasLook(), false) })
}

func TestRetypedFieldStaysUntilItIsSet(t *testing.T) {
	v := bothVersions(t)
	v.inOld(func(s *older.Session) { s.SetScore(5) })
	v.inNew(func(s *newer.Session) { v.is("HasScore", s.HasScore(), false); s.AddVisits(1) })
	v.inOld(func(s *older.Session) { v.is("Score", s.Score(), 5) })
	v.inNew(func(s *newer.Session) { v.is("Score", s.Score(), []string(nil)); s.AppendScore("a") })
	v.inNew(func(s *newer.Session) { v.is("Score", s.Score(), []string{"a"}) })
	v.inOld(func(s *older.Session) { v.is("HasScore", s.HasScore(), false); s.AddVisits(1) })
	v.inNew(func(s *newer.Session) { v.is("Score", s.Score(), []string{"a"}) })
	if n := strings.Count(v.logs.String(), "does not fit its field"); n != 2 {
		t.Errorf("%d reports, want one for each program: %s", n, v.logs)
	}
}

func TestDroppedFieldIsRemovedAtTheNextWrite(t *testing.T) {
	v := bothVersions(t)
	v.inOld(func(s *older.Session) { s.SetSecret("s") })
	v.inNew(func(s *newer.Session) {})
	v.inOld(func(s *older.Session) { v.is("Secret after a read", s.Secret(), "s") })
	v.inNew(func(s *newer.Session) { s.AddVisits(1) })
	v.inOld(func(s *older.Session) { v.is("HasSecret after a write", s.HasSecret(), false) })
}

func TestNestedColumnsAreKeptByOlderPrograms(t *testing.T) {
	v := bothVersions(t)
	cart := []newer.Item{{SKU: "a", Color: "red", Qty: 2}}
	v.inNew(func(s *newer.Session) { s.SetCart(cart) })
	v.inOld(func(s *older.Session) { v.is("Cart", s.Cart(), []older.Item{{SKU: "a", Qty: 2}}); s.AddVisits(1) })
	v.inNew(func(s *newer.Session) { v.is("Cart", s.Cart(), cart) })
	v.inOld(func(s *older.Session) { s.AppendCart(older.Item{SKU: "b", Qty: 1}) })
	v.inNew(func(s *newer.Session) {
		v.is("Cart", s.Cart(), []newer.Item{{SKU: "a", Qty: 2}, {SKU: "b", Qty: 1}}) // the field is written whole
	})
}

func TestIndexAndDeadlinesOfAnotherProgramAreKept(t *testing.T) {
	v := bothVersions(t)
	v.inNew(func(s *newer.Session) { s.SetTeam("blue"); s.SetUser("u1"); s.SetStep(true) })
	found := func(team, user string) (n int) {
		for s, err := range v.new.FindByTeam(ctx(), team) {
			v.is("found", []any{s.Team(), err}, []any{team, nil})
			n += 10
		}
		for s, err := range v.new.FindByUser(ctx(), user) {
			v.is("found", []any{s.User(), err}, []any{user, nil})
			n++
		}
		return n
	}
	v.is("found at first", found("blue", "u1"), 11)
	v.inOld(func(s *older.Session) { s.AddVisits(1) })
	v.is("found after the other program wrote", found("blue", "u1"), 11)
	v.inOld(func(s *older.Session) { s.SetTeam("red") })
	v.is("found after it changed the field", found("red", "u1"), 11)
	v.is("found by the old value", found("blue", "u1"), 1)

	v.clock.advance(14 * time.Minute)
	v.inOld(func(s *older.Session) { v.is("Step", s.Step(), true); s.AddVisits(1) })
	v.inNew(func(s *newer.Session) { v.is("Step", s.Step(), true) })
	v.clock.advance(2 * time.Minute)
	v.inOld(func(s *older.Session) { v.is("HasStep", s.HasStep(), false); s.AddVisits(1) })
	v.inNew(func(s *newer.Session) { v.is("Step", s.Step(), false) })

	// A renewal by the older program carries the index to the new key.
	made, err := v.new.Create(ctx(), func(s *newer.Session) error { s.SetTeam("green"); s.SetUser("u2"); return nil })
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "__Host-session="+v.new.Token(made))
	v.old.Handler(func(_ http.ResponseWriter, _ *http.Request, s *older.Session) { s.Renew() }).ServeHTTP(newRecorder(), r)
	v.is("found after renewal", found("green", "u2"), 11)
	n, err := v.new.DestroyByTeam(ctx(), "green")
	v.is("destroyed", []any{n, err}, []any{1, nil})
}

func TestAbsoluteDeadlineOfAnotherProgramIsKept(t *testing.T) {
	memory := newMemory(t)
	clock := newClock()
	long, err := older.NewSessions(memory, sess.Config{Now: clock.Now, AbsoluteTimeout: 60 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	short, err := newer.NewSessions(memory, sess.Config{Now: clock.Now, AbsoluteTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	s, err := long.Create(ctx(), func(s *older.Session) error { s.SetVisits(1); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := short.Update(ctx(), s.ID(), func(s *newer.Session) error { s.AddVisits(1); return nil }); err != nil {
		t.Fatal(err)
	}
	clock.advance(2 * time.Hour)
	if s, err := long.Load(ctx(), s.ID()); err != nil || s.Visits() != 2 {
		t.Errorf("after two hours: %v, %v", s, err)
	}
}

func TestRestKeyThatIsAField(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	rec := b.see(func(s *shop.Session) { s.PutExtra("visits", "7") })
	if rec.Code != http.StatusInternalServerError || !strings.Contains(a.logs.String(), "wire name of another field") {
		t.Errorf("%d, %s", rec.Code, a.logs)
	}
}
