package schema

// Class is what a change means for a program that is updated while sessions
// are stored and older versions still run.
type Class string

// The classes. A change that touches two of them is reported once for each.
const (
	// Safe: the new version reads all that older ones stored.
	Safe Class = "safe"
	// Lossy: something that older versions stored is not read any more, or
	// versions that run side by side lose what the other stored.
	Lossy Class = "lossy"
	// Source: code that uses the generated package has to change.
	Source Class = "source-breaking"
)

// Rule is one kind of change.
type Rule struct {
	ID    string
	Class Class
	Means string // one sentence, for people
}

// The rules. docs/schema.md describes each; a test compares the two.
var (
	specAdded   = rule("spec-added", Safe, "a spec is new")
	specRemoved = rule("spec-removed", Lossy, "a spec is gone, and with it the access to all that its sessions store")
	typeRenamed = rule("type-renamed", Source, "the generated type and its manager have other names")
	typeMoved   = rule("type-moved", Source, "the generated type is in another package")
	typeRemoved = rule("type-removed", Source, "the generated type is gone")

	fieldAdded      = rule("field-added", Safe, "a field is new")
	fieldRemoved    = rule("field-removed", Lossy, "a field is gone")
	fieldDropped    = rule("field-dropped", Lossy, "a field is dropped")
	nameDropped     = rule("name-dropped", Lossy, "a name that was no field is dropped")
	dropRemoved     = rule("drop-removed", Safe, "a name is not dropped any more")
	nameReused      = rule("name-reused", Lossy, "a new field has a name that older versions drop or write another field under")
	fieldRenamed    = rule("field-renamed", Safe, "a field has another wire name, and was= keeps the old one")
	wireNameChanged = rule("wire-name-changed", Lossy, "a field has another wire name without was=")
	fieldsMerged    = rule("fields-merged", Lossy, "was= names what is another field of the old version")
	wasAdded        = rule("was-added", Safe, "was= names what was no field")
	wasRemoved      = rule("was-removed", Lossy, "an older wire name is not read any more")

	typeWidened    = rule("type-widened", Safe, "a field has another type, which reads every value of the old one")
	typeNarrowed   = rule("type-narrowed", Lossy, "a field has another type, which reads some values of the old one")
	typeChanged    = rule("type-changed", Lossy, "a field has another type, which does not read the old one's values")
	indexReencoded = rule("index-reencoded", Lossy, "an indexed field has a type that stores equal values otherwise")
	columnAdded    = rule("column-added", Safe, "a struct has a new column")
	columnRemoved  = rule("column-removed", Lossy, "a struct lacks a column")
	columnWidened  = rule("column-widened", Safe, "a column has another type, which reads every value of the old one")
	columnNarrowed = rule("column-narrowed", Lossy, "a column has another type, which reads some values of the old one")
	columnChanged  = rule("column-changed", Lossy, "a column has another type, which does not read the old one's values")

	indexAdded       = rule("index-added", Safe, "a field is an index now")
	indexRemoved     = rule("index-removed", Safe, "a field is no index any more")
	principalChanged = rule("principal-changed", Safe, "setting a field gives the session a new id now, or does not any more")
	flashChanged     = rule("flash-changed", Safe, "reading a field removes it now, or does not any more")
	redactChanged    = rule("redact-changed", Safe, "a field is not printed any more, or is now")
	ttlChanged       = rule("ttl-changed", Safe, "a field lapses at another time")
	defaultChanged   = rule("default-changed", Safe, "a field that is not set has another value")
	restAdded        = rule("rest-added", Safe, "a rest field is new")
	restRemoved      = rule("rest-removed", Safe, "the rest field is gone")

	accessorRemoved     = rule("accessor-removed", Source, "an accessor is gone")
	accessorRenamed     = rule("accessor-renamed", Source, "a field's accessors have other names")
	accessorTypeChanged = rule("accessor-type-changed", Source, "a field's accessors have another type")
	finderRemoved       = rule("finder-removed", Source, "a method of the manager that finds or destroys sessions by a field is gone")
)

// Rules are all rules, in the order in which the changes of a field are listed.
var Rules []*Rule

func rule(id string, class Class, means string) *Rule {
	r := &Rule{id, class, means}
	Rules = append(Rules, r)
	return r
}
