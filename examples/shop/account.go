package main

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxAddress is the length of an address, in characters.
const maxAddress = 200

// confirmPage asks for the password again.
type confirmPage struct {
	Password      string // the demonstration gives it away
	PasswordError string
}

// accountPage is what opens then.
type accountPage struct {
	Confirmed    string
	Orders       []order
	Address      string
	AddressError string
	MaxAddress   int
}

// showAccount shows past orders and the address to a user who has given the
// password within the last 15 minutes, and else asks for it.
func (a *shop) showAccount(w http.ResponseWriter, r *http.Request, s *Session) {
	if !s.HasConfirmedAt() {
		a.showConfirm(w, r, s, http.StatusOK, "")
		return
	}
	a.showDetails(w, r, s, http.StatusOK, s.Address(), "")
}

func (a *shop) showConfirm(w http.ResponseWriter, r *http.Request, s *Session, status int, passwordError string) {
	a.show(w, r, s, status, "confirm", "Is it still you?", confirmPage{demoPassword, passwordError})
}

func (a *shop) showDetails(w http.ResponseWriter, r *http.Request, s *Session, status int, address, addressError string) {
	a.show(w, r, s, status, "account", "Orders and address", accountPage{
		Confirmed: ago(a.now().Sub(s.ConfirmedAt())),
		Orders:    a.orders.of(s.User()),
		Address:   address, AddressError: addressError, MaxAddress: maxAddress,
	})
}

// confirm opens the area for 15 minutes, as field ConfirmedAt says. Rights have
// grown, so the session gets a new id.
func (a *shop) confirm(w http.ResponseWriter, r *http.Request, s *Session) {
	if r.PostFormValue("password") != demoPassword {
		a.showConfirm(w, r, s, http.StatusUnprocessableEntity, "That is not the password.")
		return
	}
	s.SetConfirmedAt(a.now())
	s.Reauthenticate()
	s.SetNotice("Thank you. This page stays open for 15 minutes.")
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// lock closes the area before its time.
func (a *shop) lock(w http.ResponseWriter, r *http.Request, s *Session) {
	s.ClearConfirmedAt()
	s.SetNotice("Orders and address are locked.")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *shop) setAddress(w http.ResponseWriter, r *http.Request, s *Session) {
	if !s.HasConfirmedAt() {
		a.showConfirm(w, r, s, http.StatusForbidden, "")
		return
	}
	address := strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("address"), "\r\n", "\n"))
	switch {
	case !utf8.ValidString(address) || utf8.RuneCountInString(address) > maxAddress:
		a.showDetails(w, r, s, http.StatusUnprocessableEntity, address, "An address has at most 200 characters.")
		return
	case address == "":
		s.ClearAddress()
		s.SetNotice("The address is forgotten.")
	default:
		s.SetAddress(address)
		s.SetNotice("The address is kept until you log out.")
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}
