package parse

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sessiongen/sessiongen/internal/model"
)

// dump prints what the tests compare: everything in the model.
func dump(r *Result, dir string) string {
	var out strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	rel := func(file string) string {
		if r, err := filepath.Rel(dir, file); err == nil {
			return filepath.ToSlash(r)
		}
		return file
	}
	for _, pkg := range r.Packages {
		p("package %s %q to %s%s", pkg.Name, pkg.Path, rel(pkg.Output), text(" if ", pkg.Constraint))
		if std := (model.Std{Context: "context", Fmt: "fmt", Iter: "iter", Slog: "slog", Time: "time"}); pkg.Std != std {
			p("std %+v", pkg.Std)
		}
		for _, i := range pkg.Imports {
			name := i.Name
			if !i.Alias {
				name = "(" + name + ")"
			}
			p("import %s %q", name, i.Path)
		}
		for _, s := range pkg.Specs {
			p("spec %s makes %s, %s, %s with %s, %s, %s; %s:%d:%d", s.GoName, s.Name, s.Manager, s.New, s.BagIdent, s.FieldsIdent, s.SpecIdent, s.File, s.Pos.Line, s.Pos.Col)
			if s.Doc != "" {
				p("\tdoc %q", s.Doc)
			}
			for _, f := range s.Fields {
				p("\t%s", fieldLine(f))
			}
			for _, name := range s.Drop {
				p("\tdrop %s", name)
			}
		}
		for _, g := range pkg.Guards {
			p("guard %s", g.Type)
			for _, f := range g.Literal {
				p("\t%s %s%s", f.Name, f.Type, text(" ", f.Tag))
			}
		}
		for _, s := range pkg.Structs {
			p("struct %s: %s %s %s%s", s.Go, s.Append, s.Read, s.Columns, flag1(" recursive", s.Recursive))
			for _, f := range s.Fields {
				p("\t%s %s %s", f.Path, f.Wire, typeLine(f.Type))
			}
		}
	}
	for _, o := range r.Orphans {
		by := "no spec"
		if o.By != "" {
			by = rel(o.By)
		}
		p("orphan %s: %s", rel(o.File), by)
	}
	return out.String()
}

func fieldLine(f *model.Field) string {
	line := fmt.Sprintf("%s %s (%s) %s", f.Path, f.Wire, f.Param, typeLine(f.Type))
	line += flag1(" index", f.Index) + flag1(" principal", f.Principal) + flag1(" flash", f.Flash) + flag1(" redact", f.Redact) + flag1(" rest", f.Rest)
	if f.TTL != 0 {
		line += " ttl " + f.TTL.String()
	}
	if f.Default != nil {
		line += fmt.Sprintf(" default %q = %s", f.Default.Text, f.Default.Go)
	}
	for _, was := range f.Was {
		line += " was " + was
	}
	for _, old := range f.Retyped {
		line += " retyped " + old
	}
	if f.Doc != "" {
		line += fmt.Sprintf(" doc %q", f.Doc)
	}
	return line
}

func typeLine(t *model.Type) string {
	return fmt.Sprintf("%s <%s>%s%s", t.Go, t.Wire, flag1(" lent", t.Lent), flag1(" recursive", t.Recursive))
}

func flag1(text string, on bool) string {
	if on {
		return text
	}
	return ""
}

func text(before, s string) string { return flag1(before+s, s != "") }
