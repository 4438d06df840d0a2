// Package schema describes specs as data that outlives the source: what
// -schema prints, and what two versions of an application are compared by.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sessiongen/sessiongen/internal/model"
)

// Version is the format's version. A reader takes a key that it does not know
// for one that a later generator of the same version added; what would change the
// meaning of a key, or leave one out, needs a new version.
const Version = 1

// Schema is a set of specs.
type Schema struct {
	Version  int       `json:"version"`
	Sessions []Session `json:"sessions"` // by import path, then in source order
}

// Session is one spec.
type Session struct {
	Package string   `json:"package"`           // import path
	Type    string   `json:"type"`              // the generated type
	Spec    string   `json:"spec"`              // the annotated type
	Manager string   `json:"manager"`           // the generated manager
	Fields  []Field  `json:"fields"`            // in declaration order
	Drop    []string `json:"drop,omitempty"`    // wire names that are removed
	Structs []Struct `json:"structs,omitempty"` // what the fields' types reach

	Pos model.Position `json:"-"`
}

// Field is one field, with the options that its tag has.
type Field struct {
	Name      string   `json:"name"`      // of the accessors
	Wire      string   `json:"wire_name"` // of the stored entry
	Go        string   `json:"go_type"`   // other packages' types by import path
	Type      string   `json:"wire_type"` // for people
	Stored    *Stored  `json:"stored"`    // the same in full
	Accessors []string `json:"accessors"` // methods of the session
	Finders   []string `json:"finders,omitempty"`
	Index     bool     `json:"index,omitempty"`
	Principal bool     `json:"principal,omitempty"`
	Flash     bool     `json:"flash,omitempty"`
	Redact    bool     `json:"redact,omitempty"`
	Rest      bool     `json:"rest,omitempty"`
	TTL       string   `json:"ttl,omitempty"` // as time.Duration prints it
	Default   *string  `json:"default,omitempty"`
	Was       []string `json:"was,omitempty"`
	Retyped   []string `json:"retyped,omitempty"`

	Pos model.Position `json:"-"`
}

// Struct is a struct that is stored as a table of columns.
type Struct struct {
	Go      string   `json:"go_type"`
	Columns []Column `json:"columns"`
}

// Column is one column of a struct.
type Column struct {
	Name   string  `json:"name"` // selector below the struct
	Wire   string  `json:"wire_name"`
	Go     string  `json:"go_type"`
	Type   string  `json:"wire_type"`
	Stored *Stored `json:"stored"`
}

// Stored is how values of a type are stored, in all that decides whether a
// value of one type can be read as another.
type Stored struct {
	Kind      string  `json:"kind"`
	Bits      int     `json:"bits,omitempty"`      // int, uint, float
	Length    *int64  `json:"length,omitempty"`    // of an array: list, bytes
	Table     bool    `json:"table,omitempty"`     // list: the column names stand once before all rows
	Key       *Stored `json:"key,omitempty"`       // map
	Elem      *Stored `json:"elem,omitempty"`      // list, map, optional
	Struct    string  `json:"struct,omitempty"`    // struct: go_type of one of the session's structs
	Marshaler string  `json:"marshaler,omitempty"` // binary, text: the Go type whose methods make the form
}

// The kinds of stored values.
const (
	Bool      = "bool"
	Int       = "int"
	Uint      = "uint"
	Float     = "float"
	String    = "string"
	Bytes     = "bytes"
	Timestamp = "timestamp"
	Binary    = "binary"
	Text      = "text"
	List      = "list"
	Map       = "map"
	Optional  = "optional"
	StructOf  = "struct"
)

// Print returns s as indented JSON with a line end, the same bytes for the same specs.
func (s *Schema) Print() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // default='a<b' is to be read as it was written
	enc.SetIndent("", "\t")
	err := enc.Encode(s)
	return out.Bytes(), err
}

// Read reads what Print returned, of this version of the format.
func Read(data []byte) (*Schema, error) {
	var head struct {
		Version  int               `json:"version"`
		Sessions []json.RawMessage `json:"sessions"`
	}
	switch err := json.Unmarshal(data, &head); {
	case err != nil:
		return nil, fmt.Errorf("it is no schema: %w; make one with sessiongen -schema", err)
	case head.Version == 0 || head.Sessions == nil:
		return nil, errors.New("it is no schema: it has no version and sessions; make one with sessiongen -schema")
	case head.Version > Version:
		return nil, fmt.Errorf("it is a schema of version %d, and this sessiongen reads version %d; update sessiongen", head.Version, Version)
	case head.Version < 0:
		return nil, fmt.Errorf("it is no schema: version %d; make one with sessiongen -schema", head.Version)
	}
	s := &Schema{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("it is no schema: %w; make one with sessiongen -schema", err)
	}
	return s, s.check()
}

// check refuses what would make the comparison guess: a schema is often edited
// by nobody, but merged by machines.
func (s *Schema) check() error {
	for i := range s.Sessions {
		session := &s.Sessions[i]
		if session.Package == "" || session.Type == "" || session.Spec == "" {
			return fmt.Errorf("session %d has no package, type or spec: the file is damaged; make it again with sessiongen -schema", i+1)
		}
		for _, f := range session.Fields {
			if err := session.checkStored(f.Stored); err != nil || f.Name == "" || f.Wire == "" {
				return session.damaged("field "+f.Name, err)
			}
		}
		for _, st := range session.Structs {
			for _, c := range st.Columns {
				if err := session.checkStored(c.Stored); err != nil || c.Wire == "" {
					return session.damaged("column "+st.Go+"."+c.Name, err)
				}
			}
		}
	}
	return nil
}

func (s *Session) damaged(what string, err error) error {
	if err == nil {
		err = errors.New("a name is missing")
	}
	return fmt.Errorf("%s.%s: %s: %w: the file is damaged; make it again with sessiongen -schema", s.Package, s.Type, what, err)
}

func (s *Session) checkStored(t *Stored) error {
	if t == nil {
		return errors.New("a stored type is missing")
	}
	switch t.Kind {
	case Bool, Int, Uint, Float, String, Bytes, Timestamp, Binary, Text:
		return nil
	case List, Optional:
		return s.checkStored(t.Elem)
	case Map:
		return errors.Join(s.checkStored(t.Key), s.checkStored(t.Elem))
	case StructOf:
		if s.structOf(t.Struct) == nil {
			return fmt.Errorf("struct %q is missing", t.Struct)
		}
		return nil
	}
	return fmt.Errorf("kind %q is unknown", t.Kind)
}

// structOf returns the struct of a name, or nil.
func (s *Session) structOf(name string) *Struct {
	for i := range s.Structs {
		if s.Structs[i].Go == name {
			return &s.Structs[i]
		}
	}
	return nil
}
