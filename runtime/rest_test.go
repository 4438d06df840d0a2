package runtime_test

import (
	"testing"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestRestReadWrites(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	br := newApp(t, spy).browser()
	br.see(func(s *shop.Session) { s.PutExtra("k", "v"); s.SetVisits(1) })
	spy.reset()
	br.see(func(s *shop.Session) { _ = s.Extra() })
	if got := spy.calls(); got != "Load" {
		t.Errorf("a read of a rest field made the calls %q", got)
	}
	spy.reset()
	br.see(func(s *shop.Session) { _ = sprintf("%v", s) })
	if got := spy.calls(); got != "Load" {
		t.Errorf("printing made the calls %q", got)
	}
}

func TestRestSetIsUnion(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutExtra("a", "1") })
	br.parallel(func(s *shop.Session) { s.SetExtra(map[string]string{"z": "9"}) }, func() {
		br.see(func(s *shop.Session) { s.SetVisits(1) })
	})
	br.sees("extra", func(s *shop.Session) any { return s.Extra() }, map[string]string{"z": "9"})
}

func TestRestReload(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutExtra("a", "1") })
	br.see(func(s *shop.Session) {
		s.PutExtra("b", "2")
		if err := s.Reload(ctx()); err != nil {
			t.Fatal(err)
		}
		if _, ok := s.Extra()["b"]; ok {
			t.Error("Reload kept what was not saved")
		}
	})
	br.sees("extra", func(s *shop.Session) any { return s.Extra() }, map[string]string{"a": "1"})
}

func TestRestSaveRevives(t *testing.T) {
	br := newApp(t, nil).browser()
	br.see(func(s *shop.Session) { s.PutExtra("a", "1"); s.PutExtra("k", "2") })
	br.parallel(func(s *shop.Session) {
		s.AddVisits(1)
		if err := s.Save(ctx()); err != nil {
			t.Fatal(err)
		}
		s.AddVisits(1)
	}, func() {
		br.see(func(s *shop.Session) { s.DeleteExtra("k") })
	})
	br.sees("extra", func(s *shop.Session) any { return s.Extra() }, map[string]string{"a": "1"})
}
