package table

import (
	"strings"
	"testing"
)

func sample() Table {
	t := Table{Title: "Speed", Columns: []string{"what", "ms"}, Notes: []string{"On one machine."}}
	t.Add("größer", 12)
	t.Add("a|b", 3.5)
	return t
}

func TestText(t *testing.T) {
	var out strings.Builder
	if err := sample().Text(&out); err != nil {
		t.Fatal(err)
	}
	const want = `Speed

what     ms
größer   12
a|b     3.5

On one machine.

`
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	var out strings.Builder
	if err := sample().Markdown(&out); err != nil {
		t.Fatal(err)
	}
	const want = `### Speed

| what   |  ms |
| ------ | --: |
| größer |  12 |
| a\|b   | 3.5 |

On one machine.

`
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
