// Package model is what the parser hands to the emitter: plain data about
// packages, specs, fields and types, with every name already chosen.
//
// Nothing here refers to go/ast, go/types or jennifer, so that each side can
// be read, tested and replaced without the other.
package model

import "time"

// Package is one package that holds at least one spec; it becomes one output file.
type Package struct {
	Path       string    // import path, such as "example.com/shop"
	Name       string    // package clause, such as "shop"
	Dir        string    // absolute directory of the output
	Output     string    // absolute path of the output file
	Constraint string    // build constraint of the spec's file, without "//go:build "; empty for none
	Deprecated bool      // whether another package calls something deprecated that the specs reach
	Std        Std       // what the output calls the standard packages that it needs itself
	Imports    []Import  // sorted by path, the runtime and the standard packages included
	Specs      []*Spec   // in source order (file name, then position)
	Guards     []*Guard  // struct literals that the output compares with the declared types
	Structs    []*Struct // codecs to emit, in order of first use
}

// RuntimePath is the import path of the runtime, RuntimeName what every output
// calls it: one fixed name, since "runtime" is also a standard package.
const (
	RuntimePath = "github.com/sessiongen/sessiongen/runtime"
	RuntimeName = "sessrt"
)

// Std holds the identifiers of the standard packages that generated code needs
// by itself. They are the packages' own names unless the user's package
// declares such a name. They are chosen whether or not the output needs the package.
type Std struct {
	Context string // for index, principal and flash fields
	Fmt     string // for Format
	Iter    string // for All and FindBy
	Slog    string // log/slog, for LogValue
	Time    string // for ttl and types
}

// Import is one import that the output may need: of every package that a Go
// spelling in the model mentions, and of the standard ones that the specs call
// for. A type deep inside a struct may be mentioned by no line of the output,
// so that the emitter leaves out what it did not use.
type Import struct {
	Path  string
	Name  string // the identifier that the output uses
	Alias bool   // whether the import clause must spell Name, since it is not the path's last element
}

// Spec is one annotated struct and the session generated from it.
type Spec struct {
	GoName  string // the annotated type, such as "session"
	Name    string // the generated type, such as "Session"
	Manager string // the manager, such as "Sessions"
	New     string // its constructor, such as "NewSessions"
	Doc     string // the spec's doc comment without the directive, as text
	File    string // base name of the file that declares it
	Pos     Position

	// Unexported identifiers of the output, free in the package's scope.
	BagIdent    string // "sessionBag"
	FieldsIdent string // "sessionFields"
	SpecIdent   string // "sessionSpec"

	Fields []*Field // in declaration order, embedded structs flattened, without blank and ignored fields
	Drop   []string // wire names removed from stored sessions
}

// Guard is one declared struct type and the literal type that it had when the
// code was generated; an assignment between them fails to compile once they differ.
type Guard struct {
	Type    string // "session"
	Literal []GuardField
}

// GuardField is one field of a guard's struct literal, spelled as in source.
type GuardField struct {
	Name string // empty for an embedded field
	Type string
	Tag  string // unquoted tag; empty for none
}

// Field is one session field.
type Field struct {
	GoName string // accessor base name, such as "UserID"
	Path   string // selector below the spec's struct, such as "UserID" or "Base.UserID"
	Wire   string // wire name, such as "user_id"
	Doc    string // doc comment as text, lines separated by \n
	Param  string // a parameter name that shadows nothing that the accessor uses
	Type   *Type
	Pos    Position

	Index, Principal, Flash, Redact, Rest bool
	TTL                                   time.Duration
	Default                               *Default
	Was                                   []string
	Retyped                               []string // wire types of older values that need not fit
}

// Default is the value of a field that is not set.
type Default struct {
	Text string // as written in the tag
	Go   string // a Go constant expression assignable to the field's type, such as `"light"`, `10` or `15 * time.Minute`
}

// Kind says how a type is stored.
type Kind int

// The kinds. Named types over them keep the kind.
const (
	Bool Kind = iota + 1
	Int       // int, int8 ... int64, and time.Duration
	Uint      // uint, uint8 ... uintptr
	Float32
	Float64
	String
	Bytes     // []byte and named types over it
	ByteArray // [N]byte
	Time      // time.Time
	Binary    // MarshalBinary and UnmarshalBinary
	Text      // MarshalText and UnmarshalText
	Slice
	Array
	Map
	Pointer
	StructKind
)

// Type is one Go type as the output spells and stores it.
type Type struct {
	Kind Kind
	Go   string // the spelling in the output file, such as "[]Item" or "netip.Addr"
	// Wire is what the schema calls the stored form: bool, int, uint, float32,
	// float64, string, bytes, timestamp, binary and text (of marshalers), "list of
	// X", "map of K to X", "optional X" (a pointer), a struct by the name of its
	// type, such as "Item", and "table of Item" for a slice or array of structs.
	Wire   string
	Elem   *Type   // Slice, Array, Map, Pointer
	Key    *Type   // Map
	Len    int64   // Array, ByteArray
	Bits   int     // Int, Uint: 8, 16, 32 or 64, which int, uint and uintptr count as on every platform
	Struct *Struct // StructKind; shared between all uses, so that types may be recursive

	// Lent tells that a caller who holds a value of the type can change what
	// the session stores: it reaches a slice, a map or a pointer.
	Lent bool
	// Recursive tells that the type reaches a struct that reaches itself, so that
	// values may be nested without end.
	Recursive bool
}

// Struct is the codec of one struct type.
type Struct struct {
	Go        string        // spelling of the type, such as "Item" or "catalog.Item"
	Append    string        // identifier of the function that appends a row, such as "appendItem"
	Read      string        // identifier of the function that reads one column, such as "readItem"
	Columns   string        // identifier of the columns, such as "itemColumns"
	Fields    []StructField // embedded structs flattened
	Recursive bool
}

// StructField is one column of a struct's row.
type StructField struct {
	Path string // selector below the struct
	Wire string
	Type *Type
}

// Position is a place in a source file.
type Position struct {
	File      string // absolute
	Line, Col int
}

// Number tells whether values of t can be added.
func (t *Type) Number() bool {
	switch t.Kind {
	case Int, Uint, Float32, Float64:
		return true
	}
	return false
}

// RowPointer tells whether t is a pointer to a struct, however it is spelled: an
// element that a table of pointers holds.
func (t *Type) RowPointer() bool { return t.Kind == Pointer && t.Elem.Kind == StructKind }
