package sessions

import (
	"strings"
	"testing"
	"time"
)

// A small run measures every row. What does not depend on the machine must
// hold; times are only printed.
func TestRun(t *testing.T) {
	tables, err := run(t.Context(), size{rounds: 1, slice: time.Millisecond, records: 2000, clients: 8, adds: 10, browsers: 2})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, table := range tables {
		if err := table.Text(&out); err != nil {
			t.Fatal(err)
		}
	}
	t.Log("\n" + out.String())
	holds := map[string]bool{}
	for _, row := range tables[0].Rows {
		holds[row[0]] = row[5] == "yes"
		// The peers do what they are said to: else the measurement is wrong.
		if row[0] == "logout, then a late save" && row[2] != "scs alive, gorilla/sessions files alive, fiber alive" {
			t.Errorf("late save: %s", row[2])
		}
	}
	for _, what := range []string{
		"Set-Cookie, sealed", "Set-Cookie, id only", "8 clients x 10 adds of one session, lost of 80", "logout, then a late save",
	} {
		if !holds[what] {
			t.Errorf("%q does not hold, or was not measured", what)
		}
	}
	if len(tables[0].Rows) != 16 {
		t.Errorf("%d rows", len(tables[0].Rows))
	}
}
