package main

import (
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// demoPassword is everybody's password, and the login page says so. A real shop
// compares a slow hash, such as Argon2id, with the one it keeps of the user.
const demoPassword = "butter"

const (
	maxName    = 40                  // characters
	rememberMe = 30 * 24 * time.Hour // without the box, 24 hours without use end a session
)

// loginPage is what the login page shows, also after a mistake.
type loginPage struct {
	Name, NameError string
	PasswordError   string
	Remember        bool
	MaxName         int
	Password        string // the demonstration gives it away
	Back            string
}

func (a *shop) showLogin(w http.ResponseWriter, r *http.Request, s *Session) {
	if s.HasUser() {
		http.Redirect(w, r, back(r), http.StatusSeeOther)
		return
	}
	a.showLoginForm(w, r, s, http.StatusOK, "", "")
}

func (a *shop) showLoginForm(w http.ResponseWriter, r *http.Request, s *Session, status int, nameError, passwordError string) {
	a.show(w, r, s, status, "login", "Log in", loginPage{
		Name: r.PostFormValue("name"), NameError: nameError,
		PasswordError: passwordError,
		Remember:      r.PostFormValue("remember") != "",
		MaxName:       maxName,
		Password:      demoPassword,
		Back:          back(r),
	})
}

// login sets the principal: the session keeps its cart and gets a new id, so
// that an id known before the login opens nothing after it.
func (a *shop) login(w http.ResponseWriter, r *http.Request, s *Session) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	switch {
	case s.HasUser():
		s.SetNotice("You are logged in as " + s.User() + ". Log out to change that.")
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	case !isName(name):
		a.showLoginForm(w, r, s, http.StatusUnprocessableEntity, "Give a name of 1 to 40 letters, digits or signs.", "")
		return
	case r.PostFormValue("password") != demoPassword:
		a.showLoginForm(w, r, s, http.StatusUnprocessableEntity, "", "That is not the password.")
		return
	}
	s.SetUser(name)
	s.SetLoginAt(a.now())
	s.SetSeenAt(a.now())
	s.SetBrowser(browserOf(r.UserAgent()))
	if r.PostFormValue("remember") != "" {
		s.SetMaxAge(rememberMe)
	}
	s.SetNotice("Welcome, " + name + ".")
	http.Redirect(w, r, back(r), http.StatusSeeOther)
}

func (a *shop) logout(w http.ResponseWriter, r *http.Request, s *Session) {
	leave(s, "You are logged out.")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// leave ends the session. What is set afterwards begins a fresh one, without
// user: the notice, and the theme, which belongs to the browser.
func leave(s *Session, notice string) {
	theme, chosen := s.Theme(), s.HasTheme()
	s.Destroy()
	if chosen {
		s.SetTheme(theme)
	}
	s.SetNotice(notice)
}

// isName tells whether a name can be shown.
func isName(name string) bool {
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
		return false
	}
	return strings.IndexFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
}
