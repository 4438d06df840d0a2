package stores

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/bench/table"
)

// A small run measures every row of every server that is there. What does not
// depend on the machine must hold; times are only printed.
func TestRun(t *testing.T) {
	tables, err := run(t.Context(), size{rounds: 1, slice: time.Millisecond, clients: 8, adds: 5, rows: 2000, looks: 20, expired: 600})
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
	requests, races, large := rows(tables[0]), rows(tables[1]), rows(tables[2])
	for _, store := range []string{"Redis", "PostgreSQL", "MariaDB", "SQLite"} {
		if note := missing(tables[0], store); note != "" {
			if os.Getenv("SESSIONGEN_TEST_SERVERS") == "required" {
				t.Errorf("servers are required: %s", note)
			}
			t.Log(note)
			if requests[store+", full"] != nil {
				t.Errorf("%s is missing and was measured", store)
			}
			continue
		}
		for _, kind := range []string{"full", "read"} {
			if requests[store+", "+kind] == nil {
				t.Errorf("%s, %s was not measured", store, kind)
			}
		}
		for what, want := range map[string]string{"8 clients x 5 adds, lost": "0", "logout, then a late save": "dead"} {
			row := races[store+", "+what]
			if row == nil || row[2] != want || row[4] != "yes" {
				t.Errorf("%s, %s: %q", store, what, row)
			}
		}
		// The peers do what they are said to: else the measurement is wrong.
		if row := races[store+", logout, then a late save"]; row != nil && !strings.Contains(row[1], "alive") {
			t.Errorf("%s, late save of the peers: %s", store, row[1])
		}
		if store == "PostgreSQL" || store == "SQLite" {
			for _, what := range []string{"look-up", "sweep"} {
				if large[store+", "+what] == nil {
					t.Errorf("a %s in a large table of %s was not measured", what, store)
				}
				plan := strings.Join(tables[2].Notes, "\n")
				if _, plan, _ = strings.Cut(plan, store+", plan of a "+what+": "); !strings.Contains(strings.ToLower(plan), "index") {
					t.Errorf("no plan of a %s of %s uses an index: %s", what, store, plan)
				}
			}
		}
	}
}

// TestMissing: a server that is not there is left out, saying what to install.
func TestMissing(t *testing.T) {
	t.Setenv("SESSIONGEN_REDIS", "")
	t.Setenv("PATH", t.TempDir())
	_, err := openRedis(t.Context())
	if err == nil || !strings.Contains(err.Error(), "No Redis server: install redis-server") {
		t.Errorf("%v", err)
	}
}

// TestUnreachable: a server that was named and does not answer is an error.
func TestUnreachable(t *testing.T) {
	t.Setenv("SESSIONGEN_REDIS", "127.0.0.1:1")
	t.Setenv("SESSIONGEN_POSTGRES", "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	t.Setenv("SESSIONGEN_MYSQL", "nobody@tcp(127.0.0.1:1)/none")
	if _, err := openRedis(t.Context()); err == nil {
		t.Error("Redis was opened")
	}
	if _, err := openPostgres(t.Context()); err == nil || !strings.Contains(err.Error(), "SESSIONGEN_POSTGRES") {
		t.Errorf("PostgreSQL: %v", err)
	}
	if _, err := openMariaDB(t.Context()); err == nil || !strings.Contains(err.Error(), "SESSIONGEN_MYSQL") {
		t.Errorf("MariaDB: %v", err)
	}
}

func TestFewRows(t *testing.T) {
	if _, err := Run(t.Context(), 1, 99); err == nil {
		t.Error("99 rows were accepted")
	}
}

// rows returns the rows of a table by their first cell.
func rows(t table.Table) map[string][]string {
	by := map[string][]string{}
	for _, row := range t.Rows {
		by[row[0]] = row
	}
	return by
}

// missing returns the note that a server is not there, "" if it is.
func missing(t table.Table, server string) string {
	for _, note := range t.Notes {
		if strings.HasPrefix(note, "No "+server) {
			return note
		}
	}
	return ""
}
