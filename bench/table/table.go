// Package table prints what a benchmark measured: as text for a terminal, as
// Markdown for a document.
package table

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is the result of one benchmark. Every row has a cell a column.
type Table struct {
	Title   string
	Columns []string
	Rows    [][]string
	Notes   []string // printed below, one a line
}

// Add appends a row. A cell that is not a string is printed with %v.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.Rows = append(t.Rows, row)
}

// Text writes t in columns: the first to the left, the others to the right.
func (t Table) Text(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\n", t.Title)
	widths := t.widths(func(s string) string { return s })
	line := func(cells []string) {
		for i, c := range cells {
			if i == 0 {
				out.WriteString(c + pad(c, widths[i]))
			} else {
				out.WriteString("  " + pad(c, widths[i]) + c)
			}
		}
		out.WriteByte('\n')
	}
	line(t.Columns)
	for _, row := range t.Rows {
		line(row)
	}
	t.notes(&out)
	_, err := io.WriteString(w, out.String())
	return err
}

// Markdown writes t as a table of GitHub's Markdown, aligned in the source too.
func (t Table) Markdown(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n\n", t.Title)
	widths := t.widths(escape)
	line := func(cells []string) {
		for i, c := range cells {
			c = escape(c)
			if i == 0 {
				out.WriteString("| " + c + pad(c, widths[i]) + " |")
			} else {
				out.WriteString(" " + pad(c, widths[i]) + c + " |")
			}
		}
		out.WriteByte('\n')
	}
	line(t.Columns)
	rule := make([]string, len(widths))
	for i, n := range widths {
		rule[i] = strings.Repeat("-", n-1) + ":"
		if i == 0 {
			rule[i] = strings.Repeat("-", n)
		}
	}
	line(rule)
	for _, row := range t.Rows {
		line(row)
	}
	t.notes(&out)
	_, err := io.WriteString(w, out.String())
	return err
}

func (t Table) notes(out *strings.Builder) {
	if len(t.Notes) > 0 {
		fmt.Fprintf(out, "\n%s\n", strings.Join(t.Notes, "\n"))
	}
	out.WriteByte('\n')
}

// widths are those of the columns, at least the three that a rule needs.
func (t Table) widths(show func(string) string) []int {
	widths := make([]int, len(t.Columns))
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
		for i, c := range row {
			widths[i] = max(widths[i], 3, utf8.RuneCountInString(show(c)))
		}
	}
	return widths
}

func pad(s string, width int) string {
	return strings.Repeat(" ", width-utf8.RuneCountInString(s))
}

// escape keeps a cell in its column.
func escape(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
