package expresscompat_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// docs/parity-express.md has a row for each behaviour, and each row a test that is
// there or a reason: 160 of express-session's tests, 4 of connect-redis's.
func TestParity(t *testing.T) {
	text, err := os.ReadFile("../../docs/parity-express.md")
	if err != nil {
		t.Fatal(err)
	}
	source := ""
	files, _ := filepath.Glob("*_test.go")
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source += string(code)
	}
	cases := map[string]map[string]bool{}
	v := allVectors(t)
	for test, section := range map[string][]vector{"Sign": v.Sign, "Verify": v.Verify, "SetCookie": v.SetCookie, "Store": v.Store, "Load": v.Load, "Flows": v.Flows, "Startup": v.Startup} {
		names := map[string]bool{}
		for _, v := range section {
			names[v.Name] = true
		}
		cases["TestVectors"+test] = names
	}
	row := regexp.MustCompile("^\\| (.+) \\| (?:`(Test\\w+)(?:/(.*))?`|(not applicable: .{8,})) \\|$")
	count := regexp.MustCompile(`^(\d+) rows: (\d+) kept, (\d+) not applicable, 0 open\.$`)
	heading := regexp.MustCompile(`^### .* \((\d+)\)$`)
	var want, totals []string
	kept, without, inGroup, group := 0, 0, 0, 0
	endGroup := func() {
		if inGroup != group {
			t.Errorf("a group has %d rows, its heading says %d", inGroup, group)
		}
		inGroup, group = 0, 0
	}
	end := func() {
		endGroup()
		if want != nil && (want[2] != strconv.Itoa(kept) || want[3] != strconv.Itoa(without) || want[1] != strconv.Itoa(kept+without)) {
			t.Errorf("%s, counted %d kept and %d not applicable", want[0], kept, without)
		}
		if want != nil {
			totals = append(totals, want[1])
		}
		kept, without, want = 0, 0, nil
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "## "):
			end()
		case count.MatchString(line):
			want = count.FindStringSubmatch(line)
		case heading.MatchString(line):
			endGroup()
			group, _ = strconv.Atoi(heading.FindStringSubmatch(line)[1])
		case strings.HasPrefix(line, "| behaviour"), strings.HasPrefix(line, "| ---"), !strings.HasPrefix(line, "|"):
		default:
			m := row.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("a row that says neither test nor reason: %s", line)
				continue
			}
			inGroup++
			if m[4] != "" {
				without++
				continue
			}
			kept++
			there := strings.Contains(source, "\nfunc "+m[2]+"(")
			if names, recorded := cases[m[2]]; m[3] != "" && recorded {
				there = there && names[m[3]]
			} else if m[3] != "" {
				there = there && strings.Contains(source, strconv.Quote(m[3]))
			}
			if !there {
				t.Errorf("no such test: %s/%s", m[2], m[3])
			}
		}
	}
	end()
	if len(totals) != 3 || totals[0] != "160" || totals[1] != "4" {
		t.Errorf("rows %v", totals)
	}
}
