package runtime_test

import (
	"strings"
	"testing"

	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

func TestPrintingRedacts(t *testing.T) {
	a := newApp(t, nil)
	b := a.browser()
	b.see(func(s *shop.Session) {
		s.SetSecret("hunter2")
		s.SetVisits(3)
		s.SetTeam("blue")
		text, err := s.MarshalJSON()
		if err != nil || string(text) != `{"visits":3,"team":"blue"}` {
			t.Errorf("MarshalJSON = %s, %v", text, err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
			got := sprintf(verb, s)
			if got != "shop.Session{visits:3 team:blue}" {
				t.Errorf("%s prints %s", verb, got)
			}
		}
		if got := s.LogValue().String(); strings.Contains(got, "hunter2") || !strings.Contains(got, "visits=3") || !strings.Contains(got, s.ID()) {
			t.Errorf("LogValue = %s", got)
		}
		names := ""
		for name := range s.All() {
			names += name + " "
		}
		if names != "visits team " {
			t.Errorf("All yields %s", names)
		}
	})
}
