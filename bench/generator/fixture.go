package generator

import (
	"fmt"
	"strings"
)

// shop is the package that most runs are about: the session that all of this
// project's benchmarks store, and a handler, so that net/http is imported.
const shop = `package %[1]s

import (
	"fmt"
	"net/http"
	"time"
)

// Item is a line of a cart.
type Item struct {
	SKU   string
	Qty   int
	Cents int64
}

// session is what the shop remembers about a visitor.
//
//sessiongen:session
type session struct {
	Visits  int
	UserID  string ` + "`session:\",principal\"`" + `
	Email   string ` + "`session:\",redact\"`" + `
	Roles   []string
	LoginAt time.Time
	Cart    []Item
	Theme   string ` + "`session:\",default=light\"`" + `
	Beta    bool
}

func visits(w http.ResponseWriter, r *http.Request, s *Session) {
	fmt.Fprintln(w, s.AddVisits(1))
}

var _ = visits
`

// oneShop is a module of one package.
func oneShop() map[string]string {
	return map[string]string{"shop.go": fmt.Sprintf(shop, "shop")}
}

// shops is a module of n packages, each with a spec.
func shops(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		name := fmt.Sprintf("shop%02d", i)
		files[name+"/shop.go"] = fmt.Sprintf(shop, name)
	}
	return files
}

// city is a module of n packages, of which one has a spec. Each imports one of
// half its number, so that there are paths through it as through a program's.
func city(n int) map[string]string {
	files := map[string]string{"shop/shop.go": fmt.Sprintf(shop, "shop")}
	for i := 1; i < n; i++ {
		name := fmt.Sprintf("p%03d", i)
		above, use := "", "0"
		if i > 1 {
			above, use = fmt.Sprintf("\t\"bench.example/city/p%03d\"\n", i/2), fmt.Sprintf("p%03d.Depth", i/2)
		}
		files[name+"/depth.go"] = fmt.Sprintf("package %s\n\nimport (\n\t\"net/http\"\n%s)\n\n// Depth counts packages.\nconst Depth = %s + 1\n\n// Handler answers.\nvar Handler http.Handler = http.NotFoundHandler()\n", name, above, use)
		for _, file := range []string{"parse", "format"} {
			var out strings.Builder
			fmt.Fprintf(&out, "package %s\n\nimport \"strings\"\n", name)
			for f := range 10 {
				fmt.Fprintf(&out, "\n// %[1]s%[2]d is code that a scan reads past: it holds // comments and\n// paths such as a/b/c, as code does.\nfunc %[1]s%[2]d(s string) string {\n\t// Nothing to see here.\n\tif strings.HasPrefix(s, \"//\") {\n\t\treturn s[2:]\n\t}\n\treturn \"/\" + s\n}\n", file, f)
			}
			files[name+"/"+file+".go"] = out.String()
		}
	}
	return files
}

// wide is a module of one package, whose spec has n fields of many types.
func wide(n int) map[string]string {
	types := []string{
		"int", "string `session:\",index\"`", "[]string", "map[string]int", "time.Time", "bool",
		"float64 `session:\",default=0.5\"`", "string `session:\",flash\"`", "[]Item", "uint16 `session:\",ttl=15m\"`",
	}
	var out strings.Builder
	out.WriteString("package wide\n\nimport \"time\"\n\n// Item is a line of a cart.\ntype Item struct {\n\tSKU   string\n\tCents int64\n\tAt    time.Time\n}\n\n//sessiongen:session\ntype session struct {\n")
	for i := range n {
		fmt.Fprintf(&out, "\t// Field%[1]d is one of many.\n\tField%[1]d %s\n", i, types[i%len(types)])
	}
	out.WriteString("}\n")
	return map[string]string{"wide.go": out.String()}
}

// peers is one package with work for each of the other generators.
func peers() map[string]string {
	return map[string]string{"peers.go": `package peers

import "net/http"

// Kind is for stringer.
type Kind int

const (
	A Kind = iota
	B
	C
)

// Mailer is for moq.
type Mailer interface {
	Send(to, text string) error
	Serve(w http.ResponseWriter, r *http.Request)
}

// From is for goverter.
type From struct {
	ID   int
	Name string
}

// To is for goverter.
type To struct {
	ID   int
	Name string
}

// Converter is for goverter.
//
// goverter:converter
type Converter interface {
	Convert(From) To
}
`}
}
