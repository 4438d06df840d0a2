package parse

import (
	"go/ast"
	"go/build/constraint"
	"path/filepath"
	"slices"
	"strings"
)

// buildConstraint is the condition under which the file is part of its
// package: its //go:build line, what its name says (session_linux.go), and cgo
// if it uses C. The output must be there exactly when the spec is.
func buildConstraint(file *ast.File, filename string, usesC bool) string {
	var expr constraint.Expr
	for _, group := range file.Comments {
		if group.Pos() >= file.Package {
			break
		}
		for _, comment := range group.List {
			if constraint.IsGoBuild(comment.Text) {
				if x, err := constraint.Parse(comment.Text); err == nil {
					expr = x
				}
			}
		}
	}
	tags := NameTags(filename)
	if usesC {
		tags = append(tags, "cgo")
	}
	for _, tag := range tags {
		x := constraint.Expr(&constraint.TagExpr{Tag: tag})
		if expr == nil {
			expr = x
		} else {
			expr = &constraint.AndExpr{X: expr, Y: x}
		}
	}
	if expr == nil {
		return ""
	}
	return expr.String()
}

// importsC tells whether a file imports the pseudo-package of C code.
func importsC(file *ast.File) bool {
	return slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"C"` })
}

// NameTags are the operating system and architecture in a file's name, by the
// rules of go/build: name_GOOS, name_GOARCH, name_GOOS_GOARCH, before _test.
func NameTags(filename string) []string {
	name, _, _ := strings.Cut(filepath.Base(filename), ".")
	// What stands before the first underscore is a name, even if it is "linux".
	_, name, ok := strings.Cut(name, "_")
	if !ok {
		return nil
	}
	parts := strings.Split(strings.TrimSuffix("_"+name, "_test"), "_")
	n := len(parts)
	switch {
	case n >= 2 && knownOS[parts[n-2]] && knownArch[parts[n-1]]:
		return parts[n-2:]
	case n >= 1 && (knownOS[parts[n-1]] || knownArch[parts[n-1]]):
		return parts[n-1:]
	}
	return nil
}

// The lists of go/build (internal/syslist), with past and future values.
var (
	knownOS   = set("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
	knownArch = set("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		out[word] = true
	}
	return out
}
