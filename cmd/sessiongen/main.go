// Sessiongen writes typed HTTP sessions: from one annotated struct it generates
// a session type with an accessor for every field, checked by the compiler, and
// the codec that stores it.
//
// Given this file,
//
//	package shop
//
//	//go:generate go tool sessiongen
//
//	// session is what the shop remembers about a visitor.
//	//
//	//sessiongen:session
//	type session struct {
//		Visits int
//		UserID string `session:",principal"`
//		Notice string `session:",flash"`
//	}
//
// running this command in its directory
//
//	go generate
//
// creates session_gen.go, package shop, with the types Session and Sessions:
//
//	func NewSessions(store runtime.Store, config runtime.Config) (*Sessions, error)
//	func (m *Sessions) FindByUserID(ctx context.Context, userID string) iter.Seq2[*Session, error]
//
//	func (s *Session) Visits() int
//	func (s *Session) SetVisits(visits int)
//	func (s *Session) HasVisits() bool
//	func (s *Session) ClearVisits()
//	func (s *Session) UpdateVisits(f func(int) int)
//	func (s *Session) AddVisits(delta int) int
//	...
//
// The file is meant to be committed. It stops compiling when its spec changes,
// and says there what to do.
//
// # Installing
//
// Sessiongen is a tool dependency of the module that uses it, so that everyone
// runs the version in go.mod:
//
//	go get -tool github.com/sessiongen/sessiongen/cmd/sessiongen
//
// One directive is enough for a module with many specs, and quicker than one each:
//
//	//go:generate go tool sessiongen ./...
//
// # Usage
//
//	sessiongen [flags] [packages]
//	sessiongen breaking -against revision|file [flags] [packages]
//	sessiongen keygen
//
// Packages are those of the go command; the default is the one in the current
// directory. Each one that holds a spec gets one file. Nothing is written unless
// every package succeeds, and a file that would not change is not touched. A
// generated file whose package has no spec any more, or has its code in a file
// of another name now, is removed, and the removal printed. So that no slip
// looks like a spec that is gone, a line that is a misspelt directive and
// nothing else is an error. It is an error if no package holds a spec, unless a
// pattern has "..." in it.
//
// A spec in a _test.go file is for the tests alone: its code is written to
// session_gen_test.go, or to session_gen_x_test.go if the file is of the
// package's external tests, such as package shop_test.
//
// Each file is replaced at once, so that an editor or a compiler sees the old
// one or the new one; runs at the same time do not disturb each other, and a run
// that was killed leaves the rest to the next. The file keeps its mode, also a
// read-only one. If it is a symbolic link, what it links to is replaced.
//
// The generated code is built when its spec is: it has the build constraint of
// the spec's file, from its //go:build line, from its name (session_linux.go)
// and from an import of C. Specs of one package for different systems need a
// file each, by way of -output.
//
// The flags are:
//
//	-check
//		Write nothing. List the generated files that are stale, missing or
//		orphaned, each with a unified diff, and the command that sets them
//		right. Line ends that a checkout changed do not count.
//	-output name
//		The base name of the generated files; the default is session_gen.go.
//		It carries no build constraint, as session_linux.go would. The names
//		for tests are made from it: visits.go gives visits_test.go and
//		visits_x_test.go. Files that were generated under another name are
//		removed.
//	-schema
//		Write nothing. Print the specs as JSON: for each its package, type and
//		fields, for each field its wire name, Go type, wire type and options.
//		docs/schema.md describes the format, which has a version. Specs in
//		_test.go files are left out.
//	-tags list
//		Build tags for loading the packages, separated by commas.
//	-v
//		Print what is loaded, written, removed and left unchanged, and how long
//		loading took (the go command and the type checker) and the rest.
//	-version
//		Print the version and exit.
//
// Keygen prints a new random key, in the form that runtime.ParseKey reads.
//
// Breaking compares the specs with those of another version: of a git revision,
// or of a file that -schema printed for the same packages. It prints one line
// a change,
//
//	file:line:col: class: Session.Field: what changed [rule]
//
// The class is safe, if the new version reads all that older ones stored; lossy;
// or source-breaking, if code that uses the generated package has to change.
// docs/schema.md describes every rule. The revision is checked out in a
// temporary directory, and the work tree is not touched. Its flags are:
//
//	-against revision|file
//		What to compare with. An existing file is no revision.
//	-json
//		Print one object, {"changes": [...]}, instead of lines.
//	-output name, -tags list
//		As above.
//
// A lossy change is on purpose if a tag says so: drop for a field or an older
// name that is gone, retyped=wire_type for values that do not fit.
//
// The exit status is 0 on success, for -check if nothing differs, and for
// breaking if nothing is lossy but on purpose; 1 if -check found a difference,
// or breaking a loss; 2 on trouble: every error in the specs, one a line
// as file:line:col: message, what the go command said where it could not load
// the packages, a file that could not be written, an interrupt, or a wrong flag.
//
// Docs/errors.md in the repository lists every error with an example, the
// reason and what to do.
//
// # The directive
//
// A struct type with the line
//
//	//sessiongen:session [Name]
//
// in its doc comment is a spec. The generated type is Name, or the spec's name
// with an upper-case first letter; a spec that is exported already needs the
// name. Beside the type Session stands its manager, Sessions.
//
// A spec's fields are exported. Embedded structs are flattened, other specs
// among them; the fields of one that another package declares have no doc
// comments here. A field tagged session:"-" is no session field. A spec has no
// type parameters.
//
// The generated file stops compiling when a spec, or a struct of the package in
// it, changes; -check also sees changes of other packages' structs.
//
// # Types
//
// How a field's type is stored is decided in this order:
//
//  1. time.Time is an instant: from when it is set it is in UTC, to the
//     nanosecond, without location and monotonic clock reading. So is one that
//     a struct or array has by value; one behind a slice, map or pointer is
//     from when the session is read again.
//  2. A type with MarshalBinary and UnmarshalBinary is stored by them,
//  3. else one with MarshalText and UnmarshalText, such as big.Int.
//  4. Every other type is what it is made of: bools, numbers other than complex
//     ones, strings, []byte, arrays, slices, maps with string or integer keys,
//     pointers to what is not nil itself, structs whose fields are all exported.
//
// Nil and empty, and zero and unset, are told apart. A type may be an instance of
// a generic type, have any name, and contain itself by way of a struct. String,
// MarshalJSON and GobEncode do not count: an enumeration with String is stored
// as its number, sql.NullString as a struct. A map's key has no marshaler.
//
// Methods that would lose data are refused: those that a struct with other
// fields has from an embedded one, those of an embedded pointer, which is nil
// when they are to read, and those of big.Float and uuid.NullUUID. Equal values
// must marshal to equal bytes, so that a session that was only read from is not
// written. Where a type of another package has no marshaler, a type around it
// has one, as this does for a protobuf message:
//
//	type Stamp struct{ *timestamppb.Timestamp }
//
//	func (s Stamp) MarshalBinary() ([]byte, error) {
//		return proto.MarshalOptions{Deterministic: true}.Marshal(s.Timestamp)
//	}
//
//	func (s *Stamp) UnmarshalBinary(data []byte) error {
//		s.Timestamp = new(timestamppb.Timestamp)
//		return proto.Unmarshal(data, s.Timestamp)
//	}
//
// # Names
//
// The accessors of a field are named after it. A field whose accessor would hide
// a method of the session, such as ID or Save, or another field's accessor, is
// an error; so is a declaration that has the name of the session, its manager or
// its constructor. What else the file declares is unexported and gives way to
// what the package declares, in tests and in files for other systems too. The
// file imports packages by their own names, or by those with a number where the
// package uses the name; only sessrt, the runtime, may not be declared.
//
// # Field options
//
// A field's tag is
//
//	session:"wire_name,option,option=value"
//
// Without a wire name the field has its own name in snake case: UserID is
// stored as user_id. A wire name that is an option's word, in any case, has a
// comma after it: session:"index,". The options are:
//
//	index         sessions can be found by the value
//	principal     who the visitor is: an index whose change gives the session
//	              a new id and restarts its clocks
//	flash         reading removes the value
//	redact        never printed, logged or listed; this is not encryption
//	ttl=15m       the value lapses so long after each change; units as of
//	              time.ParseDuration, and d for days
//	default=text  the value until one is set
//	was=old_name  the wire name that the field had before; repeatable
//	retyped=int   the field had another type: values of that wire type, as
//	              -schema prints it, need not fit; for breaking, repeatable
//	drop          of a blank field: the name is removed from stored sessions
//	rest          of a map[string]T: every wire name that no other field has
//
// Which of them combine:
//
//	           index principal flash redact ttl default was retyped rest
//	index        -       -       -     x     -     -     x     x     -
//	principal    -       -       -     x     -     -     x     x     -
//	flash        -       -       -     x     -     -     x     x     -
//	redact       x       x       x     -     x     x     x     x     x
//	ttl          -       -       -     x     -     -     x     x     -
//	default      -       -       -     x     -     -     x     x     -
//	was          x       x       x     x     x     x     x     x     -
//	retyped      x       x       x     x     x     x     x     x     x
//	rest         -       -       -     x     -     -     -     x     -
//
// Drop stands alone.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	debug.SetGCPercent(400) // a run is short: memory that is not collected saves half its time
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
