package emit

import (
	"go/scanner"
	"go/token"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// imports returns the import declaration of what code mentions:
//
//	import (
//		"context"
//
//		sessrt "github.com/sessiongen/sessiongen/runtime"
//	)
//
// Jennifer imports what is written by Qual, and may rename it on the way. The
// model's type spellings are ready text with names that were chosen against
// the package's own scope, so the block is written here instead, the standard
// library's packages first, as gofmt's users are used to.
func imports(known []model.Import, code []byte) jen.Code {
	used := mentioned(code)
	var std, others []jen.Code
	for _, i := range known {
		if !used[i.Name] {
			continue
		}
		line := jen.Id(strconv.Quote(i.Path))
		if i.Alias {
			line = jen.Id(i.Name).Id(strconv.Quote(i.Path))
		}
		if first, _, _ := strings.Cut(i.Path, "/"); strings.Contains(first, ".") {
			others = append(others, line)
		} else {
			std = append(std, line)
		}
	}
	if len(std) > 0 && len(others) > 0 {
		std = append(std, jen.Line())
	}
	return jen.Id("import").Custom(jen.Options{Open: "(", Close: ")", Multi: true}, append(std, others...)...)
}

// mentioned returns the identifiers that stand alone before a dot and a name.
// The names of imports differ from those of all variables in generated code of
// which that is true, so these are what decides which imports are used. A
// package may well be called base; what Merge has of the name is base.(*T).
func mentioned(code []byte) map[string]bool {
	used := map[string]bool{}
	var last [3]token.Token
	var names [2]string
	scan(code, func(tok token.Token, lit string) {
		if tok == token.IDENT && last[2] == token.PERIOD && last[1] == token.IDENT && last[0] != token.PERIOD {
			used[names[0]] = true
		}
		last = [3]token.Token{last[1], last[2], tok}
		names = [2]string{names[1], lit}
	})
	return used
}

// identifiers returns all identifiers in code.
func identifiers(code []byte) map[string]bool {
	found := map[string]bool{}
	scan(code, func(tok token.Token, lit string) {
		if tok == token.IDENT {
			found[lit] = true
		}
	})
	return found
}

func scan(code []byte, f func(tok token.Token, lit string)) {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(code)), code, nil, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return
		}
		f(tok, lit)
	}
}
