module github.com/sessiongen/sessiongen/bench

go 1.26.0

require github.com/sessiongen/sessiongen v0.0.0

require (
	github.com/dave/jennifer v1.7.1 // indirect
	github.com/jmattheis/goverter v1.11.1 // indirect
	github.com/matryer/moq v0.8.1 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/rogpeppe/go-internal v1.16.0 // indirect
	github.com/tinylib/msgp v1.6.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

replace github.com/sessiongen/sessiongen => ../

tool (
	github.com/jmattheis/goverter/cmd/goverter
	github.com/matryer/moq
	github.com/sessiongen/sessiongen/cmd/sessiongen
	golang.org/x/tools/cmd/stringer
)
