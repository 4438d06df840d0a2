package parse

import (
	"os"
	"strings"
	"testing"
)

// TestOptionTable compares the table in the comment of options.go with the
// data, for every pair of options.
func TestOptionTable(t *testing.T) {
	src, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	said := map[[2]string]bool{}
	for line := range strings.Lines(string(src)) {
		cells := strings.Fields(strings.TrimPrefix(line, "//\t"))
		if !strings.HasPrefix(line, "//\t") || len(cells) == 0 {
			continue
		}
		if columns == nil {
			columns = cells
			continue
		}
		row := cells[0]
		// A cell belongs to the column that it stands under, counted from the right.
		for i, cell := range cells[1:] {
			column := columns[len(columns)-len(cells)+1+i]
			said[[2]string{row, column}] = cell == "x"
		}
	}
	value := map[string]string{"ttl": "ttl=5m", "default": "default=1", "was": "was=old", "retyped": "retyped=int"}
	spell := func(o string) string {
		if v := value[o]; v != "" {
			return v
		}
		return o
	}
	for i, a := range columns {
		for _, b := range columns[i:] {
			second := spell(b)
			switch {
			case a == b && a == "was":
				second += "2"
			case a == b && a == "retyped":
				second = "retyped=list of int"
			case a == b:
				continue
			}
			tag, errs := parseTag(`session:",` + spell(a) + "," + second + `"`)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			_, errs = checkOptions(tag)
			combine, ok := said[[2]string{a, b}]
			if !ok {
				t.Errorf("the table says nothing about %s and %s", a, b)
			}
			if combine != (len(errs) == 0) {
				t.Errorf("%s,%s: the table says %v, the check %v", a, b, combine, errs)
			}
		}
	}
	for _, o := range options {
		tag, _ := parseTag(`session:"x,drop,` + spell(o.name) + `"`)
		if _, errs := checkOptions(tag); len(errs) == 0 {
			t.Errorf("drop combines with %s", o.name)
		}
	}
}
