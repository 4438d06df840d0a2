package emit

import (
	"bytes"
	"fmt"
	"go/format"
	"strings"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// emit adds a declaration, with a blank line above it.
func (w *writer) emit(code ...jen.Code) {
	w.decl = append(w.decl, jen.Line().Add(code...))
}

// rt is name of the runtime: rt("MarkSet") is sessrt.MarkSet.
func rt(name string) *jen.Statement { return jen.Id(model.RuntimeName).Dot(name) }

// typ is a type, spelled by the model.
func typ(t *model.Type) *jen.Statement { return jen.Id(t.Go) }

// ptr is a pointer type.
func ptr(name string) *jen.Statement { return jen.Op("*").Id(name) }

// oneLine is a body that gofmt leaves on the line of its function if that is short.
func oneLine(statement jen.Code) *jen.Statement {
	return jen.Op("{").Add(statement).Op("}")
}

// body is a function's body: on one line if it is one statement.
func body(statements ...jen.Code) *jen.Statement {
	if len(statements) == 1 {
		return oneLine(statements[0])
	}
	return jen.Block(statements...)
}

// multiline tells whether gofmt breaks the line in a type: it keeps a struct
// without a name on one only if it has one short field. Gofmt is asked.
func multiline(goType string) bool {
	if !strings.Contains(goType, "struct") {
		return false
	}
	formatted, err := format.Source([]byte("var _ " + goType))
	return err != nil || bytes.Contains(formatted, []byte("\n"))
}

// params is a list of parameters whose types are made of goType. One that takes
// several lines stands on lines of its own, as gofumpt has it.
func params(goType string, list ...jen.Code) *jen.Statement {
	if len(list) == 0 || !multiline(goType) {
		return jen.Params(list...)
	}
	return jen.Custom(jen.Options{Open: "(", Close: ")", Separator: ",", Multi: true}, list...)
}

// doc is a doc comment, one argument a paragraph. It is written line by line
// since jennifer would make a /* */ of several.
func doc(paragraphs ...string) *jen.Statement {
	s := &jen.Statement{}
	for i, p := range paragraphs {
		if i > 0 {
			s.Comment("//").Line()
		}
		for line := range strings.SplitSeq(strings.TrimRight(p, "\n"), "\n") {
			if !strings.HasPrefix(line, "\t") { // as gofmt has it: a listing stands at the slashes
				line = " " + line
			}
			s.Comment(strings.TrimRight("//"+line, " \t\r")).Line()
		}
	}
	return s
}

// duration is d as a person writes it: 15 * time.Minute.
func (w *writer) duration(d time.Duration) *jen.Statement {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{
		{time.Hour, "Hour"},
		{time.Minute, "Minute"},
		{time.Second, "Second"},
		{time.Millisecond, "Millisecond"},
		{time.Microsecond, "Microsecond"},
		{time.Nanosecond, "Nanosecond"},
	} {
		n, unit := int(d/u.unit), jen.Id(w.pkg.Std.Time).Dot(u.name)
		switch {
		case d%u.unit != 0:
			continue
		case n == 1:
			return unit
		case u.unit == time.Hour && n > 24 && n%24 == 0:
			return jen.Lit(n / 24).Op("*").Lit(24).Op("*").Add(unit)
		}
		return jen.Lit(n).Op("*").Add(unit)
	}
	return jen.Lit(0)
}

// words is d in a sentence: "15 minutes".
func words(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch {
		case d == u.unit && u.name != "day":
			return "1 " + u.name
		case d%u.unit == 0 && d > u.unit:
			return fmt.Sprintf("%d %ss", d/u.unit, u.name)
		}
	}
	return d.String()
}
