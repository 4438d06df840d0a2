package runtime

// GeneratorVersion is the version of the code that this release's sessiongen
// writes. It grows when generated code needs something new of this package.
const GeneratorVersion = 1

// The window of generated code that this package works with. Generated code
// states its version in constant expressions that do not compile outside it.
const (
	MinGenerator = 1 // the oldest generated code that still works
	MaxGenerator = GeneratorVersion
)

// EnforceVersion takes a constant that is negative, and so does not compile,
// when generated code and this package do not fit each other.
type EnforceVersion uint
