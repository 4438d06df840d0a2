package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"log"
	"net/http"
	"path"
	"strings"
)

//go:embed templates static
var files embed.FS

// view is what the layout shows around a page.
type view struct {
	Title   string
	Notice  string
	Path    string // of the request
	Back    string // the page that forms come back to
	User    string
	Theme   string
	Themes  []string
	InCart  int
	Store   string
	Session bool // false where there is none: an error page
	Content any
}

var templates = parseTemplates()

// parseTemplates returns each page within the layout, by its name.
func parseTemplates() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"asset": asset, "device": device, "link": newLink, "ordinal": ordinal,
	}).ParseFS(files, "templates/layout.html"))
	pages := map[string]*template.Template{}
	for _, file := range must(fs.Glob(files, "templates/*.html")) {
		if name := strings.TrimSuffix(path.Base(file), ".html"); name != "layout" {
			pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, file))
		}
	}
	return pages
}

// link is a link of the navigation.
type link struct {
	Path, Name string
	Here       bool // the page that is shown
}

func newLink(path, name, here string) link { return link{path, name, path == here} }

// show answers with a page. The notice is taken before the response begins, so
// that it is shown once.
func (a *shop) show(w http.ResponseWriter, r *http.Request, s *Session, status int, name, title string, content any) {
	render(w, status, name, view{
		Title: title, Notice: s.TakeNotice(), Path: r.URL.Path, Back: backTo(r.URL.Path), User: s.User(),
		Theme: s.Theme(), Themes: themes, InCart: countOf(s), Store: a.storeName, Session: true, Content: content,
	})
}

// refuse answers a request that makes no sense with a page that says why.
func (a *shop) refuse(w http.ResponseWriter, r *http.Request, s *Session, status int, reason string) {
	a.show(w, r, s, status, "error", http.StatusText(status), reason)
}

func (a *shop) notFound(w http.ResponseWriter, r *http.Request, s *Session) {
	a.refuse(w, r, s, http.StatusNotFound, "There is no such page. Not even a crumb of it.")
}

// showError is refuse without a session.
func showError(w http.ResponseWriter, status int, reason string) {
	render(w, status, "error", view{Title: http.StatusText(status), Theme: "system", Content: reason})
}

// render writes a page that is complete: a template that fails is a plain error
// and no half of a page.
func render(w http.ResponseWriter, status int, name string, v view) {
	var b bytes.Buffer
	if err := templates[name].Execute(&b, v); err != nil {
		log.Printf("template %s: %v", name, err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// backTo returns the page that belongs to a path. Only the shop's own pages are
// ever redirected to, whatever a request says.
func backTo(path string) string {
	for _, page := range []string{"/cart", "/account", "/sessions", "/login"} {
		if path == page || strings.HasPrefix(path, page+"/") {
			return page
		}
	}
	return "/"
}

// back returns the page that a form names to come back to.
func back(r *http.Request) string { return backTo(r.FormValue("back")) }

// version changes with every file under static.
var version = versionOf(files)

func versionOf(files fs.FS) string {
	sum := sha256.New()
	for _, file := range must(fs.Glob(files, "static/*")) {
		sum.Write(must(fs.ReadFile(files, file)))
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// asset returns the address of a file under static.
func asset(name string) string { return "/static/" + name + "?v=" + version }

// static serves the style sheet and the pictures, which browsers keep for good:
// another version has another address.
func static() http.Handler {
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			showError(w, http.StatusNotFound, "There is no such page.")
			return
		}
		if r.URL.Query().Get("v") == version {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		server.ServeHTTP(w, r)
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
