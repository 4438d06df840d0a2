package main

import (
	"encoding/json"
	"fmt"

	"github.com/sessiongen/sessiongen/internal/model"
)

// schema is what -schema prints.
type schema struct {
	Sessions []sessionSchema `json:"sessions"`
}

// sessionSchema is one spec.
type sessionSchema struct {
	Package string         `json:"package"`           // import path
	Type    string         `json:"type"`              // the generated type
	Spec    string         `json:"spec"`              // the annotated type
	Fields  []fieldSchema  `json:"fields"`            // in declaration order
	Drop    []string       `json:"drop,omitempty"`    // wire names that are removed
	Structs []structSchema `json:"structs,omitempty"` // what the fields' types reach
}

// fieldSchema is one field, with the options that its tag has.
type fieldSchema struct {
	Name      string   `json:"name"`      // of the accessors
	Wire      string   `json:"wire_name"` // of the stored entry
	Go        string   `json:"go_type"`
	Type      string   `json:"wire_type"`
	Index     bool     `json:"index,omitempty"`
	Principal bool     `json:"principal,omitempty"`
	Flash     bool     `json:"flash,omitempty"`
	Redact    bool     `json:"redact,omitempty"`
	Rest      bool     `json:"rest,omitempty"`
	TTL       string   `json:"ttl,omitempty"` // as time.Duration prints it
	Default   *string  `json:"default,omitempty"`
	Was       []string `json:"was,omitempty"`
}

// structSchema is a struct that is stored as a table of columns.
type structSchema struct {
	Go      string         `json:"go_type"`
	Columns []columnSchema `json:"columns"`
}

type columnSchema struct {
	Name string `json:"name"` // selector below the struct
	Wire string `json:"wire_name"`
	Go   string `json:"go_type"`
	Type string `json:"wire_type"`
}

// printSchema prints the specs as JSON.
func (c *command) printSchema(packages []*model.Package) int {
	all := schema{Sessions: []sessionSchema{}}
	for _, p := range packages {
		for _, s := range p.Specs {
			all.Sessions = append(all.Sessions, describe(p, s))
		}
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return c.fail(err)
	}
	fmt.Fprintf(c.stdout, "%s\n", text)
	return same
}

func describe(p *model.Package, s *model.Spec) sessionSchema {
	d := sessionSchema{Package: p.Path, Type: s.Name, Spec: s.GoName, Fields: []fieldSchema{}, Drop: s.Drop}
	seen := map[*model.Struct]bool{}
	for _, f := range s.Fields {
		field := fieldSchema{
			Name: f.GoName, Wire: f.Wire, Go: f.Type.Go, Type: f.Type.Wire,
			Index: f.Index, Principal: f.Principal, Flash: f.Flash, Redact: f.Redact, Rest: f.Rest, Was: f.Was,
		}
		if f.TTL > 0 {
			field.TTL = f.TTL.String()
		}
		if f.Default != nil {
			field.Default = &f.Default.Text
		}
		d.Fields = append(d.Fields, field)
		d.Structs = reached(f.Type, seen, d.Structs)
	}
	return d
}

// reached appends the structs that t reaches, each before those inside it.
func reached(t *model.Type, seen map[*model.Struct]bool, list []structSchema) []structSchema {
	if t == nil {
		return list
	}
	if t.Kind != model.StructKind {
		return reached(t.Elem, seen, reached(t.Key, seen, list))
	}
	if seen[t.Struct] {
		return list
	}
	seen[t.Struct] = true
	s := structSchema{Go: t.Struct.Go, Columns: []columnSchema{}}
	for _, f := range t.Struct.Fields {
		s.Columns = append(s.Columns, columnSchema{Name: f.Path, Wire: f.Wire, Go: f.Type.Go, Type: f.Type.Wire})
	}
	list = append(list, s)
	for _, f := range t.Struct.Fields {
		list = reached(f.Type, seen, list)
	}
	return list
}
